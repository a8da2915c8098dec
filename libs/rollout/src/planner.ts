import type { Action } from './actions.ts';
import { assertNever } from './assert-never.ts';
import { nextForGateway } from './gateway.ts';
import { keepsPodsForGateway } from './leaving.ts';
import { adopting, mending, waitForStable } from './mappings.ts';
import { nextForPods, noteDeadlines, podsDueAtMs } from './pods-plan.ts';
import { availableOf, currentStep, hasPods, isFull, isHeld, servingHash, type RunWithPods } from './pods.ts';
import { stableReplicas } from './replicas.ts';
import type { Run, Wanted } from './run.ts';
import { canaryReplicasNow, isStepEnough, nextForTraffic, wantedWeight, weightStableNeeds } from './traffic.ts';
import { revisionWith } from './workload.ts';

/**
 * The next action of a run. Pure: the same run at the same time always does the same.
 *
 * @param nowMs - the workflow's time, epoch milliseconds
 */
export function nextAction(run: Run, nowMs: number): Action {
  const action = nextInStage(run, nowMs);
  const dueAtMs = action.kind === 'wait' && run.owned && hasPods(run) ? podsDueAtMs(run, nowMs) : undefined;
  return action.kind === 'wait' && dueAtMs !== undefined
    ? { ...action, untilMs: Math.min(action.untilMs ?? dueAtMs, dueAtMs) }
    : action;
}

function nextInStage(run: Run, nowMs: number): Action {
  switch (run.stage) {
    case 'observing':
      return needsObservation(run) ? { kind: 'observeRollout' } : holdForOwner(run);
    case 'creating':
      return needsObservation(run) ? { kind: 'observeRollout' } : (adopting(run) ?? { kind: 'ensureCanaryMappings' });
    case 'deploying':
      return needsObservation(run) ? { kind: 'observeRollout' } : (clearing(run) ?? nextInDeploy(run, nowMs));
    case 'stepping':
      return mending(run) ?? (needsObservation(run) ? { kind: 'observeRollout' } : nextUnderWay(run, nowMs));
    case 'promoting':
      return (run.promotion === 'cleanup' ? undefined : mending(run)) ?? nextInPromotion(run, nowMs);
    case 'retreating':
      return adopting(run) ?? nextInRetreat(run, nowMs);
    case 'releasing':
      return { kind: 'releaseRollout' };
    case 'settling':
      return nextInSettling(run, nowMs);
    case 'closing':
      return { kind: 'close' };
    default:
      return assertNever(run.stage);
  }
}

/** What others left: a run that was terminated, on a revision that may have no pods any more, or an Argo controller. */
function clearing(run: Run): Action | undefined {
  const { owned, leftovers, spec } = run;
  const isLeft = owned && leftovers !== undefined && spec.workload !== undefined;
  return isLeft ? { kind: 'dropCanaryMappings', canaryMappings: leftovers } : adopting(run);
}

function nextUnderWay(run: Run, nowMs: number): Action {
  return clearing(run) ?? (run.owned ? waitForStable(run) : undefined) ?? nextInSteps(run, nowMs);
}

/** Whether the run was told of something that it has not looked at yet. */
export function needsObservation(run: Run): boolean {
  return !run.looked || run.lookAgain || !covers(run, run.wanted);
}

/** Whether what the run knows is as new as `wanted`. Older generations of the same object are covered. */
export function covers(run: Run, wanted: Wanted | undefined): boolean {
  return wanted === undefined || (wanted.uid === run.uid && wanted.generation <= run.generation);
}

/** Whether a run must be followed by another: something was asked for that it does not do. */
export function needsFollowUp(run: Run): boolean {
  return (
    run.ending?.outcome === 'superseded' ||
    run.retryRequested ||
    run.followUp === true ||
    run.lookAgain ||
    !covers(run, run.wanted)
  );
}

function holdForOwner(run: Run): Action {
  return {
    kind: 'wait',
    why: run.owned ? 'waiting for the Rollout' : 'waiting for the instance-id label to come back',
  };
}

const PAUSED_BY_SPEC: Action = { kind: 'wait', why: 'spec.paused is true' };

function holdStep({ held }: Run): Action {
  return held === undefined ? PAUSED_BY_SPEC : { kind: 'wait', why: `held by ${held.actor}` };
}

