import {
  CANARY_REVISION_ANNOTATION,
  ORDER_ANNOTATION,
  OWNER_ANNOTATION,
  ROLLOUT_API_VERSION,
  ROLLOUT_KIND,
  ROLLOUT_LABEL,
  SEQUENCE_ANNOTATION,
  WEIGHT_ANNOTATION,
  canaryMappingName,
  rolloutLabelValue,
  type Order,
} from '@weir/rollout';
import { withServiceName } from './service.ts';
import type { Mapping, MappingSpec, StringMap } from './types.ts';

/** Who owns a canary Mapping. */
export interface Owner {
  /** This installation of Weir; the UUID of the Temporal namespace is part of it. */
  readonly installation: string;
  readonly workflowId: string;
  /** First run id of the chain, the same over continue-as-new. */
  readonly runId: string;
  readonly rollout: { readonly name: string; readonly uid: string };
}

/** By these GitOps tools know what is theirs; a canary that carried them would be pruned (facts/field.md 1). */
const TRACKING_LABELS = [
  /^app\.kubernetes\.io\/(instance|managed-by)$/,
  /^argocd\.argoproj\.io\//,
  /^(kustomize|helm)\.toolkit\.fluxcd\.io\//,
  /^helm\.sh\//,
];

/** What a run makes of a stable Mapping. */
export interface CanaryWanted {
  readonly canaryService: string;
  readonly owner: Owner;
  /** Number of the write. */
  readonly sequence: number;
  /** Percent. */
  readonly weight: number;
  /** The revision that is tried. */
  readonly revision: string;
}

/**
 * The canary Mapping that goes with a stable one: its whole spec and its labels, less the tracking labels of Argo CD, Flux
 * and Helm, with the canary Service and a weight (traffic rules 2 to 4).
 *
 * @throws RangeError when the stable Mapping's service cannot be parsed; preflight has refused those
 */
export function canaryMapping(stable: Mapping, wanted: CanaryWanted): Mapping {
  const { name, namespace } = stable.metadata;
  const { owner, weight } = wanted;
  return {
    apiVersion: stable.apiVersion,
    kind: stable.kind,
    metadata: {
      name: canaryMappingName(name),
      ...(namespace !== undefined && { namespace }),
      labels: canaryLabels(stable, owner.rollout.name),
      annotations: canaryAnnotations(wanted),
      ownerReferences: [{ apiVersion: ROLLOUT_API_VERSION, kind: ROLLOUT_KIND, ...owner.rollout }],
    },
    spec: { ...canarySpec(stable, wanted.canaryService), weight },
  };
}

/** The stable Mapping's spec with the canary Service; no weight. @throws RangeError as {@link canaryMapping} */
export function canarySpec({ spec }: Mapping, canaryService: string): MappingSpec {
  return { ...spec, service: withServiceName(spec.service ?? '', canaryService) };
}

/** The stable Mapping's labels, because a Host may select by them, and whose canary it is. */
export function canaryLabels({ metadata: { labels = {} } }: Mapping, rollout: string): StringMap {
  return { ...withoutTracking(labels), [ROLLOUT_LABEL]: rolloutLabelValue(rollout) };
}

/** The annotations that say whose a canary Mapping is, what it tries, and which write set its weight. */
function canaryAnnotations({ owner, sequence, weight, revision }: CanaryWanted): StringMap {
  const { installation, workflowId, runId } = owner;
  return {
    [OWNER_ANNOTATION]: JSON.stringify({ installation, workflowId, runId }),
    [CANARY_REVISION_ANNOTATION]: revision,
    ...weightAnnotations(weight, sequence),
  };
}

/** What goes with each weight that is written, in the same write. */
export function weightAnnotations(weight: number, sequence: number): StringMap {
  return { [SEQUENCE_ANNOTATION]: String(sequence), [WEIGHT_ANNOTATION]: String(weight) };
}

function withoutTracking(labels: StringMap): StringMap {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => !TRACKING_LABELS.some((one) => one.test(key))));
}

/** Whose a Mapping is, as its annotation says; undefined when it is nobody's, or says something that is not ours. */
export function ownerOf(mapping: Mapping): Pick<Owner, 'installation' | 'workflowId' | 'runId'> | undefined {
  const text = mapping.metadata.annotations?.[OWNER_ANNOTATION];
  if (text === undefined) {
    return undefined;
  }
  try {
    const { installation, workflowId, runId } = JSON.parse(text) as Record<string, unknown>;
    return typeof installation === 'string' && typeof workflowId === 'string' && typeof runId === 'string'
      ? { installation, workflowId, runId }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a Mapping belongs to this Rollout of this installation, whichever of its runs made it. */
export function isOurs(mapping: Mapping, owner: Pick<Owner, 'installation' | 'workflowId'>): boolean {
  const found = ownerOf(mapping);
  return found?.installation === owner.installation && found.workflowId === owner.workflowId;
}

/** Number of the write that set the weight; 0 when it does not say. */
export function sequenceOf(mapping: Mapping): number {
  const sequence = Number(mapping.metadata.annotations?.[SEQUENCE_ANNOTATION]);
  return Number.isInteger(sequence) ? sequence : 0;
}

/** The weight that Weir wrote last, percent; undefined when the Mapping does not say. */
export function weightWrittenOn(mapping: Mapping): number | undefined {
  const text = mapping.metadata.annotations?.[WEIGHT_ANNOTATION];
  return text !== undefined && /^\d{1,3}$/.test(text) ? Number(text) : undefined;
}

/** The brake's order on an object; undefined when there is none, or the annotation is somebody else's text. */
export function orderOn({ metadata: { annotations } }: { readonly metadata: AnnotatedMeta }): Order | undefined {
  const text = annotations?.[ORDER_ANNOTATION];
  if (text === undefined) {
    return undefined;
  }
  try {
    const { actor, reason, at, key, generation } = JSON.parse(text) as Record<string, unknown>;
    return typeof actor === 'string' && typeof at === 'string' && typeof key === 'string'
      ? {
          actor,
          at,
          key,
          ...(typeof reason === 'string' && { reason }),
          ...(typeof generation === 'number' && { generation }),
        }
      : undefined;
  } catch {
    return undefined;
  }
}

/** The order that stands on a Rollout; undefined too when it was for an older generation. */
export function orderOnRollout(rollout: { readonly metadata: AnnotatedMeta }): Order | undefined {
  const order = orderOn(rollout);
  const { generation = 0 } = rollout.metadata;
  return order?.generation !== undefined && order.generation < generation ? undefined : order;
}

interface AnnotatedMeta {
  readonly annotations?: StringMap;
  readonly generation?: number;
}
