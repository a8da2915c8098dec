import { parsePauseDurationMs } from '../duration.ts';
import { DEFAULT_REPLICAS } from '../replicas.ts';
import type {
  Amount,
  AntiAffinity,
  PodMetadata,
  RolloutSpec,
  SetCanaryScaleStep,
  Step,
  WorkloadSpec,
} from '../types.ts';
import { parseAmount } from './amount.ts';
import { gatewaySettleSeconds, trafficAnnotations } from './annotations.ts';
import type { CheckedSpec } from './schema.ts';
import type { CheckedStep } from './step-schema.ts';
import { DEFAULT_PROGRESS_DEADLINE_SECONDS } from './workload-rules.ts';

type CheckedCanary = CheckedSpec['strategy']['canary'];

/** Argo's default for both delays. */
const DEFAULT_SCALE_DOWN_DELAY_SECONDS = 30;
const DEFAULT_MAX_UNAVAILABLE: Amount = { percent: 25 };

/** A spec that has passed validation, in the form that runs know, with every default filled in. */
export function toSpec(spec: CheckedSpec, annotations: Readonly<Record<string, string>> = {}): RolloutSpec {
  const { canary } = spec.strategy;
  const hasPods = spec.template !== undefined || spec.workloadRef !== undefined;
  return {
    stableService: canary.stableService,
    canaryService: canary.canaryService,
    mappings: canary.trafficRouting.ambassador.mappings ?? [],
    steps: (canary.steps ?? []).map(toStep),
    ...(spec.paused === true && { paused: true as const }),
    ...trafficAnnotations(annotations),
    ...(hasPods && {
      workload: {
        ...whichPods(spec),
        ...howManyPods(canary),
        ...howLongPodsStay(canary),
        ...howPodsLook(canary),
        gatewaySettleSeconds: gatewaySettleSeconds(annotations),
      },
    }),
  };
}

function toStep({ setWeight, pause, setCanaryScale }: CheckedStep): Step {
  if (setWeight !== undefined) {
    return { kind: 'setWeight', weight: setWeight };
  }
  if (setCanaryScale !== undefined) {
    return toScaleStep(setCanaryScale);
  }
  const durationMs = pause?.duration === undefined ? undefined : parsePauseDurationMs(pause.duration);
  return durationMs === undefined ? { kind: 'pause' } : { kind: 'pause', durationMs };
}

function toScaleStep({ replicas, weight }: NonNullable<CheckedStep['setCanaryScale']>): SetCanaryScaleStep {
  if (replicas !== undefined) {
    return { kind: 'setCanaryScale', replicas };
  }
  return weight === undefined
    ? { kind: 'setCanaryScale', matchTrafficWeight: true }
    : { kind: 'setCanaryScale', weight };
}

function whichPods({ workloadRef, restartAt, rollbackWindow, ...spec }: CheckedSpec) {
  return {
    replicas: spec.replicas ?? DEFAULT_REPLICAS,
    ...(workloadRef && { ref: { ...workloadRef, scaleDown: workloadRef.scaleDown ?? 'never' } }),
    progressDeadlineSeconds: spec.progressDeadlineSeconds ?? DEFAULT_PROGRESS_DEADLINE_SECONDS,
    progressDeadlineAbort: spec.progressDeadlineAbort ?? false,
    revisionHistoryLimit: spec.revisionHistoryLimit ?? 10,
    ...(restartAt !== undefined && { restartAtMs: Date.parse(restartAt) }),
    ...(rollbackWindow && { rollbackWindowRevisions: rollbackWindow.revisions }),
  } satisfies Partial<WorkloadSpec>;
}

function howManyPods({ replicaProgressThreshold: enough, ...canary }: CheckedCanary) {
  return {
    minPodsPerReplicaSet: canary.minPodsPerReplicaSet ?? 1,
    ...(enough && {
      replicaProgressThreshold: enough.type === 'Pods' ? { pods: enough.value } : { percent: enough.value },
    }),
    dynamicStableScale: canary.dynamicStableScale ?? false,
    maxUnavailable: parseAmount(canary.maxUnavailable) ?? DEFAULT_MAX_UNAVAILABLE,
  } satisfies Partial<WorkloadSpec>;
}

function howLongPodsStay(canary: CheckedCanary) {
  const { scaleDownDelayRevisionLimit, dynamicStableScale } = canary;
  // With dynamicStableScale it makes a difference whether it was set (WorkloadSpec).
  const abortScaleDownDelaySeconds =
    canary.abortScaleDownDelaySeconds ?? (dynamicStableScale === true ? undefined : DEFAULT_SCALE_DOWN_DELAY_SECONDS);
  return {
    scaleDownDelaySeconds: canary.scaleDownDelaySeconds ?? DEFAULT_SCALE_DOWN_DELAY_SECONDS,
    ...(scaleDownDelayRevisionLimit !== undefined && { scaleDownDelayRevisionLimit }),
    ...(abortScaleDownDelaySeconds !== undefined && { abortScaleDownDelaySeconds }),
  } satisfies Partial<WorkloadSpec>;
}

function howPodsLook({ canaryMetadata, stableMetadata, antiAffinity }: CheckedCanary) {
  return {
    ...(canaryMetadata && { canaryMetadata: toPodMetadata(canaryMetadata) }),
    ...(stableMetadata && { stableMetadata: toPodMetadata(stableMetadata) }),
    ...(antiAffinity && { antiAffinity: toAntiAffinity(antiAffinity) }),
  } satisfies Partial<WorkloadSpec>;
}

function toPodMetadata({ labels, annotations }: NonNullable<CheckedCanary['canaryMetadata']>): PodMetadata {
  return { ...(labels && { labels }), ...(annotations && { annotations }) };
}

function toAntiAffinity(given: NonNullable<CheckedCanary['antiAffinity']>): AntiAffinity {
  const preferred = given.preferredDuringSchedulingIgnoredDuringExecution;
  return preferred === undefined ? { kind: 'required' } : { kind: 'preferred', weight: preferred.weight };
}
