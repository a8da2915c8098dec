import {
  CANARY_REVISION_ANNOTATION,
  OWNER_ANNOTATION,
  SEQUENCE_ANNOTATION,
  WEIGHT_ANNOTATION,
  canonical,
} from '@weir/rollout';
import { canaryLabels, canarySpec, ownerOf, weightWrittenOn } from './canary.ts';
import { parseService, withServiceName } from './service.ts';
import type { Mapping } from './types.ts';

/** What a canary Mapping is measured against. */
export interface DriftInput {
  /** Absent: it is gone. */
  readonly stable?: Mapping | undefined;
  readonly canary: Mapping;
  /** Name of the Rollout. */
  readonly rollout: string;
  readonly stableService: string;
  readonly canaryService: string;
  /** Percent that the canary is to have; absent: what Weir noted on it. */
  readonly weight?: number;
}

/**
 * Paths of the fields in which a canary Mapping differs from what its stable one makes of it; empty when in none. Without a
 * stable Mapping the canary is to send its traffic to the stable Service (traffic rules 6 and 10). Pure.
 */
export function driftOf(input: DriftInput): string[] {
  const { stable, canary, weight = weightWrittenOn(canary) } = input;
  const spec = specWanted(input);
  const labels = stable === undefined ? canary.metadata.labels : canaryLabels(stable, input.rollout);
  return [
    ...differing('spec', { ...spec, weight }, canary.spec),
    ...differing('metadata.labels', labels, canary.metadata.labels),
    ...lostAnnotations(canary, weight).map((annotation) => `metadata.annotations.${annotation}`),
    ...((canary.metadata.ownerReferences ?? []).length === 0 ? ['metadata.ownerReferences'] : []),
  ];
}

/** The spec that a canary Mapping is to have, but for its weight. */
export function specWanted({ stable, canary, stableService, canaryService }: DriftInput): Mapping['spec'] {
  if (stable !== undefined && parseService(stable.spec.service ?? '') !== undefined) {
    return canarySpec(stable, canaryService);
  }
  const { service = '' } = canary.spec;
  return {
    ...canary.spec,
    service: parseService(service) === undefined ? service : withServiceName(service, stableService),
  };
}

/** Annotations without which nobody knows whose the canary is, what it tries, and which write its weight is from. */
function lostAnnotations(canary: Mapping, weight: number | undefined): string[] {
  const { annotations = {} } = canary.metadata;
  const noted = weightWrittenOn(canary);
  return [
    ...(ownerOf(canary) === undefined ? [OWNER_ANNOTATION] : []),
    ...[CANARY_REVISION_ANNOTATION, SEQUENCE_ANNOTATION].filter((annotation) => annotations[annotation] === undefined),
    ...(noted === undefined || noted !== weight ? [WEIGHT_ANNOTATION] : []),
  ];
}

function differing(
  path: string,
  wanted: Readonly<Record<string, unknown>> = {},
  found: Readonly<Record<string, unknown>> = {},
): string[] {
  const keys = [...new Set([...Object.keys(wanted), ...Object.keys(found)])].toSorted();
  return keys.filter((key) => text(wanted[key]) !== text(found[key])).map((key) => `${path}.${key}`);
}

function text(value: unknown): string {
  return value === undefined || value === null ? '' : canonical(value);
}
