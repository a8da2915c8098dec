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
      return retreat(run, endingOf(event.problem), nowMs);
    default:
      return assertNever(event);
  }
}

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
  const known = run.wanted?.uid === wanted.uid && wanted.generation < run.wanted.generation;
  return { ...run, wanted: known ? run.wanted : wanted, lookAgain: run.lookAgain || lookAgain };
}

/** Ends the run by way of weight 0 and removal. Later reasons do not replace the first one. */
export function retreat(run: Run, ending: Ending, nowMs: number): Run {
  if (run.stage === 'retreating' || run.stage === 'releasing' || run.stage === 'closing') {
    return run;
  }
  return {
    ...endStep(run, nowMs, ending.by),
    stage: 'retreating',
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

function observed(before: Run, observation: Observation, nowMs: number): Run {
  const { rollout } = observation;
  const run = { ...before, looked: true };
  if (rollout === undefined || (run.uid !== undefined && rollout.uid !== run.uid)) {
    return retreat(run, { outcome: 'deleted', reason: 'RolloutDeleted', message: 'the Rollout is gone' }, nowMs);
  }
  const seen = { ...run, uid: rollout.uid, generation: rollout.generation, owned: rollout.owned };
  if (run.ending !== undefined) {
    return before.looked ? run : { ...seen, ...factsOf(rollout, observation) };
  }
  if (rollout.deleting) {
    return retreat(
      seen,
      { outcome: 'deleted', reason: 'RolloutDeleted', message: 'the Rollout is being deleted' },
      nowMs,
    );
  }
  if (!rollout.owned) {
    return seen;
  }
  return run.stage === 'stepping'
    ? observedUnderWay(seen, rollout, observation, nowMs)
    : observedAtStart(seen, rollout, observation, nowMs);
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
  if (rollout.aborted && covered && !run.retryRequested) {
    const message = `revision ${revision.canary} was aborted before; retry it, or change the Rollout`;
    return retreat(known, { outcome: 'aborted', reason: ABORTED, message }, nowMs);
  }
  return { ...known, stage: 'creating', retryRequested: false };
}

function observedUnderWay(run: Run, rollout: ObservedRollout, observation: Observation, nowMs: number): Run {
  const { revision } = observation;
  const sameTry =
    sameSpec(run.spec, rollout.spec) &&
    revision?.canary === run.revision.canary &&
    revision.stable === run.revision.stable;
  if (sameTry) {
    return run;
  }
  const message = 'the Rollout or the selector of a Service changed: starting over with what is wanted now';
  return retreat(run, { outcome: 'superseded', reason: SUPERSEDED, message }, nowMs);
}

function sameSpec(a: RolloutSpec, b: RolloutSpec): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Whether a closed run must be followed by another at once: something was asked for that it did not do. */
export function needsFollowUp(run: Run): boolean {
  return run.ending?.outcome === 'superseded' || run.retryRequested || run.lookAgain || !covers(run, run.wanted);
}
