import type { CanaryRolloutActivities } from '@weir/contract';
import { isKubernetesError, type KubernetesClient, type Location } from '@weir/kubernetes';
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
  return ({ rollout }) =>
    translated('cleanup', () => alive((signal) => release(kubernetes, rollout, undefined, signal)));
}

/** What the API server answers to an apply with the uid of one that is gone, or of another of its name. */
const REFUSALS = ['conflict', 'invalid', 'notFound'] as const;

/**
 * What {@link releaseRollout} does. With the uid it is mostly one request, because the answer says whether there is an order. Where
 * the API server refuses, the Rollout is another one by now or gone, or too many write at once: it is read.
 */
export async function release(
  kubernetes: KubernetesClient,
  rollout: RolloutRef,
  uid: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (uid === undefined) {
    return releaseAsRead(kubernetes, rollout, uid, signal);
  }
  try {
    const released = await takeOff(kubernetes, rollout, uid, signal);
    if (released.metadata.annotations?.[ORDER_ANNOTATION] !== undefined) {
      await forgetOrder(kubernetes, rolloutAt(rollout), signal);
    }
  } catch (error) {
    if (!REFUSALS.some((kind) => isKubernetesError(error, kind))) {
      throw error;
    }
    await releaseAsRead(kubernetes, rollout, uid, signal);
  }
}

/** Where it went between the two requests the next attempt finds that. One that replaced it is not this run's to release. */
async function releaseAsRead(
  kubernetes: KubernetesClient,
  rollout: RolloutRef,
  uid: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const at = rolloutAt(rollout);
  const { metadata } = (await orAbsent(kubernetes.get<RolloutObject>(at, { signal }))) ?? {};
  if (uid !== undefined && metadata?.uid !== uid) {
    return;
  }
  if (metadata?.annotations?.[ORDER_ANNOTATION] !== undefined) {
    await forgetOrder(kubernetes, at, signal);
  }
  if (metadata?.finalizers?.includes(FINALIZER) === true) {
    await takeOff(kubernetes, rollout, metadata.uid ?? '', signal);
  }
}

function takeOff(
  kubernetes: KubernetesClient,
  rollout: RolloutRef,
  uid: string,
  signal: AbortSignal,
): Promise<RolloutObject> {
  const options = { fieldManager: WORKER_FIELD_MANAGER, signal };
  return kubernetes.apply<RolloutObject>(rolloutAt(rollout), finalizerOf(rollout, uid, []), options);
}

async function forgetOrder(kubernetes: KubernetesClient, at: Location, signal: AbortSignal): Promise<void> {
  const patch = { metadata: { annotations: { [ORDER_ANNOTATION]: null } } };
  await orAbsent(kubernetes.mergePatch(at, patch, { fieldManager: WORKER_FIELD_MANAGER, signal }));
}
