import { ordered } from './mappings.ts';
import { hasPods, wantedHash } from './pods.ts';
import type { Ending, Observation, ObservedRollout, Problem, Run } from './run.ts';
import { stepsHash } from './steps.ts';
import {
  ABORTED,
  ARGO_CANARY_LEFT,
  MAPPING_SHARED,
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
export function observed(before: Run, read: Observation, nowMs: number): Run {
  const observation = withWhatWasHeard(read, before);
  const { rollout } = observation;
  const run = { ...before, looked: true, heard: undefined };
  if (rollout === undefined || (run.uid !== undefined && rollout.uid !== run.uid)) {
    // Another one of its name is for the next run.
    const wanted = rollout && { uid: rollout.uid, generation: rollout.generation };
    return gone({ ...run, ...(wanted && { wanted }) }, { ...DELETED, message: 'the Rollout is gone' }, nowMs);
  }
  const seen = withIdentity(run, rollout, nowMs);
  if (run.stage === 'settling') {
    return observedWhileSettling(seen, rollout, observation, nowMs);
  }
  if (run.ending !== undefined) {
    return observedWhileEnding(before, seen, rollout, observation);
  }
  if (rollout.deleting) {
    return gone(seen, DELETED, nowMs);
  }
  if (!rollout.owned) {
    return seen;
  }
  return run.stage === 'stepping' || run.stage === 'promoting' || run.stage === 'deploying'
    ? observedUnderWay(seen, rollout, observation, nowMs)
    : observedAtStart(seen, rollout, observation, nowMs);
}

const DELETED: Ending = { outcome: 'deleted', reason: 'RolloutDeleted', message: 'the Rollout is being deleted' };

function withIdentity(run: Run, { uid, generation, owned, change }: ObservedRollout, nowMs: number): Run {
  const isGivenBack = owned && !run.owned; // Its clock stood still.
  return {
    ...run,
    uid,
    generation,
    owned,
    ...(change && { change }),
    ...(isGivenBack && { progressAtMs: nowMs }),
  };
}

/** News may have overtaken the reading. */
function withWhatWasHeard(observation: Observation, { workload, heard = [] }: Run): Observation {
  const { workload: read } = observation;
  return read === undefined
    ? observation
    : { ...observation, workload: { ...read, revisions: newest(read.revisions, workload?.revisions ?? heard) } };
}

/** A dynamicStableScale retreat does not wait for stable pods that nobody will run. */
function gone(run: Run, ending: Ending, nowMs: number): Run {
  if (run.stage === 'settling') {
    return { ...run, stage: 'closing' };
  }
  return run.stage === 'retreating' ? { ...run, ending } : retreat(run, ending, nowMs);
}

function observedWhileEnding(before: Run, run: Run, rollout: ObservedRollout, observation: Observation): Run {
  // What is wanted since is for the next run, or for a look at what the switch came to.
  const isNew = before.generation > 0 && rollout.generation > before.generation;
  if (before.looked) {
    const ending = rollout.deleting ? DELETED : before.ending;
    return { ...withFreshPods(before, observation), ...(isNew && { followUp: true }), ...(ending && { ending }) };
  }
  const { revision } = observation;
  if (before.maySwitch === true && revision !== undefined && revision.stable === before.revision.canary) {
    const wasAborted = before.ending?.outcome === 'aborted';
    const lookAgain = run.lookAgain || isNew || !wasAborted;
    return switched({ ...withFreshPods(run, observation), maySwitch: false, lookAgain });
  }
  // What the run tried stays what it says; one that had not looked yet learns it now.
  return before.generation > 0
    ? { ...before, looked: true, ...(isNew && { followUp: true }) }
    : withLeftovers({ ...run, ...factsOf(rollout, observation) }, observation);
}

/** A run that was aborted before it looked takes home what one before it left, as if it were its own. */
function withLeftovers(run: Run, { canaryMappings: leftovers }: Observation): Run {
  if (leftovers === undefined) {
    return run;
  }
  const weight = Math.max(0, ...leftovers.map((one) => one.weight ?? 0));
  return { ...run, leftovers, canaryMappings: leftovers, writtenWeight: weight, intendedWeight: weight };
}

function withFreshPods(run: Run, { workload }: Observation): Run {
  return workload === undefined ? run : { ...run, workload };
}

function factsOf(rollout: ObservedRollout, observation: Observation): Partial<Run> {
  const { spec, conditions, restartedAtMs } = rollout;
  const { revision, mappingApiVersion, workload, adoptable, verifies } = observation;
  return {
    spec,
    conditions,
    revision: revision ?? { stable: '', canary: '' },
    ...(mappingApiVersion !== undefined && { mappingApiVersion }),
    ...(workload !== undefined && { workload }),
    ...(restartedAtMs !== undefined && { restartedAtMs }),
    ...(adoptable && { adoptable }),
    ...(verifies && { verifies }),
  };
}

function observedAtStart(run: Run, rollout: ObservedRollout, observation: Observation, nowMs: number): Run {
  const { canaryMappings: leftovers } = observation;
  const known: Run = {
    ...run,
    ...factsOf(rollout, observation),
    ...(leftovers && { leftovers }),
    progressAtMs: nowMs,
  };
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
  if (rollout.order !== undefined) {
    return ordered(known, rollout.order, nowMs);
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
  return abortFor(isFirst ? problems.filter(({ reason }) => NO_TEMPLATE.includes(reason)) : problems);
}

/** The first problem gives the reason, all of them the message. */
function abortFor(problems: readonly Problem[]): Ending | undefined {
  const [first] = problems;
  const message = problems.map((one) => one.message).join('; ');
  return first && { outcome: 'aborted', reason: first.reason, message };
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
  const adopted = adopt(run, rollout, observation, nowMs);
  if (isBack(run, observation) && !isSwitched) {
    const message = 'the stable revision is wanted again';
    return retreat(adopted, { outcome: 'rolledBack', reason: 'RolloutRolledBack', message }, nowMs);
  }
  if (!isSameTry(run, rollout, observation, isSwitched)) {
    const message = hasPods(run)
      ? 'another revision or other steps are wanted: starting over with them'
      : 'the Rollout or the selector of a Service changed: starting over with what is wanted now';
    return retreat(withFreshPods(run, observation), { outcome: 'superseded', reason: SUPERSEDED, message }, nowMs);
  }
  if (rollout.order !== undefined && !isSwitched) {
    return ordered(adopted, rollout.order, nowMs);
  }
  const fatal = problemUnderWay(run, rollout.spec, observation);
  if (fatal !== undefined && !isSwitched) {
    return retreat(adopted, fatal, nowMs);
  }
  const readyToPromote = run.fullPromotion !== undefined || run.stepIndex >= run.spec.steps.length;
  return withoutPods({ ...adopted, readyToPromote }, nowMs);
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

/** A canary that is dead, and a route that is no longer theirs alone. */
const ALWAYS_FATAL: readonly string[] = [NO_READY_ENDPOINTS, MAPPING_SHARED, ARGO_CANARY_LEFT];

/** In mid-run nothing of that may be, and Mappings that were added must be fit. */
function problemUnderWay(run: Run, spec: RolloutSpec, { problems }: Observation): Ending | undefined {
  const hasNewMappings = spec.mappings.some((name) => !run.spec.mappings.includes(name)) || spec.mappings.length === 0;
  return abortFor(
    hasNewMappings && run.stage !== 'deploying'
      ? problems
      : problems.filter(({ reason }) => isAlwaysFatal(run, reason)),
  );
}

/** A first deploy has no canary Mapping, and no share that another could take. */
function isAlwaysFatal({ stage }: Run, reason: string): boolean {
  return stage === 'deploying' ? reason === NO_READY_ENDPOINTS : ALWAYS_FATAL.includes(reason);
}

/** Takes over what may change in mid-run: sizes, delays, Mappings, a pause. */
function adopt(run: Run, { spec, restartedAtMs }: ObservedRollout, { workload }: Observation, nowMs: number): Run {
  // The clock begins anew with other sizes, and stood still while the manifest was paused.
  const isNewStart =
    spec.workload?.replicas !== run.spec.workload?.replicas || (run.spec.paused === true && spec.paused !== true);
  const adopted = {
    ...run,
    spec,
    ...(restartedAtMs !== undefined && { restartedAtMs }),
    ...(isNewStart && { progressAtMs: nowMs }),
  };
  if (workload === undefined) {
    return adopted;
  }
  return { ...withRevisions(adopted, workload.revisions, nowMs), workload };
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
