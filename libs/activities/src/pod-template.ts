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
  { spec, metadata: { namespace = '' } }: RolloutObject,
  ref: WorkloadRef | undefined,
  options: RequestOptions,
): Promise<PodSource | undefined> {
  const object =
    ref &&
    (await orAbsent(
      kubernetes.get<ReferencedObject>({ resource: RESOURCES[ref.kind], namespace, name: ref.name }, options),
    ));
  const template = templateOf(spec, object);
  if (template === undefined) {
    return undefined;
  }
  return {
    template,
    selector: selectorOf(spec, object) ?? { matchLabels: template.metadata?.labels ?? {} },
    ...(ref?.kind === 'Deployment' && {
      referenced: { generation: object?.metadata.generation ?? 0, replicas: object?.spec?.replicas ?? 1 },
    }),
  };
}