/** The first deploy: all pods, then both Services. There is nothing to shift traffic from. */
function nextInDeploy(run: Run, nowMs: number): Action {
  if (!run.owned || !hasPods(run)) {
    return holdForOwner(run);
  }
  if (isHeld(run)) {
    return holdStep(run);
  }
  const { canary } = run.revision;
  return (
    nextForPods(run, nowMs) ??
    (isFull(run, canary)
      ? { kind: 'pointServices', services: { stable: canary, canary } }
      : waitForPods(run, nowMs, canary, run.spec.workload.replicas))
  );
}

function nextInSteps(run: Run, nowMs: number): Action {
  if (!run.owned) {
    return holdForOwner(run);
  }
  if (isStepless(run) && (run.fullPromotion === undefined ? !isHeld(run) : run.spec.paused !== true)) {
    return startPromotion(run);
  }
  return (
    nextForCanary(run, wantedWeight(run), nowMs) ??
    nextForGateway(run, nowMs) ??
    (isHeld(run) ? holdStep(run) : nextOfStep(run, nowMs))
  );
}

/** Traffic is taken away before anything else is done, and given after the pods are seen to. */
function nextForCanary(run: Run, weight: number, nowMs: number): Action | undefined {
  const lowering = weight < run.writtenWeight ? nextForTraffic(run, weight) : undefined;
  return lowering ?? (hasPods(run) ? nextForPods(run, nowMs) : undefined) ?? nextForTraffic(run, weight);
}

/** No step is left, or none counts. */
function isStepless({ fullPromotion, isRollback, stepIndex, spec }: Run): boolean {
  const isSkipped = fullPromotion !== undefined || isRollback === true || spec.workload?.replicas === 0;
  return isSkipped || stepIndex >= spec.steps.length;
}

function nextOfStep(run: Run, nowMs: number): Action {
  const step = run.spec.steps[run.stepIndex];
  switch (step?.kind) {
    case undefined:
      return startPromotion(run);
    case 'setWeight':
      // A weight that stands already (the canary is created at 0) costs no write.
      return run.writtenWeight === step.weight || !hasPods(run) ? { kind: 'finishStep' } : waitForStep(run, nowMs);
    case 'setCanaryScale':
      return !hasPods(run) || isStepEnough(run) ? { kind: 'finishStep' } : waitForStep(run, nowMs);
    case 'pause':
      return nextInPause(run, nowMs);
    default:
      return assertNever(step);
  }
}

function waitForStep(run: RunWithPods, nowMs: number): Action {
  const { canary, stable } = run.revision;
  return isStepEnough(run) && availableOf(run, canary) > 0
    ? waitForPods(run, nowMs, stable, stableReplicas(run.spec, currentStep(run), run.writtenWeight))
    : waitForPods(run, nowMs, canary, Math.max(1, canaryReplicasNow(run)));
}

/** Traffic only: all traffic goes to the canary next, and its endpoints may have gone since the first weight. */
function startPromotion(run: Run): Action {
  return run.readyToPromote || hasPods(run) ? { kind: 'startPromotion' } : { kind: 'observeRollout' };
}

function nextInPause(run: Run, nowMs: number): Action {
  if (run.pauseDeadlineMs === undefined) {
    return { kind: 'wait', why: `step ${run.stepIndex + 1}: until promoted, at ${run.writtenWeight} %` };
  }
  return nowMs >= run.pauseDeadlineMs
    ? { kind: 'finishStep' }
    : { kind: 'wait', untilMs: run.pauseDeadlineMs, why: `step ${run.stepIndex + 1}: pause at ${run.writtenWeight} %` };
}

function nextInPromotion(run: Run, nowMs: number): Action {
  switch (run.promotion) {
    case 'pods':
      return needsObservation(run) ? { kind: 'observeRollout' } : nextBeforeSwitch(run, nowMs);
    case 'weight':
      return waitForStable(run) ?? nextForAllTraffic(run, nowMs);
    case 'service':
      return waitForStable(run) ?? nextForGateway(run, nowMs) ?? { kind: 'switchStableService' };
    case 'endpoints':
      return needsObservation(run) ? { kind: 'observeRollout' } : { kind: 'awaitStableEndpoints' };
    case 'cleanup':
      return { kind: 'removeCanaryMappings' };
    default:
      return assertNever(run.promotion);
  }
}

