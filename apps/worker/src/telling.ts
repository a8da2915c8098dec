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

/** Two messages in one: the newer one's facts, and both's wishes. */
export function together(older: Telling, newer: Telling): Telling {
  const { uid, generation } = newer.change;
  const sameObject = older.change.uid === uid;
  const revisions = newer.change.revisions ?? (sameObject ? older.change.revisions : undefined);
  // One that told of more than pods asks to look, which must not be lost in one that does not.
  const isMixed = (older.change.revisions === undefined) !== (newer.change.revisions === undefined);
  const lookAgain = isMixed || older.change.lookAgain === true || newer.change.lookAgain === true;
  return {
    change: { uid, generation, ...(revisions && { revisions }), ...(lookAgain && { lookAgain }) },
    start: older.start || newer.start,
  };
}

/** Whether the Deployment of a `workloadRef` has changed since the last run looked at it. */
export function isBehindDeployment({ status }: RolloutObject, generation: number): boolean {
  return status?.workloadObservedGeneration !== String(generation);
}

/** Name of the Deployment that a Rollout takes its pod template from. */
export function referencedDeployment({ spec }: RolloutObject): string | undefined {
  const { workloadRef } = (spec ?? {}) as { workloadRef?: { kind?: unknown; name?: unknown } };
  return workloadRef?.kind === 'Deployment' && typeof workloadRef.name === 'string' ? workloadRef.name : undefined;
}
