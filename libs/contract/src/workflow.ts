import type { RolloutEvent } from './activities.ts';
import type { CommandPayload } from './messages.ts';
import type { Outcome, Run, RolloutRef } from '@weir/rollout';

/** Argument of the workflow. JSON-safe. */
export interface CanaryRolloutInput {
  readonly rollout: RolloutRef;
  /** State carried over continue-as-new. */
  readonly run?: Run;
  /** Kubernetes Events that were not written before continue-as-new. */
  readonly pendingEvents?: readonly RolloutEvent[];
  /** Started only to take home what a run before it left: aborted before it begins. */
  readonly abort?: CommandPayload;
  /** The workflow was cancelled, and is on its way home. */
  readonly cancelled?: boolean;
  /** Run id of the first execution of the chain; absent in the first one. */
  readonly firstRunId?: string;
  /** Test hook: continue as new once the history of this execution is longer, in events. Absent: when the server suggests it. */
  readonly continueAsNewAfterEvents?: number;
}

export interface CanaryRolloutResult {
  readonly outcome: Outcome;
  readonly reason: string;
  readonly message: string;
}

/** Task queue of the activity that a run begins with: workers take from it no more than they get on with (docs/adr/0026). */
export function beginTaskQueue(taskQueue: string): string {
  return `${taskQueue}/begin`;
}

/** Answer of the query `state`. */
export interface RunState {
  readonly run: Run;
  readonly firstRunId: string;
}
