import type { Amount, RolloutSpec, SetCanaryScaleStep, Step, WorkloadSpec } from './types.ts';

/** Pods of a Rollout that does not say how many. */
export const DEFAULT_REPLICAS = 1;

/** The size that a ReplicaSet is to have. */
export interface RevisionTarget {
  readonly podTemplateHash: string;
  readonly replicas: number;
  /**
   * It keeps that size until then, for the next run to see; `null` takes a deadline off, absent leaves what is there. Epoch
   * milliseconds.
   */
  readonly scaleDownAtMs?: number | null;
}

/** A ReplicaSet that was given another size. */
export interface Scaling {
  readonly name: string;
  /** Of the revision. */
  readonly number: number;
  /** Pods before; absent: it was created. */
  readonly from?: number;
  readonly to: number;
}

/** A spec that has pods of its own. */
export type SpecWithWorkload = RolloutSpec & { readonly workload: WorkloadSpec };

/** Weight that the plan has at a step: the last `setWeight` up to it, itself included. */
export function plannedWeight(steps: readonly Step[], stepIndex: number): number {
  const past = steps.slice(0, stepIndex + 1);
  return past.findLast((step) => step.kind === 'setWeight')?.weight ?? 0;
}

/** The `setCanaryScale` that is in force at a step; undefined when the size follows the weight. */
export function scaleInForce(steps: readonly Step[], stepIndex: number): SetCanaryScaleStep | undefined {
  const last = steps.slice(0, stepIndex + 1).findLast((step) => step.kind === 'setCanaryScale');
  return last?.matchTrafficWeight === true ? undefined : last;
}

/**
 * Pods that the canary is to have at a step. Never fewer than the traffic that it has now needs: a weight is lowered before
 * pods go.
 *
 * @param writtenWeight - percent that the canary Mappings take now
 */
export function canaryReplicas(
  { workload, steps }: SpecWithWorkload,
  stepIndex: number,
  writtenWeight: number,
): number {
  const scale = scaleInForce(steps, stepIndex);
  if (scale?.replicas !== undefined) {
    return scale.replicas;
  }
  const weight = scale?.weight ?? Math.max(plannedWeight(steps, stepIndex), writtenWeight);
  return withFloor(shareOf(weight, workload.replicas), workload);
}

/**
 * Pods that the stable revision is to have while the canary is tried: all, or with `dynamicStableScale` what the rest of the
 * traffic needs, now and at the step.
 */
export function stableReplicas(
  { workload, steps }: SpecWithWorkload,
  stepIndex: number,
  writtenWeight: number,
): number {
  if (!workload.dynamicStableScale) {
    return workload.replicas;
  }
  const weight = Math.min(plannedWeight(steps, stepIndex), writtenWeight);
  return Math.max(withFloor(shareOf(100 - weight, workload.replicas), workload), Math.min(1, workload.replicas));
}

/**
 * The least weight that leaves stable no more traffic than its available pods can carry. Without `dynamicStableScale` it has
 * pods for all of it, and an abort does not ask how many of them are ready (facts/rollout.md 4c, 6).
 */
export function leastWeightOnAbort({ replicas, dynamicStableScale }: WorkloadSpec, stableAvailable: number): number {
  if (!dynamicStableScale || replicas === 0) {
    return 0;
  }
  return Math.max(0, 100 - Math.floor((100 * stableAvailable) / replicas));
}

/** Whether a step has enough of the pods that it asked for, by `replicaProgressThreshold`. */
export function isEnough(
  { replicaProgressThreshold: threshold }: WorkloadSpec,
  available: number,
  wanted: number,
): boolean {
  return available >= (threshold === undefined ? wanted : Math.min(wanted, pods(threshold, wanted, Math.ceil)));
}

/** Pods that a restart may take away at once: at least one, or it would never end. */
export function restartBatch({ maxUnavailable, replicas }: WorkloadSpec): number {
  return Math.max(1, pods(maxUnavailable, replicas, Math.floor));
}

function pods(amount: Amount, of: number, round: (value: number) => number): number {
  return 'pods' in amount ? amount.pods : round((of * amount.percent) / 100);
}

function shareOf(weight: number, replicas: number): number {
  return Math.ceil((weight * replicas) / 100);
}

/** `minPodsPerReplicaSet` for a revision that has pods at all, and never more than the Rollout has. */
function withFloor(count: number, { minPodsPerReplicaSet, replicas }: WorkloadSpec): number {
  return count === 0 ? 0 : Math.min(Math.max(count, minPodsPerReplicaSet), Math.max(replicas, count));
}
