import type { RolloutSpec, Step, WorkloadSpec } from '../types.ts';

/** A workload with the defaults of the manifest, for tests. */
export function workloadSpec(more: Partial<WorkloadSpec> = {}): WorkloadSpec {
  return {
    replicas: 4,
    progressDeadlineSeconds: 600,
    progressDeadlineAbort: false,
    revisionHistoryLimit: 10,
    minPodsPerReplicaSet: 1,
    dynamicStableScale: false,
    scaleDownDelaySeconds: 30,
    ...(more.dynamicStableScale !== true && { abortScaleDownDelaySeconds: 30 }),
    maxUnavailable: { percent: 25 },
    gatewaySettleSeconds: 5,
    ...more,
  };
}

export function specWithPods(
  steps: readonly Step[],
  more: Partial<WorkloadSpec> = {},
  mappings: readonly string[] = ['app'],
) {
  return {
    stableService: 'app-stable',
    canaryService: 'app-canary',
    mappings,
    steps,
    workload: workloadSpec(more),
  } satisfies RolloutSpec;
}

export const setWeight = (weight: number): Step => ({ kind: 'setWeight', weight });
export const pause = (durationMs?: number): Step => ({
  kind: 'pause',
  ...(durationMs !== undefined && { durationMs }),
});
