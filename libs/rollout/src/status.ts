import { isPausing } from './commands.ts';
import { DEADLINE_EXCEEDED, isAtEnd, phaseOf, type Phase } from './phase.ts';
import { hasPods, isFirstDeploy, servingHash, wantedHash } from './pods.ts';
import type { Condition, ObservedRollout, Outcome, Run, Served } from './run.ts';
import { stepsHash } from './steps.ts';
import { ABORTED } from './transitions.ts';
import { revisionWith, type Revision } from './workload.ts';

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
  /** Hash of the steps: other steps are another try. */
  readonly currentStepHash?: string;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  /** For the scale subresource, with {@link selector}: all pods, whichever revision. */
  readonly HPAReplicas?: number;
  readonly selector?: string;
  readonly restartedAt?: string;
  /** Generation of the Deployment that `workloadRef` names, a string as in Argo's schema. */
  readonly workloadObservedGeneration?: string;
  readonly canary?: { readonly weights: { readonly canary: WeightDestination; readonly stable: WeightDestination } };
  readonly conditions: readonly Condition[];
}

/** The abort that a status tells of, whatever it was for; undefined: none. */
export function abortIn(status: StoredStatus | undefined): ObservedRollout['abort'] {
  if (status?.abort !== true) {
    return undefined;
  }
  const reason = progressingIn(status)?.reason ?? ABORTED;
  const message = typeof status.message === 'string' ? status.message.replace(`${reason}: `, '') : '';
  const atMs = Date.parse(String(status.abortedAt));
  return { reason, message, atMs: Number.isNaN(atMs) ? 0 : atMs };
}

/** A `status` as it is stored: anybody may have written it. */
export interface StoredStatus {
  readonly abort?: unknown;
  readonly abortedAt?: unknown;
  readonly message?: unknown;
  readonly conditions?: unknown;
}

function progressingIn(status: StoredStatus | undefined): Partial<Condition> | undefined {
  const conditions = Array.isArray(status?.conditions) ? (status.conditions as Partial<Condition>[]) : [];
  return conditions.find(({ type }) => type === 'Progressing');
}

/**
 * Whether a person aborted what the status tells of: that stands until it is retried. What stood in the way of a run is looked
 * at anew by the next.
 */
export function wasAborted(status: StoredStatus | undefined): boolean {
  return status?.abort === true && progressingIn(status)?.reason === ABORTED;
}

/** What Argo's CRD has no field for. It goes to one annotation and to REST. */
export interface RunSummary {
  readonly outcome?: Outcome;
  readonly reason?: string;
  readonly actor?: string;
  /** Percent. `served`: of the gateway's instance that is furthest from it; absent: not asked, or nobody answered. */
  readonly weight: { readonly intended: number; readonly written: number; readonly served?: number };
  /** What the gateway said last; absent: not asked. */
  readonly served?: { readonly state: Served['state']; readonly message: string };
  readonly pause?: { readonly startedAt: string; readonly deadline?: string };
  readonly held?: { readonly actor: string; readonly reason?: string };
  /** `at` of the last {@link RequestedChange} that was told of. */
  readonly change?: string;
  /** Those that have pods or a role; absent: traffic only. */
  readonly revisions?: readonly Revision[];
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
  const { spec, stepIndex } = run;
  const outcome = run.stage === 'promoting' ? undefined : run.ending?.outcome;
  const promoted = outcome !== undefined && IS_PROMOTED[outcome];
  const aborted = outcome === 'aborted';
  return {
    phase,
    message,
    observedGeneration: String(run.generation),
    currentStepIndex: promoted || isStepless(run) ? spec.steps.length : aborted ? 0 : stepIndex,
    currentPodHash: wantedHash(run),
    currentStepHash: stepsHash(spec.steps),
    stableRS: servingHash(run),
    ...podsOf(run),
    ...(aborted && { abort: true, abortedAt: timestamp(run.endingAtMs ?? nowMs) }),
    ...pauseOf(run),
    ...(run.fullPromotion !== undefined && outcome === undefined && { promoteFull: true }),
    ...(spec.stableService !== '' && { canary: { weights: weightsOf(run) } }),
    conditions: conditionsOf(run, phase, message, nowMs),
  };
}

