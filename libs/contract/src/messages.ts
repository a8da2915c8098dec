import type { Attribution, CommandName, Revision, Wanted } from '@weir/rollout';

/** Workflow type: the name of the exported workflow function. */
export const WORKFLOW_TYPE = 'canaryRollout';

/** Signals, for anyone with a Temporal client; each payload is optional but `specChanged`'s. */
export const SIGNALS = {
  promote: 'promote',
  abort: 'abort',
  pause: 'pause',
  resume: 'resume',
  retry: 'retry',
  skip: 'skip',
  specChanged: 'specChanged',
} as const satisfies Record<CommandName | 'specChanged', string>;

/** Updates: the same commands, answered. A refused one fails with {@link FAILURES.commandRefused} and leaves no trace. */
export const UPDATES = {
  promote: 'promote',
  pause: 'pause',
  resume: 'resume',
  retry: 'retry',
  skip: 'skip',
} as const satisfies Partial<Record<CommandName, string>>;

export const STATE_QUERY = 'state';

/** Payload of a command, as signal or update. Everything is optional: a person in the Temporal UI may send nothing. */
export interface CommandPayload extends Partial<Attribution> {
  /** promote: to the end, not just to the next step. */
  readonly full?: boolean;
  /** `status.currentStepIndex` that the caller saw. */
  readonly expectedStep?: number;
  readonly idempotencyKey?: string;
}

/** Tells a run that the Rollout changed, or that it should look again. */
export interface SpecChanged extends Wanted {
  /** Look although the generation is known: selectors and labels change without one. */
  readonly lookAgain?: boolean;
  /**
   * Only pods changed: what the ReplicaSets say now. A run that knows the generation need not look again.
   */
  readonly revisions?: readonly Revision[];
  /** Only Mappings changed: one of this Rollout is not what it is to be. Only an open run is told. */
  readonly mappings?: true;
}

/** Answer of an update. */
export interface CommandAnswer {
  readonly stepIndex: number;
  readonly phase: string;
  readonly message: string;
}

/** `type` of the failures that cross the boundary between worker, workflow and API. */
export const FAILURES = {
  /** details[0] is a `Refusal`. */
  commandRefused: 'CommandRefused',
  /** A problem that retrying cannot mend; details[0] is a `Problem`. */
  cannotProceed: 'CannotProceed',
} as const;
