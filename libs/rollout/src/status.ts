import { assertNever } from './assert-never.ts';
import { isPausing } from './commands.ts';
import { ABORTED } from './evolve.ts';
import type { Condition, Outcome, Run } from './run.ts';
import { describeStep } from './steps.ts';

export type Phase = 'Healthy' | 'Progressing' | 'Paused' | 'Degraded';

interface WeightDestination {
  readonly weight: number;
  readonly serviceName: string;
  readonly podTemplateHash: string;
}

/**
 * `status` of the Rollout with Argo's field names, so that what reads an Argo Rollout reads ours. A field that is
 * undefined is taken off the object.
 */
export interface RolloutStatus {
  readonly phase: Phase;
  readonly message: string;
  /** A string, as in Argo's schema. */
  readonly observedGeneration: string;
  readonly currentStepIndex: number;
  readonly currentPodHash: string;
  readonly stableRS: string;
  readonly abort?: true;
  readonly abortedAt?: string;
  readonly controllerPause?: true;
  readonly promoteFull?: true;
  readonly pauseConditions?: readonly { readonly reason: string; readonly startTime: string }[];
  readonly canary?: { readonly weights: { readonly canary: WeightDestination; readonly stable: WeightDestination } };
  readonly conditions: readonly Condition[];
}

/**
 * Whether a person aborted what the status tells of: that stands until it is retried. What stood in the way of a run is looked
 * at anew by the next.
 */
export function wasAborted(status: { readonly abort?: unknown; readonly conditions?: unknown } | undefined): boolean {
  const conditions = Array.isArray(status?.conditions) ? (status.conditions as Partial<Condition>[]) : [];
  const progressing = conditions.find(({ type }) => type === 'Progressing');
  return status?.abort === true && progressing?.reason === ABORTED;
}

/** What Argo's CRD has no field for. It goes to one annotation and to REST. */
export interface RunSummary {
  readonly outcome?: Outcome;
  readonly reason?: string;
  readonly actor?: string;
  readonly weight: { readonly intended: number; readonly written: number };
  readonly pause?: { readonly startedAt: string; readonly deadline?: string };
  readonly held?: { readonly actor: string; readonly reason?: string };
}

/** Whole seconds, cut: a pause is never shown to have begun later than it did. */
export function timestamp(epochMs: number): string {
  return `${new Date(Math.floor(epochMs / 1_000) * 1_000).toISOString().slice(0, 19)}Z`;
}

/**
 * The Rollout's `status` for a run. Pure.
 *
 * @param nowMs - when the status is taken; conditions that change are stamped with it
 */
export function rolloutStatus(run: Run, nowMs: number): RolloutStatus {
  const { phase, message } = phaseOf(run);
  const { spec, stepIndex, revision } = run;
  const outcome = run.stage === 'promoting' ? undefined : run.ending?.outcome;
  const promoted = outcome === 'promoted' || outcome === 'nothingToDo';
  const aborted = outcome === 'aborted';
  return {
    phase,
    message,
    observedGeneration: String(run.generation),
    currentStepIndex: promoted ? spec.steps.length : aborted ? 0 : stepIndex,
    currentPodHash: revision.canary,
    stableRS: promoted ? revision.canary : revision.stable,
    ...(aborted && { abort: true, abortedAt: timestamp(run.endingAtMs ?? nowMs) }),
    ...pauseOf(run),
    ...(run.fullPromotion !== undefined && outcome === undefined && { promoteFull: true }),
    ...(spec.stableService !== '' && { canary: { weights: weightsOf(run, promoted) } }),
    conditions: conditionsOf(run, phase, message, nowMs),
  };
}

function pauseOf(run: Run): Pick<RolloutStatus, 'controllerPause' | 'pauseConditions'> {
  const startedAtMs = pauseStartedAtMs(run);
  return startedAtMs === undefined
    ? {}
    : {
        controllerPause: true,
        pauseConditions: [{ reason: 'CanaryPauseStep', startTime: timestamp(startedAtMs) }],
      };
}

function pauseStartedAtMs(run: Run): number | undefined {
  return isPausing(run) ? run.stepRecords[run.stepIndex]?.startedAtMs : undefined;
}

