import type { CommandPayload, SpecChanged } from '@weir/contract';
import type { Change } from '@weir/kubernetes';
import type { RolloutObject } from '@weir/activities';
import { FINALIZER, USER_FIELD_MANAGER, WORKER_FIELD_MANAGER, type Order } from '@weir/rollout';

/** A message to the run of a Rollout. */
export interface Telling {
  readonly change: SpecChanged;
  /** Start a run for it when none is open. */
  readonly start: boolean;
  /** The brake has aborted the rollout on its Mappings: the open run is told so, before anything else. */
  readonly order?: Order;
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

/**
 * Whether the API has written what is to be told, and so tells it itself: nobody wrote to the Rollout later than it, in the
 * seconds that `managedFields` count. Not counted are a status, and the worker, which writes of a spec only the default of
 * `replicas`. Pure.
 */
export function isToldByApi({ type, object }: Change<RolloutObject>, { change }: Telling): boolean {
  const { deletionTimestamp, managedFields = [] } = object.metadata;
  if (type === 'LISTED' || deletionTimestamp !== undefined || change.lookAgain === true) {
    return false;
  }
  const writers = managedFields.filter(
    ({ manager, subresource }) => manager !== WORKER_FIELD_MANAGER && subresource !== 'status',
  );
  const latest = (isApi: boolean): string =>
    writers
      .filter(({ manager }) => (manager === USER_FIELD_MANAGER) === isApi)
      .map(({ time = '' }) => time)
      .sort()
      .at(-1) ?? '';
  return latest(true) > latest(false);
}

/** Two messages in one: the newer one's facts, and both's wishes. */
export function together(older: Telling, newer: Telling): Telling {
  const { uid, generation } = newer.change;
  const sameObject = older.change.uid === uid;
  const revisions = newer.change.revisions ?? (sameObject ? older.change.revisions : undefined);
  const mappings = newer.change.mappings === true || (sameObject && older.change.mappings === true);
  // One that told of more than pods and Mappings asks to look, which must not be lost in one that does not.
  const isMixed = tellsOfRollout(older.change) !== tellsOfRollout(newer.change);
  const lookAgain = isMixed || older.change.lookAgain === true || newer.change.lookAgain === true;
  // The first one ends the run, whatever came after it.
  const order = older.order ?? newer.order;
  return {
    change: {
      uid,
      generation,
      ...(revisions && { revisions }),
      ...(mappings && { mappings }),
      ...(lookAgain && { lookAgain }),
    },
    start: older.start || newer.start,
    ...(order && { order }),
  };
}

/** Whether it is about the Rollout itself: a run reads no more than it is told of pods and of Mappings. */
function tellsOfRollout({ revisions, mappings }: SpecChanged): boolean {
  return revisions === undefined && mappings !== true;
}

/** The abort by which a run is told of the brake's order. The key makes it one command, whoever else delivers it. */
export function abortBy({ actor, reason, key }: Order): CommandPayload {
  return { actor, ...(reason !== undefined && { reason }), idempotencyKey: key };
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
