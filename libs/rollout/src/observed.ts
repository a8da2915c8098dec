import { hasPods, wantedHash } from './pods.ts';
import type { Ending, Observation, ObservedRollout, Run } from './run.ts';
import { stepsHash } from './steps.ts';
import {
  ABORTED,
  NO_READY_ENDPOINTS,
  SUPERSEDED,
  enterStep,
  retreat,
  switched,
  withRevisions,
  withoutPods,
} from './transitions.ts';
import type { RolloutSpec } from './types.ts';
import { isWithinRollbackWindow, newest } from './workload.ts';

/** The run after it looked at the cluster: what it begins, goes on with, or ends for. */
export function observed(before: Run, observation: Observation, nowMs: number): Run {
  const { rollout } = observation;
  const run = { ...before, looked: true };
  if (rollout === undefined || (run.uid !== undefined && rollout.uid !== run.uid)) {
    // Another one of its name is for the next run.
    const wanted = rollout && { uid: rollout.uid, generation: rollout.generation };
    return gone({ ...run, ...(wanted && { wanted }) }, 'the Rollout is gone', nowMs);
  }
  const { uid, generation, owned, change } = rollout;
  const seen = { ...run, uid, generation, owned, ...(change && { change }) };
  if (run.stage === 'settling') {
    return observedWhileSettling(seen, rollout, observation, nowMs);
  }
  if (run.ending !== undefined) {
    return observedWhileEnding(before, seen, rollout, observation);
  }
  if (rollout.deleting) {
    return gone(seen, 'the Rollout is being deleted', nowMs);
  }
  if (!rollout.owned) {
    return seen;
  }
  return run.stage === 'stepping' || run.stage === 'promoting' || run.stage === 'deploying'
    ? observedUnderWay(seen, rollout, observation, nowMs)
    : observedAtStart(seen, rollout, observation, nowMs);
}

/** A dynamicStableScale retreat does not wait for stable pods that nobody will run. */
function gone(run: Run, message: string, nowMs: number): Run {
  const ending: Ending = { outcome: 'deleted', reason: 'RolloutDeleted', message };
  if (run.stage === 'settling') {
    return { ...run, stage: 'closing' };
  }
  return run.stage === 'retreating' ? { ...run, ending } : retreat(run, ending, nowMs);
}

function observedWhileEnding(before: Run, run: Run, rollout: ObservedRollout, observation: Observation): Run {
  if (before.looked) {
    // Waiting for stable pods: what is wanted anew is for the next run.
    const isNew = rollout.generation > before.generation;
    const deleted = rollout.deleting
      ? ({ outcome: 'deleted', reason: 'RolloutDeleted', message: 'the Rollout is being deleted' } as const)
      : undefined;
    return {
      ...withFreshPods(before, observation),
      ...(isNew && { followUp: true }),
      ...(deleted && { ending: deleted }),
    };
  }
  const { revision } = observation;
  if (before.maySwitch === true && revision !== undefined && revision.stable === before.revision.canary) {
    return switched({ ...withFreshPods(run, observation), maySwitch: false });
  }
  // What the run tried stays what it says; one that had not looked yet learns it now.
  return before.generation > 0 ? { ...before, looked: true } : { ...run, ...factsOf(rollout, observation) };
}

function withFreshPods(run: Run, { workload }: Observation): Run {
  return workload === undefined ? run : { ...run, workload };
}

function factsOf(rollout: ObservedRollout, { revision, mappingApiVersion, workload }: Observation): Partial<Run> {
  const { spec, conditions, restartedAtMs } = rollout;
  return {
    spec,
    conditions,
    revision: revision ?? { stable: '', canary: '' },
    ...(mappingApiVersion !== undefined && { mappingApiVersion }),
    ...(workload !== undefined && { workload }),
    ...(restartedAtMs !== undefined && { restartedAtMs }),
  };
}

