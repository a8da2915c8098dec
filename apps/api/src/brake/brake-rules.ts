import { isKubernetesError } from '@weir/kubernetes';
import {
  ORDER_ANNOTATION,
  POD_TEMPLATE_HASH_LABEL,
  WEIGHT_ANNOTATION,
  leastWeightOnAbort,
  revisionOf,
  type Order,
  type RolloutSpec,
  type Selector,
} from '@weir/rollout';
import { readRunNote, readStatus, type RolloutObject } from '../cluster/rollout-object.ts';
import type { KnownCanary } from './known-traffic.ts';

/** What is decided from, besides the canary Mappings. */
export interface BrakeInput {
  /** undefined: the Rollout is gone, or cannot be read. */
  readonly spec: RolloutSpec | undefined;
  /** Of the stable Service; undefined: it is gone, or cannot be read. */
  readonly selector: Selector | undefined;
  /** Available pods by revision; asked for with `dynamicStableScale` only. */
  readonly available: ReadonlyMap<string, number>;
}

/** The revision that the stable Service selects, in the words in which canary Mappings name theirs. */
export function stableRevision({ spec, selector }: BrakeInput): string | undefined {
  if (spec === undefined || selector === undefined) {
    return undefined;
  }
  return spec.workload === undefined ? revisionOf(selector) : selector[POD_TEMPLATE_HASH_LABEL];
}

/** Whether the stable Service selects the revision that is tried: traffic has no way back by a weight. */
export function isPromoted(input: BrakeInput, canaries: readonly KnownCanary[]): boolean {
  const stable = stableRevision(input);
  return stable !== undefined && canaries.some(({ revision }) => revision === stable);
}

/** The least weight that the brake may write, percent: with `dynamicStableScale` stable may be too small for the rest. */
export function leastWeight(input: BrakeInput): number {
  const { workload } = input.spec ?? {};
  return workload === undefined
    ? 0
    : leastWeightOnAbort(workload, input.available.get(stableRevision(input) ?? '') ?? 0);
}

/**
 * The merge patch of the brake. Its uid makes the API server refuse it for another object of that name. Weight 0 goes over
 * whatever is there; a weight above 0 only over what was read, because another may have lowered it meanwhile. The number of the
 * run's own writes stays.
 */
export function brakePatch({ uid, resourceVersion }: KnownCanary, weight: number, order: Order): object {
  return {
    metadata: {
      uid,
      ...(weight > 0 && { resourceVersion }),
      annotations: { [WEIGHT_ANNOTATION]: String(weight), ...orderAnnotation(order) },
    },
    spec: { weight },
  };
}

export function orderAnnotation(order: Order): Readonly<Record<string, string>> {
  return { [ORDER_ANNOTATION]: JSON.stringify(order) };
}

/** Whether the Rollout itself says that its last run is over, and that nothing newer was asked for. */
export function saysNoRunIsOpen(rollout: RolloutObject): boolean {
  const { observedGeneration = 0 } = readStatus(rollout);
  return readRunNote(rollout).outcome !== undefined && observedGeneration >= (rollout.metadata.generation ?? 0);
}

/**
 * Whether a PATCH with a uid, and perhaps a resourceVersion, met another object than the one that was known, or none. A uid that
 * differs is 422 for custom resources (metadata.uid is immutable), and 409 for built-in ones.
 */
export function metAnother(error: unknown): boolean {
  return (
    isKubernetesError(error, 'notFound') ||
    isKubernetesError(error, 'conflict') ||
    (isKubernetesError(error, 'invalid') && error.causes.some(({ field }) => field === 'metadata.uid'))
  );
}
