import { Inject, Injectable } from '@nestjs/common';
import { workflowId, type RolloutRef } from '@weir/rollout';
import { RUNS, SETTINGS } from '../app/dependencies.ts';
import type { ApiSettings } from '../app/settings.ts';
import { z } from 'zod';
import { ClusterIdentity } from '../cluster/cluster-identity.ts';
import { RolloutStore, kubernetesDeadline } from '../cluster/rollout-store.ts';
import { decodeHistory } from '../history/decode-history.ts';
import { textMember } from '../history/payload.ts';
import { badToken, readEnvelope, writeEnvelope } from '../http/continue-token.ts';
import { RUN_ID, type RolloutKey, type RunKey } from '../http/parameters.ts';
import { Problem } from '../http/problem.ts';
import type { History, RunGateway, RunInfo } from '../temporal/run-gateway.ts';
import { isTemporalFault } from '../temporal/temporal-fault.ts';
import { NewestRun } from './newest-run.ts';
import type { ListedRun, RunEventList, RunList, RunListQuery } from './run.schemas.ts';
import { temporalUiUrl } from './temporal-ui-url.ts';

/** Temporal's own token, in an envelope: what is not one of its tokens never gets to it. */
const tokenSchema = z.strictObject({ temporal: z.base64url() });

/** Runs of a Rollout and their histories, which outlive the Rollout. */
@Injectable()
export class RunsService {
  constructor(
    @Inject(RUNS) private readonly runs: RunGateway,
    @Inject(SETTINGS) private readonly settings: ApiSettings,
    private readonly cluster: ClusterIdentity,
    private readonly store: RolloutStore,
    private readonly newestRun: NewestRun,
  ) {}

  async list(key: RolloutKey, { limit, continue: token }: RunListQuery): Promise<RunList> {
    const signal = kubernetesDeadline();
    const ref = await this.cluster.ref(key, signal);
    const { runs, nextToken } = await this.page(ref, limit, token);
    if (runs.length === 0 && token === undefined && (await this.store.find(key, signal)) === undefined) {
      throw new Problem('notFound', `there is no Rollout ${key.name} in namespace ${key.namespace}, and no run of one`);
    }
    const items = await Promise.all(runs.map((run) => this.toListed(ref, run)));
    items.sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
    return { items, continue: nextToken.length === 0 ? null : toToken(nextToken) };
  }

  async events(key: RunKey): Promise<RunEventList> {
    const { runId } = key;
    const ref = await this.cluster.ref(key, kubernetesDeadline());
    const history = await this.history(ref, runId);
    const id = workflowId(ref);
    const url = temporalUiUrl(this.settings.WEIR_TEMPORAL_UI_URL, this.runs.namespace, { workflowId: id, runId });
    return { workflowId: id, runId, temporalUiUrl: url ?? null, items: decodeHistory(history.events ?? []) };
  }

  private async page(ref: RolloutRef, limit: number, token: string | undefined) {
    const temporal = token === undefined ? '' : readEnvelope(tokenSchema, token).temporal;
    try {
      return await this.runs.list(ref, limit, Buffer.from(temporal, 'base64url'));
    } catch (error) {
      // With a token, it is the only thing in the request that Temporal may not understand.
      const notUnderstood = isTemporalFault(error, 'failed') || isTemporalFault(error, 'notFound');
      throw token !== undefined && notUnderstood ? badToken('is not the continue of a page') : error;
    }
  }

  private async history(ref: RolloutRef, runId: string): Promise<History> {
    const unknown = new Problem('notFound', `there is no run ${runId} of ${ref.namespace}/${ref.name}`);
    if (!RUN_ID.test(runId)) {
      throw unknown;
    }
    try {
      return await this.runs.history(ref, runId);
    } catch (error) {
      throw isTemporalFault(error, 'notFound') ? unknown : error;
    }
  }

  private async toListed(ref: RolloutRef, run: RunInfo): Promise<ListedRun> {
    const outcome = run.status === 'COMPLETED' ? await this.outcome(ref, run.runId) : undefined;
    return {
      ...this.newestRun.toView(run),
      ...(outcome !== undefined && { outcome }),
      continuedAsNew: run.status === 'CONTINUED_AS_NEW',
    };
  }

  /** One small read a run; a list without it is better than none. */
  private async outcome(ref: RolloutRef, runId: string): Promise<string | undefined> {
    try {
      return textMember(await this.runs.result(ref, runId), 'outcome');
    } catch {
      return undefined;
    }
  }
}

function toToken(temporal: Uint8Array): string {
  return writeEnvelope({ temporal: Buffer.from(temporal).toString('base64url') });
}
