import {
  DEPLOYMENTS,
  POD_TEMPLATES,
  REPLICA_SETS,
  type KubernetesClient,
  type KubernetesObject,
  type RequestOptions,
  type Resource,
} from '@weir/kubernetes';
import type { WorkloadRef } from '@weir/rollout';
import { selectorOf, templateOf, type LabelSelector, type PodTemplate } from '@weir/rollout/manifest';
import { orAbsent, type RolloutObject } from './objects.ts';

const RESOURCES: Readonly<Record<WorkloadRef['kind'], Resource>> = {
  Deployment: DEPLOYMENTS,
  ReplicaSet: REPLICA_SETS,
  PodTemplate: POD_TEMPLATES,
};

interface ReferencedObject extends KubernetesObject {
  readonly spec?: { readonly replicas?: number };
}

/** Where the pods of a Rollout come from. */
export interface PodSource {
  readonly template: PodTemplate;
  readonly selector: LabelSelector;
  /** Of a Deployment that is referenced. */
  readonly referenced?: { readonly generation: number; readonly replicas: number };
}

/** The template of a Rollout, its own or that of what `workloadRef` names; undefined while that does not exist. */
export async function readPodSource(
  kubernetes: KubernetesClient,
  rollout: RolloutObject,
  ref: WorkloadRef | undefined,
  options: RequestOptions,
): Promise<PodSource | undefined> {
  const { namespace = '' } = rollout.metadata;
  const object =
    ref &&
    (await orAbsent(
      kubernetes.get<ReferencedObject>({ resource: RESOURCES[ref.kind], namespace, name: ref.name }, options),
    ));
  const source = podSourceIn(rollout, object);
  return (
    source && {
      ...source,
      ...(ref?.kind === 'Deployment' && {
        referenced: { generation: object?.metadata.generation ?? 0, replicas: object?.spec?.replicas ?? 1 },
      }),
    }
  );
}

/** The template of a Rollout that has one itself; of another only with the object that it references. */
export function podSourceIn({ spec }: RolloutObject, referenced?: ReferencedObject): PodSource | undefined {
  const template = templateOf(spec, referenced);
  return (
    template && { template, selector: selectorOf(spec, referenced) ?? { matchLabels: template.metadata?.labels ?? {} } }
  );
}
