import type { Action } from './actions.ts';
import { availableOf, currentStep, hasPods, isHeld, type RunWithPods } from './pods.ts';
import { canaryReplicas, isEnough, leastWeightOnAbort, plannedWeight } from './replicas.ts';
import type { Run } from './run.ts';

/** Pods that the current step wants of the canary. */
export function canaryReplicasNow(run: RunWithPods): number {
  return canaryReplicas(run.spec, currentStep(run), run.writtenWeight);
}

export function isStepEnough(run: RunWithPods): boolean {
  return isEnough(run.spec.workload, availableOf(run, run.revision.canary), canaryReplicasNow(run));
}

/**
 * The weight that the canary is to have now: what the plan says, but nothing without available pods, no raise before the
 * step's pods are available, and no more for stable than it can carry.
 */
export function wantedWeight(run: Run): number {
  const { spec, writtenWeight, revision } = run;
  const planned = plannedWeight(spec.steps, currentStep(run));
  if (!hasPods(run)) {
    return planned;
  }
  if (availableOf(run, revision.canary) === 0) {
    return 0;
  }
  if (isHeld(run) && writtenWeight > 0) {
    return writtenWeight; // Wherever the step had come to.
  }
  if (planned > writtenWeight) {
    return isStepEnough(run) ? planned : writtenWeight;
  }
  const least = leastWeightOnAbort(run.spec.workload, availableOf(run, revision.stable));
  return Math.max(planned, Math.min(writtenWeight, least));
}

/** What brings the canary Mappings to a weight; undefined when they stand at it. */
export function nextForTraffic(run: Run, weight: number): Action | undefined {
  const { spec, canaryMappings, writtenWeight } = run;
  const dropped = canaryMappings.filter(({ stableName }) => !spec.mappings.includes(stableName));
  if (dropped.length > 0) {
    return { kind: 'dropCanaryMappings', canaryMappings: dropped };
  }
  if (weight === writtenWeight && !(weight > 0 && isBehind(run))) {
    return undefined;
  }
  return (weight < writtenWeight ? undefined : beforeRaise(run)) ?? { kind: 'setCanaryWeight', weight };
}

/** A Mapping was added in mid-run: it has no canary yet, or one that stands lower than the others. */
function isBehind(run: Run): boolean {
  return (
    isMissing(run) || run.canaryMappings.some(({ weight }) => weight !== undefined && weight !== run.writtenWeight)
  );
}

function isMissing({ spec, canaryMappings }: Run): boolean {
  return spec.mappings.some((name) => canaryMappings.every(({ stableName }) => stableName !== name));
}

/** What must be true before the canary gets traffic, in order (design, traffic rules 2 and 5). */
function beforeRaise(run: Run): Action | undefined {
  const { canary } = run.revision;
  if (hasPods(run) && run.workload.services.canary !== canary) {
    return { kind: 'pointServices', services: { canary } };
  }
  if (hasPods(run) && run.canaryEndpointsReady !== true) {
    return { kind: 'awaitCanaryEndpoints' };
  }
  return isMissing(run) ? { kind: 'ensureCanaryMappings' } : undefined;
}

/** What the canary must go on taking until stable has the pods for it; 0 wherever that cannot help. */
export function weightStableNeeds(run: Run): number {
  const { canary, stable } = run.revision;
  const isHopeless = run.ending?.outcome === 'deleted' || run.isWeightLost === true;
  const canHelp = hasPods(run) && !isHopeless && availableOf(run, canary) > 0;
  return canHelp ? leastWeightOnAbort(run.spec.workload, availableOf(run, stable)) : 0;
}
