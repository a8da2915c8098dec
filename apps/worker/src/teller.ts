import type { Logger } from '@weir/platform';
import type { RolloutRef } from '@weir/rollout';
import type { RolloutRuns } from '@weir/temporal';
import { setTimeout as delay } from 'node:timers/promises';
import { abortBy, together, type Telling } from './telling.ts';

/** What a message that is on its way may take when the worker stops. */
const STOP_MS = 2_000;
/** Temporal is asked again this long after it could not be reached. */
const RETRY_MS = 1_000;

/** Delivers what the watches see to the runs: at most one message a Rollout is on its way or waiting, and changes coalesce. */
export class Teller {
  private readonly stopping = new AbortController();
  private readonly pending = new Map<string, { readonly rollout: RolloutRef; readonly telling: Telling }>();
  private readonly underWay = new Set<string>();
  private deliveries = new Set<Promise<void>>();

  constructor(
    private readonly runs: RolloutRuns,
    private readonly logger: Logger,
  ) {}

  /** @param withinMs - it can wait so long for something that cannot, to go with it */
  tell(rollout: RolloutRef, telling: Telling, withinMs = 0): void {
    const key = `${rollout.namespace}/${rollout.name}`;
    const waiting = this.pending.get(key);
    this.pending.set(key, { rollout, telling: waiting === undefined ? telling : together(waiting.telling, telling) });
    if (withinMs > 0) {
      setTimeout(() => this.begin(key), withinMs).unref();
    } else {
      this.begin(key);
    }
  }

  /** Temporal may be down: what is not told now is told by the next worker. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.race([Promise.all(this.deliveries), delay(STOP_MS, undefined, { ref: false })]);
  }

  private begin(key: string): void {
    if (!this.underWay.has(key) && !this.stopping.signal.aborted) {
      const delivery = this.deliver(key).finally(() => this.deliveries.delete(delivery));
      this.deliveries.add(delivery);
    }
  }

  private async deliver(key: string): Promise<void> {
    this.underWay.add(key);
    try {
      for (let next = this.pending.get(key); next !== undefined; next = this.pending.get(key)) {
        this.pending.delete(key);
        await this.deliverOne(key, next.rollout, next.telling);
        if (this.stopping.signal.aborted) {
          return;
        }
      }
    } finally {
      this.underWay.delete(key);
    }
  }

  private async deliverOne(key: string, rollout: RolloutRef, telling: Telling): Promise<void> {
    const { change, start, order } = telling;
    try {
      if (order !== undefined) {
        await this.runs.abortIfOpen(rollout, abortBy(order));
      }
      await (start ? this.runs.tell(rollout, change) : this.runs.tellIfOpen(rollout, change));
    } catch (error) {
      this.logger.warn({ err: error, rollout }, 'a run could not be told of a change, trying again');
      await delay(RETRY_MS, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      const newer = this.pending.get(key);
      this.pending.set(key, { rollout, telling: newer === undefined ? telling : together(telling, newer.telling) });
    }
  }
}