export function runSummary(run: Run): RunSummary {
  const startedAtMs = pauseStartedAtMs(run);
  const by = run.ending?.by ?? run.fullPromotion;
  return {
    ...(run.stage === 'closing' && run.ending && { outcome: run.ending.outcome, reason: run.ending.reason }),
    ...(by && { actor: by.actor }),
    weight: { intended: run.intendedWeight, written: run.writtenWeight },
    ...(startedAtMs !== undefined && {
      pause: {
        startedAt: timestamp(startedAtMs),
        ...(run.pauseDeadlineMs !== undefined && { deadline: new Date(run.pauseDeadlineMs).toISOString() }),
      },
    }),
    ...(run.held && { held: { actor: run.held.actor, ...(run.held.reason && { reason: run.held.reason }) } }),
  };
}

function weightsOf(run: Run, promoted: boolean): { canary: WeightDestination; stable: WeightDestination } {
  const { spec, revision, writtenWeight: weight } = run;
  const stable = promoted ? revision.canary : revision.stable;
  return {
    canary: { weight, serviceName: spec.canaryService, podTemplateHash: revision.canary },
    stable: { weight: 100 - weight, serviceName: spec.stableService, podTemplateHash: stable },
  };
}

/** Phase and message, first match wins, in the order that users of Argo know. */
export function phaseOf(run: Run): { phase: Phase; message: string } {
  const { ending, stage } = run;
  if (ending !== undefined && stage !== 'promoting') {
    return phaseOfEnding(ending.outcome, ending.reason, ending.message, stage === 'closing');
  }
  if (!run.owned) {
    return { phase: 'Paused', message: 'NotOwned: the instance-id label no longer names Weir; put it back to go on' };
  }
  if (run.held !== undefined) {
    return { phase: 'Paused', message: `manually paused by ${run.held.actor}` };
  }
  if (isPausing(run)) {
    return { phase: 'Paused', message: 'CanaryPauseStep' };
  }
  return { phase: 'Progressing', message: progressMessage(run) };
}

function phaseOfEnding(
  outcome: Outcome,
  reason: string,
  message: string,
  closed: boolean,
): { phase: Phase; message: string } {
  switch (outcome) {
    case 'promoted':
    case 'nothingToDo':
      return closed ? { phase: 'Healthy', message: '' } : { phase: 'Progressing', message };
    case 'aborted':
      return { phase: 'Degraded', message: `${reason}: ${message}` };
    case 'superseded':
    case 'deleted':
      return { phase: 'Progressing', message };
    default:
      return assertNever(outcome);
  }
}

function progressMessage(run: Run): string {
  if (run.stage === 'promoting') {
    return run.promotion === 'endpoints'
      ? 'the stable Service selects the new revision, waiting for its endpoints to be the new pods'
      : 'all steps are done, moving the stable Service to the new revision';
  }
  if (run.stage !== 'stepping') {
    return 'preparing the canary';
  }
  const step = run.spec.steps[run.stepIndex];
  return step === undefined
    ? 'all steps are done, looking at the canary once more before it takes everything'
    : `step ${run.stepIndex + 1} of ${run.spec.steps.length}: ${describeStep(step)}`;
}

function conditionsOf(run: Run, phase: Phase, message: string, nowMs: number): readonly Condition[] {
  const reason = run.ending?.reason ?? (phase === 'Paused' ? 'RolloutPaused' : 'RolloutProgressing');
  const healthy = phase === 'Healthy';
  const wanted: [Condition['type'], boolean, string][] = [
    ['Progressing', phase === 'Progressing' || healthy, healthy ? 'RolloutCompleted' : reason],
    ['Paused', phase === 'Paused', phase === 'Paused' ? 'RolloutPaused' : 'RolloutNotPaused'],
    ['Completed', healthy, healthy ? 'RolloutCompleted' : 'RolloutNotCompleted'],
    ['Healthy', healthy, healthy ? 'RolloutHealthy' : 'RolloutNotHealthy'],
  ];
  const now = timestamp(nowMs);
  return wanted.map(([type, value, conditionReason]) => {
    const status = value ? 'True' : 'False';
    const before = run.conditions.find((condition) => condition.type === type);
    const lastTransitionTime = before?.status === status ? before.lastTransitionTime : now;
    return { type, status, reason: conditionReason, message, lastUpdateTime: now, lastTransitionTime };
  });
}