/** A first deploy, and a rollback within the window, have nothing to do step by step. */
function isStepless(run: Run): boolean {
  return hasPods(run) && (isFirstDeploy(run) || (run.isRollback === true && run.ending === undefined));
}

/** Whether the revision that was wanted is stable at such an end. */
const IS_PROMOTED: Readonly<Record<Outcome, boolean>> = {
  promoted: true,
  fastPromoted: true,
  rolledBack: true,
  nothingToDo: true,
  aborted: false,
  superseded: false,
  deleted: false,
};

function podsOf(run: Run): Partial<RolloutStatus> {
  if (!hasPods(run)) {
    return {};
  }
  const { revisions, selector, referenced } = run.workload;
  const sum = (count: (revision: Revision) => number): number =>
    revisions.reduce((total, revision) => total + count(revision), 0);
  const replicas = sum(({ pods }) => pods);
  return {
    replicas,
    HPAReplicas: replicas,
    updatedReplicas: revisionWith(run.workload, wantedHash(run))?.pods ?? 0,
    readyReplicas: sum(({ ready }) => ready),
    availableReplicas: sum(({ available }) => available),
    selector,
    ...(run.restartedAtMs !== undefined && { restartedAt: timestamp(run.restartedAtMs) }),
    ...(referenced && { workloadObservedGeneration: String(referenced.generation) }),
  };
}

function revisionsOf(run: Run): Pick<RunSummary, 'revisions'> {
  if (!hasPods(run)) {
    return {};
  }
  const roles = [run.revision.stable, run.revision.canary];
  const revisions = run.workload.revisions
    .filter(({ hash, replicas, pods }) => replicas > 0 || pods > 0 || roles.includes(hash))
    .toSorted((a, b) => b.number - a.number);
  return { revisions };
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
    ...(isAtEnd(run) && run.ending && { outcome: run.ending.outcome, reason: run.ending.reason }),
    ...(by && { actor: by.actor }),
    ...servedOf(run),
    ...(startedAtMs !== undefined && {
      pause: {
        startedAt: timestamp(startedAtMs),
        ...(run.pauseDeadlineMs !== undefined && { deadline: new Date(run.pauseDeadlineMs).toISOString() }),
      },
    }),
    ...revisionsOf(run),
    ...(run.change && { change: run.change.at }),
    ...(run.held && { held: { actor: run.held.actor, ...(run.held.reason && { reason: run.held.reason }) } }),
  };
}

function servedOf({
  served,
  intendedWeight: intended,
  writtenWeight: written,
}: Run): Pick<RunSummary, 'weight' | 'served'> {
  return served === undefined
    ? { weight: { intended, written } }
    : {
        weight: { intended, written, ...(served.weight !== undefined && { served: served.weight }) },
        served: { state: served.state, message: served.message },
      };
}

function weightsOf(run: Run): { canary: WeightDestination; stable: WeightDestination } {
  const { spec, revision, writtenWeight: weight } = run;
  return {
    canary: { weight, serviceName: spec.canaryService, podTemplateHash: revision.canary },
    stable: { weight: 100 - weight, serviceName: spec.stableService, podTemplateHash: servingHash(run) },
  };
}

function reasonOf({ ending }: Run, phase: Phase, message: string): string {
  if (phase === 'Degraded' && message.startsWith(DEADLINE_EXCEEDED)) {
    return DEADLINE_EXCEEDED;
  }
  return ending?.reason ?? (phase === 'Paused' ? 'RolloutPaused' : 'RolloutProgressing');
}

function conditionsOf(run: Run, phase: Phase, message: string, nowMs: number): readonly Condition[] {
  const reason = reasonOf(run, phase, message);
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