function observedAtStart(run: Run, rollout: ObservedRollout, observation: Observation, nowMs: number): Run {
  const known: Run = { ...run, ...factsOf(rollout, observation), progressAtMs: nowMs };
  const { revision } = known;
  const blocking = blockingProblem(known, observation);
  const isThere = hasPods(known) && revision.canary !== '' && revision.stable === revision.canary;
  if (blocking !== undefined && !isThere) {
    return retreat(known, blocking, nowMs);
  }
  const standing = standingAbort(known, rollout);
  if (hasPods(known) && revision.stable === '') {
    return standing === undefined ? { ...known, stage: 'deploying' } : standStill(known, standing, rollout, nowMs);
  }
  if (revision.stable === revision.canary) {
    const message = hasPods(known)
      ? 'the wanted revision is stable'
      : 'the stable and the canary Service select the same pods';
    return retreat(known, { outcome: 'nothingToDo', reason: 'NothingToDo', message }, nowMs);
  }
  if (standing !== undefined) {
    return standStill(known, standing, rollout, nowMs);
  }
  return hasPods(known) ? beginSteps(known, nowMs) : { ...known, stage: 'creating' };
}

/** Since when it stands does not change. */
function standStill(run: Run, standing: Ending, { abort }: ObservedRollout, nowMs: number): Run {
  const retreated = retreat(run, standing, nowMs);
  return standing.standing === true && abort !== undefined ? { ...retreated, endingAtMs: abort.atMs } : retreated;
}

function beginSteps(run: Run, nowMs: number): Run {
  const { workload, revision, spec } = run;
  const isRollback = isWithinRollbackWindow(
    workload?.revisions ?? [],
    revision,
    spec.workload?.rollbackWindowRevisions,
  );
  return enterStep({ ...run, stage: 'stepping', ...(isRollback && { isRollback }) }, 0, nowMs);
}

/** Without these there is nothing to deploy. */
const NO_TEMPLATE: readonly string[] = ['InvalidSpec', 'WorkloadNotFound'];

/** A first deploy shifts no traffic: its Mappings are not touched, and its Services may come after it. */
function blockingProblem(run: Run, { problems }: Observation): Ending | undefined {
  const isFirst = hasPods(run) && run.revision.stable === '' && run.spec.mappings.length > 0;
  const found = isFirst ? problems.filter(({ reason }) => NO_TEMPLATE.includes(reason)) : problems;
  const [first] = found;
  return first && { outcome: 'aborted', reason: first.reason, message: found.map((one) => one.message).join('; ') };
}

/**
 * An abort that stands. A person's stands until something else is wanted: another generation, or with pods another template or
 * other steps, because scaling is no reason to try again. Any other abort stands against mere news of pods.
 */
function standingAbort(run: Run, rollout: ObservedRollout): Ending | undefined {
  const isStanding = rollout.aborted || (rollout.abort !== undefined && hasPods(run) && run.askedAnew !== true);
  if (!isStanding || run.retrying || !wasTried(run, rollout)) {
    return undefined;
  }
  const { abort } = rollout;
  const message = `revision ${run.revision.canary} was aborted before; retry it, or change the Rollout`;
  return abort === undefined || !hasPods(run)
    ? { outcome: 'aborted', reason: ABORTED, message }
    : { outcome: 'aborted', reason: abort.reason, message: abort.message, standing: true };
}

/** Whether what is wanted is what the status tells of. */
function wasTried(
  run: Run,
  { triedRevision, triedSteps, observedGeneration = 0, generation }: ObservedRollout,
): boolean {
  const isSame = hasPods(run) ? triedSteps === stepsHash(run.spec.steps) : observedGeneration >= generation;
  return isSame && triedRevision === run.revision.canary;
}