function nextForAllTraffic(run: Run, nowMs: number): Action {
  const asking = run.writtenWeight === 100 ? nextForGateway(run, nowMs) : undefined;
  return asking ?? { kind: 'setCanaryWeight', weight: 100 };
}

/** Full size and available, then all traffic by weight, so that nobody notices the switch of the stable Service. */
function nextBeforeSwitch(run: Run, nowMs: number): Action {
  if (!run.owned || !hasPods(run)) {
    return holdForOwner(run);
  }
  const { canary } = run.revision;
  const isReady = isFull(run, canary) && run.spec.paused !== true;
  const weight = availableOf(run, canary) === 0 ? 0 : isReady ? 100 : run.writtenWeight;
  const action = waitForStable(run) ?? nextForCanary(run, weight, nowMs) ?? nextForGateway(run, nowMs);
  if (action !== undefined || isReady) {
    return action ?? { kind: 'pointServices', services: { stable: canary } };
  }
  return run.spec.paused === true ? PAUSED_BY_SPEC : waitForPods(run, nowMs, canary, run.spec.workload.replicas);
}

function nextInRetreat(run: Run, nowMs: number): Action {
  // An abort that came first of all still says whose status it ends in, and in which API its Mappings are.
  if (!run.looked) {
    return { kind: 'observeRollout' };
  }
  if (isDivertedWhole(run)) {
    return { kind: 'removeCanaryMappings' };
  }
  // A write that was intended may have landed although its answer never came.
  const weight = Math.max(run.intendedWeight, run.writtenWeight);
  const least = weightStableNeeds(run);
  const mend = least > 0 ? mending(run) : undefined;
  if (mend !== undefined || weight > least) {
    return mend ?? { kind: 'setCanaryWeight', weight: least };
  }
  if (weight === 0 || !hasPods(run)) {
    return { kind: 'removeCanaryMappings' };
  }
  if (needsObservation(run)) {
    return { kind: 'observeRollout' };
  }
  return nextForPods(run, nowMs) ?? { kind: 'wait', why: `stable has pods for ${100 - weight} % of the traffic` };
}

/** All that the canary Mappings take goes to stable's pods already. */
function isDivertedWhole({ canaryMappings }: Run): boolean {
  return canaryMappings.length > 0 && canaryMappings.every(({ isDiverted }) => isDiverted === true);
}

/** Traffic is where it belongs; the pods follow, and the run stays open until they have. */
function nextInSettling(run: Run, nowMs: number): Action {
  if (!hasPods(run)) {
    return { kind: 'close' };
  }
  if (run.retryRequested || run.followUp === true) {
    return noteDeadlines(run, nowMs) ?? { kind: 'close' };
  }
  if (needsObservation(run)) {
    return { kind: 'observeRollout' };
  }
  if (!run.owned) {
    return holdForOwner(run);
  }
  const action = nextForPods(run, nowMs);
  if (action !== undefined) {
    return action;
  }
  const asking = keepsPodsForGateway(run, nowMs) ? nextForGateway(run, nowMs, 0) : undefined;
  if (asking !== undefined) {
    return asking;
  }
  const serving = servingHash(run);
  if (serving !== '' && !isFull(run, serving)) {
    return waitForPods(run, nowMs, serving, run.spec.workload.replicas);
  }
  const dueAtMs = podsDueAtMs(run, nowMs);
  if (dueAtMs !== undefined) {
    return { kind: 'wait', untilMs: dueAtMs, why: 'pods of other revisions are kept until then' };
  }
  const isGoing = run.workload.revisions.some(({ replicas, pods }) => pods > replicas);
  return isGoing ? { kind: 'wait', why: 'old pods are going away' } : { kind: 'close' };
}

/** Until news of pods comes, or the progress deadline; its clock stands still while the steps are held. */
function waitForPods(run: RunWithPods, nowMs: number, hash: string, wanted: number): Action {
  const deadlineMs = (run.progressAtMs ?? nowMs) + run.spec.workload.progressDeadlineSeconds * 1_000;
  const why = `revision ${revisionWith(run.workload, hash)?.number ?? hash}: ${availableOf(run, hash)} of ${wanted} pods available`;
  if (run.deadlineExceeded === true || isHeld(run)) {
    return { kind: 'wait', why };
  }
  return nowMs >= deadlineMs ? { kind: 'progressDeadline' } : { kind: 'wait', untilMs: deadlineMs, why };
}
