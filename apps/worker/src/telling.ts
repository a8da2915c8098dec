import type { SpecChanged } from '@weir/contract';
import type { Change } from '@weir/kubernetes';
import type { RolloutObject } from '@weir/activities';
import { FINALIZER } from '@weir/rollout';

/**
 * What a change of a Rollout means for its run; undefined when it means nothing. Most changes are the run's own status
 * writes. Pure.
 */
export function tellingOf({ type, object }: Change<RolloutObject>): SpecChanged | undefined {
  const { uid = '', generation = 0, deletionTimestamp, finalizers = [] } = object.metadata;
  const behind = generation > Number(object.status?.observedGeneration ?? 0);
  if (type === 'DELETED') {
    // Gone, or its instance-id label was taken off: the run looks which.
    return { uid, generation, lookAgain: true };
  }
  if (deletionTimestamp !== undefined) {
    return finalizers.includes(FINALIZER) ? { uid, generation } : undefined;
  }
  if (behind) {
    return { uid, generation };
  }
  // It has come (back) into view with nothing new in it: the label was put on again.
  return type === 'ADDED' ? { uid, generation, lookAgain: true } : undefined;
}
