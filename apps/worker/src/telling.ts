import type { SpecChanged } from '@weir/contract';
import type { Change } from '@weir/kubernetes';
import type { RolloutObject } from '@weir/activities';
import { FINALIZER } from '@weir/rollout';

/** A message to the run of a Rollout. */
export interface Telling {
  readonly change: SpecChanged;
  /** Start a run for it when none is open. */
  readonly start: boolean;
}

/**
 * What a change of a Rollout means for its run; undefined when it means nothing. Most changes are the run's own status
 * writes. Pure.
 */
export function tellingOf({ type, object }: Change<RolloutObject>): Telling | undefined {
  const { uid = '', generation = 0, deletionTimestamp, finalizers = [] } = object.metadata;
  const behind = generation > Number(object.status?.observedGeneration ?? 0);
  if (type === 'DELETED') {
    // Gone, or its instance-id label was taken off: the run looks which.
    return { change: { uid, generation, lookAgain: true }, start: false };
  }
  if (deletionTimestamp !== undefined) {
    return finalizers.includes(FINALIZER) ? { change: { uid, generation }, start: true } : undefined;
  }
  if (behind) {
    return { change: { uid, generation }, start: true };
  }
  // It has come (back) into view with nothing new in it: the label was put on again.
  return type === 'ADDED' ? { change: { uid, generation, lookAgain: true }, start: true } : undefined;
}
