import type { CanaryRolloutActivities } from '@weir/contract';
import { PODS, REPLICA_SETS, type KubernetesClient, type KubernetesObject } from '@weir/kubernetes';
import {
  POD_TEMPLATE_HASH_LABEL,
  ROLE_METADATA_ANNOTATION,
  WORKER_FIELD_MANAGER,
  type PodMetadata,
} from '@weir/rollout';
import { alive } from './alive.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { translated } from './failures.ts';
import { orAbsent } from './objects.ts';
import { hashOf, readRoleMetadata, replicaSetsOf, type ReplicaSetObject } from './replica-sets.ts';

/** PATCHes at a time: a Rollout may have hundreds of pods, and the API server others to serve. */
const AT_ONCE = 10;

type Values = Readonly<Record<string, string | null>>;

/**
 * The ReplicaSet's template first, so that pods that it makes meanwhile are right from their start; the note of what was put
 * there last, so that an attempt after this one still knows what to take off.
 */
export function labelPods({ kubernetes }: ActivityDependencies): CanaryRolloutActivities['labelPods'] {
  return ({ rollout: { namespace }, uid, revisions }) =>
    translated('cleanup', () =>
      alive(async (signal) => {
        const existing = await replicaSetsOf(kubernetes, namespace, uid, { signal });
        await Promise.all(
          revisions.map(async (revision) => {
            const replicaSet = existing.find((one) => hashOf(one) === revision.podTemplateHash);
            if (replicaSet !== undefined) {
              await labelOne(kubernetes, replicaSet, revision.metadata, signal);
            }
          }),
        );
      }),
    );
}

async function labelOne(
  kubernetes: KubernetesClient,
  replicaSet: ReplicaSetObject,
  metadata: PodMetadata,
  signal: AbortSignal,
): Promise<void> {
  const { namespace = '', name } = replicaSet.metadata;
  const at = { resource: REPLICA_SETS, namespace, name };
  const values = roleValues(metadata, readRoleMetadata(replicaSet));
  const options = { fieldManager: WORKER_FIELD_MANAGER, signal };
  await kubernetes.mergePatch(at, { spec: { template: { metadata: values } } }, options);
  await labelAll(kubernetes, replicaSet, values, signal);
  const note = { [ROLE_METADATA_ANNOTATION]: JSON.stringify(metadata) };
  await kubernetes.mergePatch(at, { metadata: { annotations: note } }, options);
}

async function labelAll(
  kubernetes: KubernetesClient,
  replicaSet: ReplicaSetObject,
  values: RoleValues,
  signal: AbortSignal,
): Promise<void> {
  const at = { resource: PODS, namespace: replicaSet.metadata.namespace ?? '' };
  const options = { fieldManager: WORKER_FIELD_MANAGER, signal };
  const labelSelector = `${POD_TEMPLATE_HASH_LABEL}=${hashOf(replicaSet)}`;
  const { items } = await kubernetes.list<KubernetesObject>(at, { labelSelector, signal });
  const wrong = items.filter(
    ({ metadata: pod }) => !has(pod.labels, values.labels) || !has(pod.annotations, values.annotations),
  );
  for (let start = 0; start < wrong.length; start += AT_ONCE) {
    await Promise.all(
      wrong
        .slice(start, start + AT_ONCE)
        .map(({ metadata: { name } }) =>
          orAbsent(kubernetes.mergePatch({ ...at, name }, { metadata: values }, options)),
        ),
    );
  }
}

export interface RoleValues {
  readonly labels: Values;
  readonly annotations: Values;
}

/** What to write: the role's own values, and `null` for the keys that another role, or an older manifest, put there. */
export function roleValues(own: PodMetadata, before: PodMetadata): RoleValues {
  const part = (field: keyof PodMetadata): Values => ({
    ...Object.fromEntries(Object.keys(before[field] ?? {}).map((key) => [key, null])),
    ...own[field],
  });
  return { labels: part('labels'), annotations: part('annotations') };
}

function has(present: Readonly<Record<string, string>> = {}, wanted: Values): boolean {
  return Object.entries(wanted).every(([key, value]) => (present[key] ?? null) === value);
}
