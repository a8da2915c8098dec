import { hasPods, isFirstDeploy, isFull, waitedFor } from './pods.ts';
import type { Ending, Run, StepRecord } from './run.ts';
import { isStepEnough } from './traffic.ts';
import type { Attribution } from './types.ts';
import { revisionWith, type Revision } from './workload.ts';

/** The canary has nobody to answer: its share of the traffic would be errors. */
export const NO_READY_ENDPOINTS = 'NoReadyEndpoints';

/** Somebody else's Mapping is on the route: it takes a share that no plan says. */
export const MAPPING_SHARED = 'AmbassadorMappingShared';

/** The same, left by Argo Rollouts. */
export const ARGO_CANARY_LEFT = 'ArgoCanaryMappingLeft';

/** A person's abort. It stands until the revision is retried, or something new is wanted. */
export const ABORTED = 'RolloutAborted';

/** Somebody deleted it between two writes. */
export const CANARY_MAPPING_GONE = 'CanaryMappingGone';

/** What was found too late to be tried is tried by the next run. */
export const SUPERSEDED = 'RolloutSuperseded';

export function withWorkload(run: Run, change: Partial<NonNullable<Run['workload']>>): Run {
  return run.workload === undefined ? run : { ...run, workload: { ...run.workload, ...change } };
}

/** What became of the pods: more of them is progress, and a canary that lost all of its has no endpoints. */
export function withRevisions(run: Run, revisions: readonly Revision[], nowMs: number): Run {
  if (run.workload === undefined || revisions === run.workload.revisions) {
    return run;
  }
  const gotOn = revisions.some((now) => {
    const before = revisionWith(run.workload, now.hash);
    return (
      before === undefined || now.available > before.available || now.pods > before.pods || now.ready > before.ready
    );
  });
  const next = withWorkload(run, { revisions });
  // A pod that is lost has the whole deadline to come back.
  const isMissing = hasWhatItWaitsFor(run) && !hasWhatItWaitsFor(next);
  const canary = revisionWith(next.workload, run.revision.canary);
  return {
    ...next,
    ...((gotOn || isMissing) && { progressAtMs: nowMs, deadlineExceeded: false }),
    ...((canary?.available ?? 0) === 0 && { canaryEndpointsReady: false }),
    ...(run.restart !== undefined && { restart: { ...run.restart, awaitsPods: false } }),
  };
}

/** Whether the pods that the run would wait for now are there. */
function hasWhatItWaitsFor(run: Run): boolean {
  return hasPods(run) && (run.stage === 'stepping' ? isStepEnough(run) : isFull(run, waitedFor(run)));
}

/** Also when an abort came while the request was on its way: the Service selects the new revision, and that is promoted. */
export function switched(run: Run): Run {
  return { ...run, stage: 'promoting', promotion: 'endpoints', ending: undefined, endingAtMs: undefined };
}

/** A Rollout that wants no pods has no endpoints to wait for. */
export function withoutPods(run: Run, nowMs: number): Run {
  const isWaiting = run.stage === 'promoting' && run.promotion === 'endpoints';
  return isWaiting && run.spec.workload?.replicas === 0 ? stableEndpointsReady(run, nowMs) : run;
}

export function stableEndpointsReady(run: Run, nowMs: number): Run {
  const promoted: Run = { ...run, promotion: 'cleanup', ending: promotedEnding(run), endingAtMs: nowMs };
  return hasPods(run) && isFirstDeploy(run) ? settle(promoted, nowMs) : promoted;
}

/** What is left are pods; where a run follows, they are its own. */
export function settle(run: Run, nowMs: number): Run {
  const outcome = run.ending?.outcome;
  const isOver = outcome === 'deleted' || outcome === 'superseded' || !hasPods(run);
  return isOver
    ? { ...run, stage: 'closing' }
    : { ...run, stage: 'settling', settlingSinceMs: nowMs, progressAtMs: nowMs };
}

/** Ends the run by way of weight 0 and removal. Later reasons do not replace the first one. */
export function retreat(run: Run, ending: Ending, nowMs: number): Run {
  if (['retreating', 'releasing', 'settling', 'closing'].includes(run.stage)) {
    return run;
  }
  // A switch that was under way may have got through although its answer never came: the run looks before it undoes anything.
  const looked = run.looked && !mayBeSwitching(run);
  return {
    ...endStep(run, nowMs, ending.by),
    stage: 'retreating',
    looked,
    maySwitch: !looked && run.looked,
    ending,
    endingAtMs: nowMs,
    pauseDeadlineMs: undefined,
  };
}

/** The request that moves the stable Service may be on its way. */
export function mayBeSwitching(run: Run): boolean {
  const isPointed = run.promotion === 'service' || (run.promotion === 'pods' && run.writtenWeight === 100);
  return run.stage === 'deploying' || (run.stage === 'promoting' && isPointed);
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
  const entered = { ...run, stepIndex, pauseDeadlineMs: undefined, progressAtMs: nowMs, deadlineExceeded: false };
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

function promotedEnding(run: Run): Ending {
  const { steps } = run.spec;
  const { outcome, how } =
    run.fullPromotion !== undefined
      ? ({ outcome: 'fastPromoted', how: 'promoted in full' } as const)
      : run.isRollback === true
        ? ({ outcome: 'rolledBack', how: 'a rollback within the rollbackWindow' } as const)
        : hasPods(run) && isFirstDeploy(run)
          ? ({ outcome: 'promoted', how: 'the first deploy' } as const)
          : ({ outcome: 'promoted', how: `all ${steps.length} steps are done` } as const);
  return {
    outcome,
    reason: 'RolloutCompleted',
    message: `revision ${nameOf(run)} is stable: ${how}`,
    ...(run.fullPromotion && { by: run.fullPromotion }),
  };
}

/** By its number where it has one: that is what people know it by. */
export function nameOf(run: Run, hash = run.revision.canary): string {
  const number = revisionWith(run.workload, hash)?.number;
  return number === undefined || number === 0 ? hash : String(number);
}