function observedUnderWay(run: Run, rollout: ObservedRollout, observation: Observation, nowMs: number): Run {
  const isSwitched = run.stage === 'promoting' && run.promotion !== 'pods';
  const fresh = withFreshPods(run, observation);
  if (isBack(run, observation) && !isSwitched) {
    const message = 'the stable revision is wanted again';
    return retreat(fresh, { outcome: 'rolledBack', reason: 'RolloutRolledBack', message }, nowMs);
  }
  if (!isSameTry(run, rollout, observation, isSwitched)) {
    const message = hasPods(run)
      ? 'another revision or other steps are wanted: starting over with them'
      : 'the Rollout or the selector of a Service changed: starting over with what is wanted now';
    return retreat(fresh, { outcome: 'superseded', reason: SUPERSEDED, message }, nowMs);
  }
  const fatal = problemUnderWay(run, rollout.spec, observation);
  if (fatal !== undefined && !isSwitched) {
    return retreat(fresh, fatal, nowMs);
  }
  const readyToPromote = run.fullPromotion !== undefined || run.stepIndex >= run.spec.steps.length;
  return withoutPods({ ...adopt(run, rollout, observation, nowMs), readyToPromote }, nowMs);
}

/** The stable revision is wanted again while another is tried. */
function isBack({ spec, revision }: Run, { revision: now }: Observation): boolean {
  return spec.workload !== undefined && revision.stable !== '' && now?.canary === revision.stable;
}

function isSameTry(run: Run, { spec }: ObservedRollout, { revision }: Observation, isSwitched: boolean): boolean {
  const { stable, canary } = run.revision;
  return (
    sameTraffic(run.spec, spec) && revision?.canary === canary && revision.stable === (isSwitched ? canary : stable)
  );
}

const isDead = ({ reason }: { reason: string }): boolean => reason === NO_READY_ENDPOINTS;

/** In mid-run the canary must not be dead, and Mappings that were added must be fit. */
function problemUnderWay(run: Run, spec: RolloutSpec, { problems }: Observation): Ending | undefined {
  const hasNewMappings = spec.mappings.some((name) => !run.spec.mappings.includes(name)) || spec.mappings.length === 0;
  const found = hasNewMappings && run.stage !== 'deploying' ? problems : problems.filter(isDead);
  const [first] = found;
  return first && { outcome: 'aborted', reason: first.reason, message: found.map((one) => one.message).join('; ') };
}

/** Takes over what may change in mid-run: sizes, delays, Mappings, a pause. */
function adopt(run: Run, { spec, restartedAtMs }: ObservedRollout, { workload }: Observation, nowMs: number): Run {
  const adopted = { ...run, spec, ...(restartedAtMs !== undefined && { restartedAtMs }) };
  if (workload === undefined) {
    return adopted;
  }
  const heard = newest(workload.revisions, run.workload?.revisions ?? []);
  return { ...withRevisions(adopted, heard, nowMs), workload: { ...workload, revisions: heard } };
}

/** Traffic is home: pods are scaled in place, and any other try is the next run's. */
function observedWhileSettling(run: Run, rollout: ObservedRollout, observation: Observation, nowMs: number): Run {
  if (rollout.deleting) {
    return { ...run, stage: 'closing' };
  }
  if (!rollout.owned) {
    return run;
  }
  const { revision } = observation;
  const sameWanted = revision?.canary === wantedHash(run) && sameTraffic(run.spec, rollout.spec);
  // What stood in the way may be gone; a person's abort stands.
  const wantsTry = run.ending?.outcome === 'aborted' && run.ending.reason !== ABORTED;
  return sameWanted && observation.workload !== undefined && !wantsTry
    ? adopt(run, rollout, observation, nowMs)
    : { ...run, followUp: true };
}

/** Whether two specs ask for the same course of traffic. */
function sameTraffic(a: RolloutSpec, b: RolloutSpec): boolean {
  const course = ({ stableService, canaryService, steps, workload }: RolloutSpec): string =>
    JSON.stringify([stableService, canaryService, steps, workload !== undefined]);
  return course(a) === course(b);
}
