import type { CanaryRolloutActivities } from '@weir/contract';
import { PODS, REPLICA_SETS, type KubernetesClient, type KubernetesObject } from '@weir/kubernetes';
import { POD_TEMPLATE_HASH_LABEL, WORKER_FIELD_MANAGER, type LabelledRevision, type PodMetadata } from '@weir/rollout';
import { alive } from './alive.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { translated } from './failures.ts';
import { orAbsent } from './objects.ts';
import { hashOf, replicaSetsOf, type ReplicaSetObject } from './replica-sets.ts';

/** PATCHes at a time: a Rollout may have hundreds of pods, and the API server others to serve. */
const AT_ONCE = 10;

type Values = Readonly<Record<string, string | null>>;

/** The ReplicaSet's template first, so that pods that it makes meanwhile are right from their start. */
export function labelPods({ kubernetes }: ActivityDependencies): CanaryRolloutActivities['labelPods'] {
  return ({ rollout: { namespace }, uid, revisions }) =>
    translated('cleanup', () =>
      alive(async (signal) => {
        const existing = await replicaSetsOf(kubernetes, namespace, uid, { signal });
        for (const revision of revisions) {
          const replicaSet = existing.find((one) => hashOf(one) === revision.podTemplateHash);
          if (replicaSet !== undefined) {
            await labelOne(kubernetes, replicaSet, revision, signal);
          }
        }
      }),
    );
}

async function labelOne(
  kubernetes: KubernetesClient,
  { metadata: { namespace = '', name } }: ReplicaSetObject,
  { podTemplateHash, metadata, others }: LabelledRevision,
  signal: AbortSignal,
): Promise<void> {
  const values = valuesOf(metadata, others);
  const options = { fieldManager: WORKER_FIELD_MANAGER, signal };
  await kubernetes.mergePatch(
    { resource: REPLICA_SETS, namespace, name },
    { spec: { template: { metadata: values } } },
    options,
  );
  const labelSelector = `${POD_TEMPLATE_HASH_LABEL}=${podTemplateHash}`;
  const { items } = await kubernetes.list<KubernetesObject>({ resource: PODS, namespace }, { labelSelector, signal });
  const wrong = items.filter(
    ({ metadata: pod }) => !has(pod.labels, values.labels) || !has(pod.annotations, values.annotations),
  );
  for (let start = 0; start < wrong.length; start += AT_ONCE) {
    await Promise.all(
      wrong
        .slice(start, start + AT_ONCE)
        .map((pod) =>
          orAbsent(
            kubernetes.mergePatch(
              { resource: PODS, namespace, name: pod.metadata.name },
              { metadata: values },
              options,
            ),
          ),
        ),
    );
  }
}

/** What to write: the role's own values, and `null` for the keys of other roles. */
function valuesOf(own: PodMetadata, others: PodMetadata): { readonly labels: Values; readonly annotations: Values } {
  const part = (field: keyof PodMetadata): Values => ({
    ...Object.fromEntries(Object.keys(others[field] ?? {}).map((key) => [key, null])),
    ...own[field],
  });
  return { labels: part('labels'), annotations: part('annotations') };
}

function has(present: Readonly<Record<string, string>> = {}, wanted: Values): boolean {
  return Object.entries(wanted).every(([key, value]) => (present[key] ?? null) === value);
}
