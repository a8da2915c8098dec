import { Injectable } from '@nestjs/common';
import { isKubernetesError } from '@weir/kubernetes';
import { refuseForeign } from '../cluster/apply-problems.ts';
import { ClusterIdentity } from '../cluster/cluster-identity.ts';
import type { RolloutObject } from '../cluster/rollout-object.ts';
import { RolloutStore, kubernetesDeadline } from '../cluster/rollout-store.ts';
import { badToken } from '../http/continue-token.ts';
import type { RolloutKey } from '../http/parameters.ts';
import { Problem } from '../http/problem.ts';
import { NewestRun } from '../runs/newest-run.ts';
import { listRollouts } from './list-rollouts.ts';
import { readToken, writeToken } from './list-token.ts';
import type { Deletion, ListQuery, RolloutList, RolloutView } from './rollout.schemas.ts';
import { rolloutSummary, rolloutView } from './rollout-view.ts';
import { RunTeller } from './run-teller.ts';

/** Reading and deleting Rollouts. */
@Injectable()
export class RolloutsService {
  constructor(
    private readonly cluster: ClusterIdentity,
    private readonly store: RolloutStore,
    private readonly teller: RunTeller,
    private readonly newestRun: NewestRun,
  ) {}

  async get(key: RolloutKey): Promise<RolloutView> {
    const signal = kubernetesDeadline();
    const [ref, rollout] = await Promise.all([this.cluster.ref(key, signal), this.existing(key, signal)]);
    return rolloutView(rollout, await this.newestRun.of(ref), Date.now());
  }

  async list({ namespace, phase, limit, continue: token }: ListQuery): Promise<RolloutList> {
    const filter = { namespace, phase };
    const from = readToken(filter, token);
    const signal = kubernetesDeadline();
    const nowMs = Date.now();
    try {
      const { items, next } = await listRollouts(
        { limit, phase, from },
        (pageLimit, page) => this.store.list(namespace, { limit: pageLimit, continue: page }, signal),
        (object) => rolloutSummary(object, nowMs),
      );
      return { items: [...items], continue: next === undefined ? null : writeToken(filter, next) };
    } catch (error) {
      throw isKubernetesError(error, 'invalid') && error.status === 400 && token !== undefined
        ? badToken('is not the continue of a page')
        : error;
    }
  }

  /** Marks it for deletion, then tells the run, so that the traffic goes home at once. */
  async delete(key: RolloutKey): Promise<Deletion> {
    const signal = kubernetesDeadline();
    const [ref, before] = await Promise.all([this.cluster.ref(key, signal), this.existing(key, signal)]);
    const refusal = refuseForeign(before);
    if (refusal) {
      throw refusal;
    }
    const { uid = '' } = before.metadata;
    await this.store.delete(key, uid, signal);
    const after = await this.store.find(key, signal);
    const deleted = after === undefined || after.metadata.uid !== uid;
    await this.teller.tell(ref, deleted ? before : after);
    const message = deleted
      ? 'the Rollout is gone'
      : 'the Rollout goes once its run has taken the traffic back to stable';
    return { ...key, uid, deleted, message };
  }

  private async existing(key: RolloutKey, signal: AbortSignal): Promise<RolloutObject> {
    const found = await this.store.find(key, signal);
    if (found === undefined) {
      throw new Problem('notFound', `there is no Rollout ${key.name} in namespace ${key.namespace}`);
    }
    return found;
  }
}
