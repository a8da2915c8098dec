import type { GatewayModel } from '@weir/mapping';
import { modelWithout } from './refusal.ts';
import type { Configuration } from './cluster-view.ts';
import type { InstanceSettings } from './settings.ts';

/** Time, which a test turns by hand. */
export interface Clock {
  now(): number;
  /** Calls back once after so many milliseconds; the answer takes it back. */
  after(delayMs: number, callback: () => void): () => void;
}

export const CLOCK: Clock = {
  now: Date.now,
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

interface Offered {
  readonly configuration: Configuration;
  readonly atMs: number;
}

/** What became of a configuration. */
export type Outcome = { readonly applied: GatewayModel } | { readonly kept: string };

/**
 * Decides which configuration an instance serves: each one that is offered when it has been known for the lag, unless the
 * instance is frozen or Envoy refuses it. What is refused is tried again whenever something changes, and never half applied.
 */
export class Applier {
  readonly #settings: () => InstanceSettings;
  readonly #clock: Clock;
  readonly #onOutcome: (outcome: Outcome) => void;
  #offered: Offered[] = [];
  /** The newest whose lag is over. */
  #due: Configuration | undefined;
  #applied: GatewayModel | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(settings: () => InstanceSettings, onOutcome: (outcome: Outcome) => void, clock = CLOCK) {
    this.#settings = settings;
    this.#onOutcome = onOutcome;
    this.#clock = clock;
  }

  /** What is served; undefined: nothing, because it started with a configuration that Envoy refuses. */
  get applied(): GatewayModel | undefined {
    return this.#applied;
  }

  /** The first one counts at once: a gateway that starts has nothing else to serve. */
  offer(configuration: Configuration): void {
    const isFirst = this.#due === undefined && this.#offered.length === 0;
    const atMs = isFirst ? Number.NEGATIVE_INFINITY : this.#clock.now();
    // While it is frozen only the newest will ever be served.
    this.#offered = [...(this.#settings().frozen ? [] : this.#offered), { configuration, atMs }];
    this.#look();
  }

  /** To be called when a setting has changed. */
  settingsChanged(): void {
    this.#look(true);
  }

  stop(): void {
    this.#cancelTimer?.();
  }

  #look(isOtherwise = false): void {
    this.#cancelTimer?.();
    const { frozen, lagMs } = this.#settings();
    if (frozen) {
      return;
    }
    const now = this.#clock.now();
    const due = this.#offered.filter(({ atMs }) => atMs + lagMs <= now);
    this.#offered = this.#offered.slice(due.length);
    const newest = due.at(-1);
    this.#due = newest?.configuration ?? this.#due;
    if (newest !== undefined || isOtherwise) {
      this.#apply();
    }
    const next = this.#offered[0];
    if (next !== undefined) {
      this.#cancelTimer = this.#clock.after(next.atMs + lagMs - now, () => this.#look());
    }
  }

  #apply(): void {
    if (this.#due === undefined) {
      return;
    }
    const { rejecting, refuse } = this.#settings();
    if (rejecting) {
      this.#onOutcome({ kept: 'Envoy rejects the configuration, as it was told to' });
      return;
    }
    const model = refuse === null ? this.#due.model : modelWithout(this.#due, refuse);
    if (model.invalid !== undefined) {
      this.#onOutcome({ kept: `Envoy rejects the configuration: ${model.invalid}` });
      return;
    }
    this.#applied = model;
    this.#onOutcome({ applied: model });
  }
}
