import { REPLICA_SETS, isKubernetesError, type KubernetesClient, type RequestOptions } from '@weir/kubernetes';
import { WORKER_FIELD_MANAGER, canonical, podTemplateHash } from '@weir/rollout';
import { writtenTemplate } from '@weir/rollout/manifest';
import { newReplicaSet } from './new-replica-set.ts';
import type { RolloutObject } from './objects.ts';
import type { PodSource } from './pod-template.ts';
import { hashOf, readRoleMetadata, type ReplicaSetObject } from './replica-sets.ts';

/**
 * The revision that a pod template is. Where a ReplicaSet has the same template, but for the API server's defaults, it is that
 * one: an undo takes its template from there, with the defaults in it, and a Rollout that an Argo controller had before, which
 * hashes otherwise, keeps its pods. The API server fills the defaults into ours by a dry run, to be compared.
 */
export async function wantedRevision(
  kubernetes: KubernetesClient,
  { metadata: { namespace = '', name, uid = '' } }: RolloutObject,
  source: PodSource,
  existing: readonly ReplicaSetObject[],
  { signal }: RequestOptions,
): Promise<string> {
  const hash = podTemplateHash(source.template);
  if (existing.length === 0 || existing.some((one) => hashOf(one) === hash)) {
    return hash;
  }
  // A name that no ReplicaSet has: one that has ours is met when it is to be made.
  const rollout = { namespace, name, uid };
  const ours = newReplicaSet({ rollout, source, hash: `dry-run-${hash}`, number: 0, replicas: 0 });
  const options = { fieldManager: WORKER_FIELD_MANAGER, dryRun: true, ...(signal && { signal }) };
  try {
    const { spec } = await kubernetes.create({ resource: REPLICA_SETS, namespace }, ours, options);
    const wanted = canonical(writtenTemplate(spec.template));
    const isSame = (one: ReplicaSetObject): boolean =>
      canonical(writtenTemplate(one.spec.template, readRoleMetadata(one))) === wanted;
    const same = existing.find(isSame);
    return same === undefined ? hash : hashOf(same);
  } catch (error) {
    // What the API server refuses is like nothing that is there; whoever makes it says what is wrong with it.
    if (isKubernetesError(error, 'invalid') || isKubernetesError(error, 'forbidden')) {
      return hash;
    }
    throw error;
  }
}
