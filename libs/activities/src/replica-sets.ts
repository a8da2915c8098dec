import {
  POD_TEMPLATE_HASH_LABEL,
  REVISION_ANNOTATION,
  ROLE_METADATA_ANNOTATION,
  SCALE_DOWN_ANNOTATION,
  canonical,
  type PodMetadata,
  type Revision,
} from '@weir/rollout';
import type { LabelSelector, PodTemplate } from '@weir/rollout/manifest';
import { REPLICA_SETS, type KubernetesClient, type KubernetesObject, type RequestOptions } from '@weir/kubernetes';
import { noteIn } from './objects.ts';

export interface ReplicaSetObject extends KubernetesObject {
  readonly spec: {
    readonly replicas?: number;
    readonly minReadySeconds?: number;
    readonly selector: LabelSelector;
    readonly template: PodTemplate;
  };
  readonly status?: {
    readonly replicas?: number;
    readonly readyReplicas?: number;
    readonly availableReplicas?: number;
  };
}

/** uid of the Rollout that controls an object. */
export function ownedBy({ metadata }: KubernetesObject): string | undefined {
  return metadata.ownerReferences?.find(({ controller, kind }) => controller === true && kind === 'Rollout')?.uid;
}

/** The ReplicaSets of a Rollout, by the owner reference: labels can be anybody's. */
export async function replicaSetsOf(
  kubernetes: KubernetesClient,
  namespace: string,
  rolloutUid: string,
  options: RequestOptions,
): Promise<ReplicaSetObject[]> {
  const { items } = await kubernetes.list<ReplicaSetObject>(
    { resource: REPLICA_SETS, namespace },
    { labelSelector: POD_TEMPLATE_HASH_LABEL, ...options },
  );
  return items.filter((one) => ownedBy(one) === rolloutUid && isRevision(one));
}

/** One that is going away, or says no hash, is none. */
export function isRevision(one: ReplicaSetObject): boolean {
  return hashOf(one) !== '' && one.metadata.deletionTimestamp === undefined;
}

export function hashOf({ metadata }: KubernetesObject): string {
  return metadata.labels?.[POD_TEMPLATE_HASH_LABEL] ?? '';
}

/** What a run knows of a ReplicaSet. Pods that are going away are not counted by the ReplicaSet controller either. */
export function toRevision(replicaSet: ReplicaSetObject): Revision {
  const { metadata, spec, status = {} } = replicaSet;
  const number = Number(metadata.annotations?.[REVISION_ANNOTATION]);
  const scaleDownAtMs = Date.parse(metadata.annotations?.[SCALE_DOWN_ANNOTATION] ?? '');
  return {
    hash: hashOf(replicaSet),
    name: metadata.name,
    number: Number.isInteger(number) ? number : 0,
    createdAtMs: Date.parse(metadata.creationTimestamp ?? '') || 0,
    replicas: spec.replicas ?? 1,
    pods: status.replicas ?? 0,
    ready: status.readyReplicas ?? 0,
    available: status.availableReplicas ?? 0,
    resourceVersion: metadata.resourceVersion ?? '',
    ...roleMetadataOf(replicaSet),
    ...(!Number.isNaN(scaleDownAtMs) && { scaleDownAtMs }),
  };
}

function roleMetadataOf(replicaSet: ReplicaSetObject): { readonly roleMetadata?: string } {
  const text = canonical(readRoleMetadata(replicaSet));
  return text === '{}' ? {} : { roleMetadata: text };
}

/** What a role put on the pods of a ReplicaSet; empty: nothing, or a note that nobody can read. */
export function readRoleMetadata(object: KubernetesObject): PodMetadata {
  return noteIn(object, ROLE_METADATA_ANNOTATION);
}
