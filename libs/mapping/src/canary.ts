import {
  OWNER_ANNOTATION,
  ROLLOUT_API_VERSION,
  ROLLOUT_KIND,
  ROLLOUT_LABEL,
  SEQUENCE_ANNOTATION,
  canaryMappingName,
  rolloutLabelValue,
} from '@weir/rollout';
import { withServiceName } from './service.ts';
import type { Mapping, StringMap } from './types.ts';

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

/**
 * The canary Mapping that goes with a stable one: its whole spec and its labels, less the tracking labels of Argo CD, Flux
 * and Helm, with the canary Service and weight 0 (traffic rules 2 to 4).
 */
export function canaryMapping(stable: Mapping, canaryService: string, owner: Owner, sequence: number): Mapping {
  const { name, namespace, labels = {} } = stable.metadata;
  return {
    apiVersion: stable.apiVersion,
    kind: stable.kind,
    metadata: {
      name: canaryMappingName(name),
      ...(namespace !== undefined && { namespace }),
      labels: { ...withoutTracking(labels), [ROLLOUT_LABEL]: rolloutLabelValue(owner.rollout.name) },
      annotations: ownerAnnotations(owner, sequence),
      ownerReferences: [{ apiVersion: ROLLOUT_API_VERSION, kind: ROLLOUT_KIND, ...owner.rollout }],
    },
    spec: { ...stable.spec, service: withServiceName(stable.spec.service ?? '', canaryService), weight: 0 },
  };
}

/** The annotations that say whose a canary Mapping is, and which write set its weight. */
export function ownerAnnotations({ installation, workflowId, runId }: Owner, sequence: number): StringMap {
  return {
    [OWNER_ANNOTATION]: JSON.stringify({ installation, workflowId, runId }),
    [SEQUENCE_ANNOTATION]: String(sequence),
  };
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
