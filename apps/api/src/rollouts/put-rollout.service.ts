import { Injectable } from '@nestjs/common';
import { isKubernetesError } from '@weir/kubernetes';
import type { RolloutRef, RolloutSpec } from '@weir/rollout';
import { parseManifest, type StoredRollout } from '@weir/rollout/manifest';
import { applyProblem, refuseDeleting, refuseForeign } from '../cluster/apply-problems.ts';
import { ClusterIdentity } from '../cluster/cluster-identity.ts';
import type { RolloutObject } from '../cluster/rollout-object.ts';
import { RolloutStore, kubernetesDeadline } from '../cluster/rollout-store.ts';
import type { RawBody } from '../http/body.ts';
import { fromKubernetes, fromTemporal } from '../http/dependency-problems.ts';
import type { RolloutKey } from '../http/parameters.ts';
import { Problem } from '../http/problem.ts';
import { readDocument } from '../manifest/read-document.ts';
import type { Plan } from '../plan/plan.schemas.ts';
import { PlanService } from '../plan/plan.service.ts';
import { NewestRun } from '../runs/newest-run.ts';
import type { PutQuery, RolloutView } from './rollout.schemas.ts';
import { rolloutView } from './rollout-view.ts';
import { isTemporalFault } from '../temporal/temporal-fault.ts';
import { RunTeller } from './run-teller.ts';

export type PutAnswer = { readonly created: boolean; readonly rollout: RolloutView } | { readonly plan: Plan };

interface Wanted {
  readonly rollout: StoredRollout;
  readonly spec: RolloutSpec;
}

/** Stored, then told (design): the Rollout is written first, and then its run is told, whatever came out. */
@Injectable()
export class PutRollout {
  constructor(
    private readonly cluster: ClusterIdentity,
    private readonly store: RolloutStore,
    private readonly teller: RunTeller,
    private readonly newestRun: NewestRun,
    private readonly plans: PlanService,
  ) {}

  async put(key: RolloutKey, query: PutQuery, body: RawBody | undefined): Promise<PutAnswer> {
    const wanted = readManifest(body, key);
    const signal = kubernetesDeadline();
    const { ref, existing } = await this.look(key, signal);
    const stored = await this.apply(wanted.rollout, query, signal);
    if (query.dryRun) {
      return { plan: await this.plan(ref, asNew(stored, existing), wanted.spec, signal) };
    }
    await this.teller.tell(ref, stored);
    const run = await this.newestRun.of(ref);
    return { created: existing === undefined, rollout: rolloutView(stored, run, Date.now()) };
  }

  /** Everything that can refuse or fail before a byte is written. */
  private async look(
    key: RolloutKey,
    signal: AbortSignal,
  ): Promise<{ readonly ref: RolloutRef; readonly existing: RolloutObject | undefined }> {
    try {
      const ref = await this.cluster.ref(key, signal);
      const existing = await this.store.find(key, signal);
      const refusal = existing && (refuseForeign(existing) ?? refuseDeleting(existing));
      if (refusal) {
        throw refusal;
      }
      return { ref, existing };
    } catch (error) {
      throw isKubernetesError(error)
        ? fromKubernetes(error, 'nothing was stored and nothing was started', { stored: false, started: false })
        : error;
    }
  }

  private async plan(ref: RolloutRef, stored: RolloutObject, spec: RolloutSpec, signal: AbortSignal): Promise<Plan> {
    try {
      return await this.plans.plan(ref, stored, spec, signal);
    } catch (error) {
      const effect = ['a dry run stores nothing and starts nothing', { stored: false, started: false }] as const;
      throw isTemporalFault(error)
        ? fromTemporal(error, ...effect)
        : isKubernetesError(error)
          ? fromKubernetes(error, ...effect)
          : error;
    }
  }

  private async apply(rollout: StoredRollout, flags: PutQuery, signal: AbortSignal): Promise<RolloutObject> {
    try {
      return await this.store.apply(rollout, flags, signal);
    } catch (error) {
      throw isKubernetesError(error) ? applyProblem(error) : error;
    }
  }
}

/** @throws Problem that says what is wrong with the text or names every bad field */
function readManifest(body: RawBody | undefined, key: RolloutKey): Wanted {
  const document = readDocument(body ?? { format: 'json', text: '' });
  if (!document.ok) {
    const { message, line, column } = document;
    const where = line === undefined ? '' : ` (line ${line}, column ${column})`;
    throw new Problem('malformedBody', message + where, { members: line === undefined ? {} : { line, column } });
  }
  const parsed = parseManifest(document.value, key);
  if (!parsed.ok) {
    const detail = parsed.errors.map(({ path, message }) => `${path || 'the manifest'} ${message}`).join('; ');
    throw new Problem('invalidManifest', detail, { errors: parsed.errors });
  }
  return parsed;
}

/** What the API server made up for a dry run of a new object would be another thing next time. */
function asNew(stored: RolloutObject, existing: RolloutObject | undefined): RolloutObject {
  if (existing !== undefined) {
    return stored;
  }
  const { uid: _uid, creationTimestamp: _created, resourceVersion: _version, ...metadata } = stored.metadata;
  return { ...stored, metadata: { ...metadata, uid: '<known when it is stored>' } };
}
