import type { RolloutObject } from '@weir/activities';
import { ROLLOUTS, watchForever, type Change, type KubernetesClient } from '@weir/kubernetes';
import type { Logger } from '@weir/platform';
import { INSTANCE_ID, INSTANCE_ID_LABEL, type RolloutRef } from '@weir/rollout';
import type { RolloutRuns } from '@weir/temporal';
import { setTimeout as delay } from 'node:timers/promises';
import { tellingOf, type Telling } from './telling.ts';

/** What a message that is on its way may take when the worker stops. */
const STOP_MS = 2_000;
/** Temporal is asked again this long after it could not be reached. */
const RETRY_MS = 1_000;

/**
 * The worker's one watch on Weir's Rollouts: it tells the run of each what changed, or starts one. That is how `kubectl
 * apply` and GitOps tools start a rollout, how deletion is seen, and how a PUT that was 'stored, not started' is started.
 */
export class RolloutWatch {
  private readonly stopping = new AbortController();
  /** The newest telling of each Rollout that has not been delivered: changes coalesce. */
  private readonly pending = new Map<string, { readonly rollout: RolloutRef; readonly telling: Telling }>();
  private readonly lastTold = new Map<string, string>();
  private delivering: Promise<void> = Promise.resolve();
  private watching: Promise<void> = Promise.resolve();

  constructor(
    private readonly kubernetes: KubernetesClient,
    private readonly runs: RolloutRuns,
    private readonly cluster: string,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.watching = watchForever<RolloutObject>(this.kubernetes, {
      at: { resource: ROLLOUTS },
      selector: { labelSelector: `${INSTANCE_ID_LABEL}=${INSTANCE_ID}` },
      signal: this.stopping.signal,
      onChange: (change) => this.onChange(change),
      onBreak: (error) => this.logger.warn({ err: error }, 'the watch on Rollouts broke, listing again'),
    });
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    // Temporal may be down: what is not told now is told by the next worker.
    const stopped = Promise.all([this.watching, this.delivering]);
    await Promise.race([stopped, delay(STOP_MS, undefined, { ref: false })]);
  }

  private onChange(change: Change<RolloutObject>): void {
    const { namespace = '', name } = change.object.metadata;
    const key = `${namespace}/${name}`;
    const telling = tellingOf(change);
    const text = JSON.stringify(telling);
    // The run's own writes come back as changes until it has written the generation that it has seen.
    if (telling === undefined || (this.lastTold.get(key) === text && telling.change.lookAgain !== true)) {
      return;
    }
    if (change.type === 'DELETED') {
      this.lastTold.delete(key);
    } else {
      this.lastTold.set(key, text);
    }
    this.pending.set(key, { rollout: { cluster: this.cluster, namespace, name }, telling });
    this.delivering = this.delivering.then(() => this.deliver());
  }

  private async deliver(): Promise<void> {
    while (this.pending.size > 0 && !this.stopping.signal.aborted) {
      const batch = [...this.pending];
      this.pending.clear();
      await Promise.all(batch.map(([key, { rollout, telling }]) => this.tell(key, rollout, telling)));
    }
  }

  private async tell(key: string, rollout: RolloutRef, telling: Telling): Promise<void> {
    try {
      await (telling.start ? this.runs.tell(rollout, telling.change) : this.runs.tellIfOpen(rollout, telling.change));
    } catch (error) {
      this.logger.warn({ err: error, rollout }, 'a run could not be told of a change, trying again');
      await delay(RETRY_MS, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      // What came meanwhile is newer.
      if (!this.pending.has(key)) {
        this.pending.set(key, { rollout, telling });
      }
    }
  }
}
