import { assertNever } from './assert-never.ts';
import type { Run, Wanted } from './run.ts';

/** Something to do in the cluster, by the activity of that name. */
export type ActivityAction =
  | { readonly kind: 'observeRollout' }
  | { readonly kind: 'ensureCanaryMappings' }
  | { readonly kind: 'setCanaryWeight'; readonly weight: number }
  | { readonly kind: 'switchStableService' }
  | { readonly kind: 'awaitStableEndpoints' }
  | { readonly kind: 'removeCanaryMappings' }
  | { readonly kind: 'releaseRollout' };

/** What the workflow does next. It interprets; every decision is made here. */
export type Action =
  | ActivityAction
  /** Until `untilMs` or a message; without `untilMs` for a message alone. */
  | { readonly kind: 'wait'; readonly untilMs?: number; readonly why: string }
  /** The step is over: nothing to do in the cluster. */
  | { readonly kind: 'finishStep' }
  | { readonly kind: 'startPromotion' }
  | { readonly kind: 'close' };

/**
 * The next action of a run. Pure: the same run at the same time always does the same.
 *
 * @param nowMs - the workflow's time, epoch milliseconds
 */
export function nextAction(run: Run, nowMs: number): Action {
  switch (run.stage) {
    case 'observing':
      return needsObservation(run) ? { kind: 'observeRollout' } : holdForOwner(run);
    case 'creating':
      return needsObservation(run) ? { kind: 'observeRollout' } : { kind: 'ensureCanaryMappings' };
    case 'stepping':
      return needsObservation(run) ? { kind: 'observeRollout' } : nextInSteps(run, nowMs);
    case 'promoting':
      return nextInPromotion(run);
    case 'retreating':
      // An abort that came first of all still says whose status it ends in, and in which API its Mappings are.
      if (!run.looked) {
        return { kind: 'observeRollout' };
      }
      // A write that was intended may have landed although its answer never came.
      return Math.max(run.intendedWeight, run.writtenWeight) > 0
        ? { kind: 'setCanaryWeight', weight: 0 }
        : { kind: 'removeCanaryMappings' };
    case 'releasing':
      return { kind: 'releaseRollout' };
    case 'closing':
      return { kind: 'close' };
    default:
      return assertNever(run.stage);
  }
}

/** Whether the run was told of something that it has not looked at yet. */
export function needsObservation(run: Run): boolean {
  return !run.looked || run.lookAgain || !covers(run, run.wanted);
}

/** Whether what the run knows is as new as `wanted`. Older generations of the same object are covered. */
export function covers(run: Run, wanted: Wanted | undefined): boolean {
  return wanted === undefined || (wanted.uid === run.uid && wanted.generation <= run.generation);
}

function holdForOwner(run: Run): Action {
  return {
    kind: 'wait',
    why: run.owned ? 'waiting for the Rollout' : 'waiting for the instance-id label to come back',
  };
}

function nextInSteps(run: Run, nowMs: number): Action {
  if (!run.owned) {
    return holdForOwner(run);
  }
  if (run.fullPromotion !== undefined) {
    return startPromotion(run);
  }
  if (run.held !== undefined) {
    return { kind: 'wait', why: `held by ${run.held.actor}` };
  }
  const step = run.spec.steps[run.stepIndex];
  switch (step?.kind) {
    case undefined:
      return startPromotion(run);
    case 'setWeight':
      // A weight that stands already (the canary is created at 0) costs no write.
      return run.writtenWeight === step.weight
        ? { kind: 'finishStep' }
        : { kind: 'setCanaryWeight', weight: step.weight };
    case 'pause':
      return nextInPause(run, nowMs);
    default:
      return assertNever(step);
  }
}

/** All traffic goes to the canary next: its endpoints may have gone since the first weight. */
function startPromotion(run: Run): Action {
  return run.readyToPromote ? { kind: 'startPromotion' } : { kind: 'observeRollout' };
}

function nextInPause(run: Run, nowMs: number): Action {
  if (run.pauseDeadlineMs === undefined) {
    return { kind: 'wait', why: `step ${run.stepIndex + 1}: until promoted, at ${run.writtenWeight} %` };
  }
  return nowMs >= run.pauseDeadlineMs
    ? { kind: 'finishStep' }
    : { kind: 'wait', untilMs: run.pauseDeadlineMs, why: `step ${run.stepIndex + 1}: pause at ${run.writtenWeight} %` };
}

function nextInPromotion(run: Run): Action {
  switch (run.promotion) {
    case 'weight':
      return { kind: 'setCanaryWeight', weight: 100 };
    case 'service':
      return { kind: 'switchStableService' };
    case 'endpoints':
      return needsObservation(run) ? { kind: 'observeRollout' } : { kind: 'awaitStableEndpoints' };
    case 'cleanup':
      return { kind: 'removeCanaryMappings' };
    default:
      return assertNever(run.promotion);
  }
}
