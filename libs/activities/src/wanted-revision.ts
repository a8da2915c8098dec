import { REPLICA_SETS, isKubernetesError, type KubernetesClient, type RequestOptions } from '@weir/kubernetes';
import { WORKER_FIELD_MANAGER, canonical, podTemplateHash } from '@weir/rollout';
import { writtenTemplate, type PodTemplate } from '@weir/rollout/manifest';
import { newReplicaSet } from './new-replica-set.ts';
import type { RolloutObject } from './objects.ts';
import type { PodSource } from './pod-template.ts';
import { hashOf, readRoleMetadata, type ReplicaSetObject } from './replica-sets.ts';

/**
 * The revision that a pod template is. Where a ReplicaSet has the same template, but for the API server's defaults, it is that
 * one: an undo takes its template from there, with the defaults in it, and a Rollout that an Argo controller had before, which
 * hashes otherwise, keeps its pods.
 *
 * @param defaulted - asks for the template with the defaults in it, where it must be compared; undefined: nobody says
 */
export async function revisionOfTemplate(
  template: PodTemplate,
  existing: readonly ReplicaSetObject[],
  defaulted: () => Promise<PodTemplate | undefined>,
): Promise<string> {
  const hash = podTemplateHash(template);
  if (existing.length === 0 || existing.some((one) => hashOf(one) === hash)) {
    return hash;
  }
  const answer = await defaulted();
  const wanted = answer && canonical(writtenTemplate(answer));
  const same = existing.find((one) => canonical(writtenTemplate(one.spec.template, readRoleMetadata(one))) === wanted);
  return same === undefined ? hash : hashOf(same);
}

/** {@link revisionOfTemplate}, with the defaults that the API server fills in by a dry run. */
export function wantedRevision(
  kubernetes: KubernetesClient,
  { metadata: { namespace = '', name, uid = '' } }: RolloutObject,
  source: PodSource,
  existing: readonly ReplicaSetObject[],
  { signal }: RequestOptions,
): Promise<string> {
  return revisionOfTemplate(source.template, existing, async () => {
    // A name that no ReplicaSet has: one that has ours is met when it is to be made.
    const hash = `dry-run-${podTemplateHash(source.template)}`;
    const ours = newReplicaSet({ rollout: { namespace, name, uid }, source, hash, number: 0, replicas: 0 });
    const options = { fieldManager: WORKER_FIELD_MANAGER, dryRun: true, ...(signal && { signal }) };
    try {
      const { spec } = await kubernetes.create({ resource: REPLICA_SETS, namespace }, ours, options);
      return spec.template;
    } catch (error) {
      // What the API server refuses is like nothing that is there; whoever makes it says what is wrong with it.
      if (isKubernetesError(error, 'invalid') || isKubernetesError(error, 'forbidden')) {
        return undefined;
      }
      throw error;
    }
  });
}
