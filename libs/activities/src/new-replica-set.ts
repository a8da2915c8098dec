import type { AntiAffinity, PodMetadata } from '@weir/rollout';
import {
  POD_TEMPLATE_HASH_LABEL,
  REVISION_ANNOTATION,
  ROLE_METADATA_ANNOTATION,
  ROLLOUT_API_VERSION,
  ROLLOUT_KIND,
  replicaSetName,
} from '@weir/rollout';
import type { PodTemplate } from '@weir/rollout/manifest';
import type { PodSource } from './pod-template.ts';
import type { ReplicaSetObject } from './replica-sets.ts';

export interface NewReplicaSet {
  readonly rollout: { readonly namespace: string; readonly name: string; readonly uid: string };
  readonly source: PodSource;
  readonly hash: string;
  readonly number: number;
  readonly replicas: number;
  readonly minReadySeconds?: number;
  readonly metadata?: PodMetadata;
  readonly antiAffinity?: AntiAffinity & { readonly against: string };
}

/** The ReplicaSet of a new revision. Pure. */
export function newReplicaSet(input: NewReplicaSet): ReplicaSetObject {
  const { rollout, source, hash, number, replicas, minReadySeconds, metadata } = input;
  const label = { [POD_TEMPLATE_HASH_LABEL]: hash };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: replicaSetName(rollout.name, hash),
      namespace: rollout.namespace,
      labels: { ...source.template.metadata?.labels, ...label },
      annotations: {
        [REVISION_ANNOTATION]: String(number),
        ...(metadata && { [ROLE_METADATA_ANNOTATION]: JSON.stringify(metadata) }),
      },
      ownerReferences: [
        {
          apiVersion: ROLLOUT_API_VERSION,
          kind: ROLLOUT_KIND,
          name: rollout.name,
          uid: rollout.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      replicas,
      ...(minReadySeconds !== undefined && { minReadySeconds }),
      selector: { ...source.selector, matchLabels: { ...source.selector.matchLabels, ...label } },
      template: podsOf(input, label),
    },
  };
}

function podsOf(
  { source, metadata, antiAffinity }: NewReplicaSet,
  label: Readonly<Record<string, string>>,
): PodTemplate {
  const { template } = source;
  return {
    ...template,
    metadata: {
      ...template.metadata,
      labels: { ...template.metadata?.labels, ...metadata?.labels, ...label },
      annotations: { ...template.metadata?.annotations, ...metadata?.annotations },
    },
    ...(antiAffinity && { spec: withAntiAffinity(template.spec ?? {}, antiAffinity) }),
  };
}

interface Affinity {
  readonly podAntiAffinity?: Readonly<Record<string, readonly unknown[]>>;
}

/** Besides what the template has already. */
function withAntiAffinity(
  spec: Readonly<Record<string, unknown>>,
  antiAffinity: AntiAffinity & { readonly against: string },
): Readonly<Record<string, unknown>> {
  const affinity = (spec['affinity'] ?? {}) as Affinity;
  const podAntiAffinity = affinity.podAntiAffinity ?? {};
  const term = {
    labelSelector: {
      matchExpressions: [{ key: POD_TEMPLATE_HASH_LABEL, operator: 'In', values: [antiAffinity.against] }],
    },
    topologyKey: 'kubernetes.io/hostname',
  };
  const { field, entry } =
    antiAffinity.kind === 'required'
      ? { field: 'requiredDuringSchedulingIgnoredDuringExecution', entry: term }
      : {
          field: 'preferredDuringSchedulingIgnoredDuringExecution',
          entry: { weight: antiAffinity.weight, podAffinityTerm: term },
        };
  const terms = [...(podAntiAffinity[field] ?? []), entry];
  return { ...spec, affinity: { ...affinity, podAntiAffinity: { ...podAntiAffinity, [field]: terms } } };
}
