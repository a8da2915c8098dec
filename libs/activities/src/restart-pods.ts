import type { CanaryRolloutActivities, RestartPodsInput } from '@weir/contract';
import { PODS, isKubernetesError, type KubernetesClient } from '@weir/kubernetes';
import { POD_TEMPLATE_HASH_LABEL, WORKER_FIELD_MANAGER } from '@weir/rollout';
import { alive } from './alive.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { translated } from './failures.ts';
import type { PodObject } from './objects.ts';
import { replicaSetsOf } from './replica-sets.ts';

/** Evicts the oldest pods first, as many as may be missing now; what a PodDisruptionBudget holds back is left for the next call. */
export function restartPods({ kubernetes }: ActivityDependencies): CanaryRolloutActivities['restartPods'] {
  return (input) =>
    translated('cleanup', () =>
      alive(async (signal) => {
        const { wanted, pods } = await podsOf(kubernetes, input, signal);
        const old = pods
          .filter((pod) => createdAtMs(pod) < input.beforeMs)
          .sort((a, b) => createdAtMs(a) - createdAtMs(b));
        const missing = wanted - pods.filter(isReady).length;
        let evicted = 0;
        for (const pod of old.slice(0, Math.max(0, input.atMost - missing))) {
          if (!(await evict(kubernetes, pod, signal))) {
            break;
          }
          evicted++;
        }
        return { left: old.length - evicted, evicted };
      }),
    );
}

async function podsOf(
  kubernetes: KubernetesClient,
  { rollout: { namespace }, uid }: RestartPodsInput,
  signal: AbortSignal,
): Promise<{ wanted: number; pods: PodObject[] }> {
  const [replicaSets, { items }] = await Promise.all([
    replicaSetsOf(kubernetes, namespace, uid, { signal }),
    kubernetes.list<PodObject>({ resource: PODS, namespace }, { labelSelector: POD_TEMPLATE_HASH_LABEL, signal }),
  ]);
  const owners = new Set(replicaSets.map(({ metadata }) => metadata.uid));
  return {
    wanted: replicaSets.reduce((sum, { spec }) => sum + (spec.replicas ?? 1), 0),
    pods: items.filter(
      ({ metadata }) =>
        metadata.deletionTimestamp === undefined &&
        metadata.ownerReferences?.some(({ uid: owner }) => owners.has(owner)),
    ),
  };
}

/** @returns false when a PodDisruptionBudget does not allow it now */
async function evict(kubernetes: KubernetesClient, { metadata }: PodObject, signal: AbortSignal): Promise<boolean> {
  const { name, namespace = '', uid } = metadata;
  const eviction = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name, namespace },
    deleteOptions: { preconditions: { uid } },
  };
  try {
    await kubernetes.create({ resource: PODS, namespace, name, subresource: 'eviction' }, eviction, {
      fieldManager: WORKER_FIELD_MANAGER,
      signal,
    });
    return true;
  } catch (error) {
    if (isKubernetesError(error) && error.status === 429) {
      return false;
    }
    if (isKubernetesError(error, 'notFound') || isKubernetesError(error, 'conflict')) {
      return true; // It went by itself.
    }
    throw error;
  }
}

function createdAtMs({ metadata }: PodObject): number {
  return Date.parse(metadata.creationTimestamp ?? '');
}

function isReady({ status }: PodObject): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}
