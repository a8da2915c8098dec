import { assertNever } from './assert-never.ts';
import { covers } from './planner.ts';
import type { CanaryMapping, Ending, Observation, ObservedRollout, Problem, Run, StepRecord, Wanted } from './run.ts';
import type { Attribution, RolloutSpec } from './types.ts';

/** What happened. Commands are in `commands.ts`. */
export type RunEvent =
  | { readonly kind: 'told'; readonly wanted: Wanted; readonly lookAgain: boolean }
  | { readonly kind: 'observationStarted' }
  | { readonly kind: 'observed'; readonly observation: Observation }
  | { readonly kind: 'canaryMappingsEnsured'; readonly canaryMappings: readonly CanaryMapping[] }
  | { readonly kind: 'weightIntended'; readonly weight: number }
  | {
      readonly kind: 'weightWritten';
      readonly weight: number;
      readonly canaryMappings: readonly CanaryMapping[];
      /** When it was, if an attempt whose answer was lost had written it; absent: now. */
      readonly writtenAtMs?: number;
    }
  | { readonly kind: 'stepFinished' }
  | { readonly kind: 'promotionStarted' }
  | { readonly kind: 'stableServiceSwitched' }
  | { readonly kind: 'stableEndpointsReady' }
  | { readonly kind: 'canaryMappingsRemoved' }
  | { readonly kind: 'rolloutReleased' }
  /** An activity failed for good: retrying cannot help. */
  | { readonly kind: 'failed'; readonly problem: Problem };

/** The state after an event. Pure; `nowMs` is the workflow's time. */
export function evolve(run: Run, event: RunEvent, nowMs: number): Run {
  switch (event.kind) {
    case 'told':
      return told(run, event.wanted, event.lookAgain);
    case 'observationStarted':
      // Reads are consistent: what comes back covers all that the run was told of until now.
      return { ...run, wanted: undefined, lookAgain: false };
    case 'observed':
      return observed(run, event.observation, nowMs);
    case 'canaryMappingsEnsured':
      return ensured({ ...run, canaryMappings: event.canaryMappings }, nowMs);
    case 'weightIntended':
      return { ...run, intendedWeight: event.weight, sequence: run.sequence + 1 };
    case 'weightWritten':
      return weightWritten(
        { ...run, writtenWeight: event.weight, canaryMappings: event.canaryMappings },
        countsSinceMs(run, event.writtenAtMs, nowMs),
      );
    case 'stepFinished':
      return enterStep(endStep(run, nowMs), run.stepIndex + 1, nowMs);
    case 'promotionStarted':
      return { ...run, stage: 'promoting', promotion: run.writtenWeight === 100 ? 'service' : 'weight' };
    case 'stableServiceSwitched':
      return switched(run);
    case 'stableEndpointsReady':
      return { ...run, promotion: 'cleanup', ending: promotedEnding(run), endingAtMs: nowMs };
    case 'canaryMappingsRemoved':
      return {
        ...run,
        canaryMappings: [],
        intendedWeight: 0,
        writtenWeight: 0,
        stage: 'releasing',
      };
    case 'rolloutReleased':
      return { ...run, stage: 'closing' };
    case 'failed':
      return failed(run, event.problem, nowMs);
    default:
      return assertNever(event);
  }
}

/** The canary has nobody to answer: its share of the traffic would be errors. */
export const NO_READY_ENDPOINTS = 'NoReadyEndpoints';

/** A person's abort. It stands until the revision is retried, or something new is wanted. */
export const ABORTED = 'RolloutAborted';

/** What was found too late to be tried is tried by the next run. */
export const SUPERSEDED = 'RolloutSuperseded';

function endingOf(problem: Problem): Ending {
  return { outcome: problem.reason === SUPERSEDED ? 'superseded' : 'aborted', ...problem };
}

function told(run: Run, wanted: Wanted, lookAgain: boolean): Run {
  if (run.ending?.outcome === 'deleted' && wanted.uid === run.uid) {
    return run; // An object that is deleted does not come back under its uid.
  }
  const isOlder = run.wanted?.uid === wanted.uid && wanted.generation < run.wanted.generation;
  return { ...run, wanted: isOlder ? run.wanted : wanted, lookAgain: run.lookAgain || lookAgain };
}

