import type { CanaryRolloutActivities } from '@weir/contract';
import type { KubernetesClient, Location } from '@weir/kubernetes';
import { FINALIZER, ORDER_ANNOTATION, WORKER_FIELD_MANAGER, type RolloutRef } from '@weir/rollout';
import { alive } from './alive.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { translated } from './failures.ts';
import { finalizerOf, orAbsent, rolloutAt, type RolloutObject } from './objects.ts';

/**
 * Takes Weir's finalizer off: nothing of ours is left that a deletion would have to wait for. And the brake's order, which was for
 * this run.
 */
export function releaseRollout({ kubernetes }: ActivityDependencies): CanaryRolloutActivities['releaseRollout'] {
  return ({ rollout }) => translated('cleanup', () => alive((signal) => release(kubernetes, rollout, signal)));
}

/** What {@link releaseRollout} does. Where it went between the two requests the next attempt finds that. */
export async function release(kubernetes: KubernetesClient, rollout: RolloutRef, signal: AbortSignal): Promise<void> {
  const at = rolloutAt(rollout);
  const { metadata } = (await orAbsent(kubernetes.get<RolloutObject>(at, { signal }))) ?? {};
  if (metadata?.annotations?.[ORDER_ANNOTATION] !== undefined) {
    await forgetOrder(kubernetes, at, signal);
  }
  if (metadata?.finalizers?.includes(FINALIZER) === true) {
    await kubernetes.apply(at, finalizerOf(rollout, metadata.uid ?? '', []), {
      fieldManager: WORKER_FIELD_MANAGER,
      signal,
    });
  }
}

async function forgetOrder(kubernetes: KubernetesClient, at: Location, signal: AbortSignal): Promise<void> {
  const patch = { metadata: { annotations: { [ORDER_ANNOTATION]: null } } };
  await orAbsent(kubernetes.mergePatch(at, patch, { fieldManager: WORKER_FIELD_MANAGER, signal }));
}
