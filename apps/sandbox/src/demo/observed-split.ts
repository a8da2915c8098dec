import type { Load } from '../load.ts';
import type { RolloutView } from './progress.ts';

/**
 * After a new weight has been seen: the gateways' lag, and the time until somebody has looked. What was sent before may
 * have been routed by the weight before.
 */
const SETTLE_MS = 1_000;
/** Fewer say nothing that a person could compare with a weight. */
const FEWEST = 50;

/** What the gateways do with the weight that is written: the share of the canary among what pods have answered. */
export class ObservedSplit {
  readonly #load: Pick<Load, 'counts'>;
  #weight: number | undefined;
  #canary: string | undefined;
  #sinceMs = 0;

  constructor(load: Pick<Load, 'counts'>) {
    this.#load = load;
  }

  /** Percent since the weight of the view was first seen; undefined while there is too little to say. */
  of({ weight, revisions }: RolloutView, nowMs: number): number | undefined {
    const canary = revisions?.find(({ role }) => role === 'canary')?.podTemplateHash;
    if (weight?.written !== this.#weight || canary !== this.#canary) {
      this.#weight = weight?.written;
      this.#canary = canary;
      this.#sinceMs = nowMs;
    }
    if (canary === undefined) {
      return undefined;
    }
    const { byRevision } = this.#load.counts(this.#sinceMs + SETTLE_MS, nowMs);
    const answered = Object.values(byRevision).reduce((sum, count) => sum + count, 0);
    return answered < FEWEST ? undefined : ((byRevision[canary] ?? 0) / answered) * 100;
  }
}