/** Also when an abort came while the request was on its way: the Service selects the new revision, and that is promoted. */
function switched(run: Run): Run {
  return { ...run, stage: 'promoting', promotion: 'endpoints', ending: undefined, endingAtMs: undefined };
}

/** Once the stable Service selects the new revision nothing is undone any more: the planner tries the same again. */
function failed(run: Run, problem: Problem, nowMs: number): Run {
  const isSwitched = run.stage === 'promoting' && (run.promotion === 'endpoints' || run.promotion === 'cleanup');
  return isSwitched ? run : retreat(run, endingOf(problem), nowMs);
}

/** Ends the run by way of weight 0 and removal. Later reasons do not replace the first one. */
export function retreat(run: Run, ending: Ending, nowMs: number): Run {
  if (run.stage === 'retreating' || run.stage === 'releasing' || run.stage === 'closing') {
    return run;
  }
  // A switch that was under way may have got through although its answer never came: the run looks before it undoes anything.
  const looked = run.looked && !(run.stage === 'promoting' && run.promotion === 'service');
  return {
    ...endStep(run, nowMs, ending.by),
    stage: 'retreating',
    looked,
    ending,
    endingAtMs: nowMs,
    pauseDeadlineMs: undefined,
  };
}

/** Closes the open step's record, naming who ended it if somebody did. */
export function endStep(run: Run, nowMs: number, by?: Attribution): Run {
  const record = run.stepRecords[run.stepIndex];
  if (run.stage !== 'stepping' || record === undefined || record.endedAtMs !== undefined) {
    return run;
  }
  return withStepRecord(run, run.stepIndex, { ...record, endedAtMs: nowMs, ...(by && { by }) });
}

export function enterStep(run: Run, stepIndex: number, nowMs: number): Run {
  const step = run.spec.steps[stepIndex];
  const entered = { ...run, stepIndex, pauseDeadlineMs: undefined };
  if (step === undefined) {
    return entered;
  }
  const started = withStepRecord(entered, stepIndex, { startedAtMs: nowMs });
  return step.kind === 'pause' && step.durationMs !== undefined
    ? { ...started, pauseDeadlineMs: nowMs + step.durationMs }
    : started;
}

function withStepRecord(run: Run, stepIndex: number, record: StepRecord): Run {
  const stepRecords = [...run.stepRecords];
  stepRecords[stepIndex] = record;
  return { ...run, stepRecords };
}

/** An abort may have come while the Mappings were being created: then they are only known, to be removed. */
function ensured(run: Run, nowMs: number): Run {
  return run.stage === 'creating' ? enterStep({ ...run, stage: 'stepping' }, 0, nowMs) : run;
}

/**
 * When a weight began to count. An attempt whose answer was lost is dated by the API server, so that a pause is not longer for
 * it; its clock is believed only between the start of the step and now.
 */
function countsSinceMs(run: Run, writtenAtMs: number | undefined, nowMs: number): number {
  const startedAtMs = run.stepRecords[run.stepIndex]?.startedAtMs ?? nowMs;
  return Math.min(Math.max(writtenAtMs ?? nowMs, startedAtMs), nowMs);
}

function weightWritten(run: Run, nowMs: number): Run {
  switch (run.stage) {
    case 'stepping':
      return enterStep(endStep(run, nowMs), run.stepIndex + 1, nowMs);
    case 'promoting':
      return { ...run, promotion: 'service' };
    default:
      return run;
  }
}

function promotedEnding(run: Run): Ending {
  const how = run.fullPromotion === undefined ? `all ${run.spec.steps.length} steps are done` : 'promoted in full';
  return {
    outcome: 'promoted',
    reason: 'RolloutCompleted',
    message: `revision ${run.revision.canary} is stable: ${how}`,
    ...(run.fullPromotion && { by: run.fullPromotion }),
  };
}

function deleted(message: string): Ending {
  return { outcome: 'deleted', reason: 'RolloutDeleted', message };
}

function observed(before: Run, observation: Observation, nowMs: number): Run {
  const { rollout } = observation;
  const run = { ...before, looked: true };
  if (rollout === undefined || (run.uid !== undefined && rollout.uid !== run.uid)) {
    // Another one of its name is for the next run.
    const wanted = rollout && { uid: rollout.uid, generation: rollout.generation };
    return retreat({ ...run, ...(wanted && { wanted }) }, deleted('the Rollout is gone'), nowMs);
  }
  const seen = { ...run, uid: rollout.uid, generation: rollout.generation, owned: rollout.owned };
  if (run.ending !== undefined) {
    return observedWhileEnding(before, seen, rollout, observation);
  }
  if (rollout.deleting) {
    return retreat(seen, deleted('the Rollout is being deleted'), nowMs);
  }
  if (!rollout.owned) {
    return seen;
  }
  return run.stage === 'stepping' || run.stage === 'promoting'
    ? observedUnderWay(seen, rollout, observation, nowMs)
    : observedAtStart(seen, rollout, observation, nowMs);
}

function observedWhileEnding(before: Run, run: Run, rollout: ObservedRollout, observation: Observation): Run {
  if (before.looked) {
    return before;
  }
  const { revision } = observation;
  const wasSwitched = before.promotion === 'service' && revision !== undefined && revision.stable === revision.canary;
  if (wasSwitched) {
    return switched(run);
  }
  // What the run tried stays what it says; one that had not looked yet learns it now.
  return before.generation > 0 ? { ...before, looked: true } : { ...run, ...factsOf(rollout, observation) };
}

function factsOf({ spec, conditions }: ObservedRollout, { revision, mappingApiVersion }: Observation): Partial<Run> {
  return {
    spec,
    conditions,
    revision: revision ?? { stable: '', canary: '' },
    ...(mappingApiVersion !== undefined && { mappingApiVersion }),
  };
}

function observedAtStart(run: Run, rollout: ObservedRollout, observation: Observation, nowMs: number): Run {
  const known: Run = { ...run, ...factsOf(rollout, observation) };
  const { revision } = known;
  const [problem] = observation.problems;
  if (problem !== undefined) {
    const message = observation.problems.map((one) => one.message).join('; ');
    return retreat(known, { outcome: 'aborted', reason: problem.reason, message }, nowMs);
  }
  if (revision.stable === revision.canary) {
    const message = 'the stable and the canary Service select the same pods';
    return retreat(known, { outcome: 'nothingToDo', reason: 'NothingToDo', message }, nowMs);
  }
  const covered = (rollout.observedGeneration ?? 0) >= rollout.generation && rollout.triedRevision === revision.canary;
  if (rollout.aborted && covered && !run.retrying) {
    const message = `revision ${revision.canary} was aborted before; retry it, or change the Rollout`;
    return retreat(known, { outcome: 'aborted', reason: ABORTED, message }, nowMs);
  }
  return { ...known, stage: 'creating' };
}

function observedUnderWay(run: Run, rollout: ObservedRollout, observation: Observation, nowMs: number): Run {
  const { revision, problems } = observation;
  const isSwitched = run.stage === 'promoting';
  const sameTry =
    sameSpec(run.spec, rollout.spec) &&
    revision?.canary === run.revision.canary &&
    revision.stable === (isSwitched ? run.revision.canary : run.revision.stable);
  if (!sameTry) {
    const message = 'the Rollout or the selector of a Service changed: starting over with what is wanted now';
    return retreat(run, { outcome: 'superseded', reason: SUPERSEDED, message }, nowMs);
  }
  const dead = isSwitched ? undefined : problems.find(({ reason }) => reason === NO_READY_ENDPOINTS);
  return dead === undefined
    ? { ...run, readyToPromote: run.fullPromotion !== undefined || run.stepIndex >= run.spec.steps.length }
    : retreat(run, { outcome: 'aborted', ...dead }, nowMs);
}

function sameSpec(a: RolloutSpec, b: RolloutSpec): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Whether a closed run must be followed by another at once: something was asked for that it did not do. */
export function needsFollowUp(run: Run): boolean {
  return run.ending?.outcome === 'superseded' || run.retryRequested || run.lookAgain || !covers(run, run.wanted);
}
