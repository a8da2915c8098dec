import type { LabelledRevision } from './actions.ts';
import { assertNever } from './assert-never.ts';
import { failed } from './failed.ts';
import { servedReported, whenItCounts, writtenToGateway } from './gateway.ts';
import { repaired, type Repaired } from './mappings.ts';
import { observed } from './observed.ts';
import { hasPods } from './pods.ts';
import type { Scaling } from './replicas.ts';
import { canonical } from './revision.ts';
import type { CanaryMapping, Observation, Problem, Run, ServedReport, Wanted } from './run.ts';
import {
  ABORTED,
  endStep,
  enterStep,
  retreat,
  settle,
  stableEndpointsReady,
  switched,
  withRevisions,
  withWorkload,
  withoutPods,
} from './transitions.ts';
import { withNews, type Revision, type ServiceRevisions } from './workload.ts';

/** What happened. Commands are in `commands.ts`. */
export type RunEvent =
  | { readonly kind: 'told'; readonly wanted: Wanted; readonly lookAgain: boolean }
  /** ReplicaSets changed, and nothing else is known to have. */
  | { readonly kind: 'podsHeard'; readonly wanted: Wanted; readonly revisions: readonly Revision[] }
  | { readonly kind: 'observationStarted' }
  | { readonly kind: 'observed'; readonly observation: Observation }
  | { readonly kind: 'canaryMappingsEnsured'; readonly canaryMappings: readonly CanaryMapping[] }
  | { readonly kind: 'canaryMappingsDropped'; readonly canaryMappings: readonly CanaryMapping[] }
  | { readonly kind: 'weightIntended'; readonly weight: number }
  | {
      readonly kind: 'weightWritten';
      readonly weight: number;
      readonly canaryMappings: readonly CanaryMapping[];
      /** When it was, if an attempt whose answer was lost had written it; absent: now. */
      readonly writtenAtMs?: number;
    }
  /** A Mapping of the Rollout is not what it is to be, or carries an order. */
  | { readonly kind: 'mappingsHeard'; readonly wanted: Wanted }
  | { readonly kind: 'repairStarted' }
  | ({ readonly kind: 'mappingsRepaired' } & Repaired)
  /** Canary Mappings of an Argo controller, each with the weight that it had. */
  | { readonly kind: 'canaryMappingsAdopted'; readonly canaryMappings: readonly CanaryMapping[] }
  | { readonly kind: 'servedReported'; readonly weight: number; readonly report: ServedReport }
  | { readonly kind: 'stepFinished' }
  | { readonly kind: 'promotionStarted' }
  | { readonly kind: 'progressDeadlineExceeded' }
  | { readonly kind: 'stableServiceSwitched' }
  | { readonly kind: 'servicesPointed'; readonly services: ServiceRevisions }
  | { readonly kind: 'canaryEndpointsReady' }
  | { readonly kind: 'stableEndpointsReady' }
  | { readonly kind: 'canaryMappingsRemoved' }
  | { readonly kind: 'rolloutReleased' }
  | {
      readonly kind: 'replicaSetsScaled';
      readonly revisions: readonly Revision[];
      readonly scalings: readonly Scaling[];
      /** Hashes of revisions that have no ReplicaSet any more. */
      readonly missing?: readonly string[];
    }
  | { readonly kind: 'podsRestarted'; readonly left: number; readonly evicted: number }
  | { readonly kind: 'revisionsTrimmed'; readonly names: readonly string[] }
  | { readonly kind: 'referencedScaled'; readonly replicas: number }
  | { readonly kind: 'podsLabelled'; readonly revisions: readonly LabelledRevision[] }
  /** Something about pods that no traffic depends on could not be done. */
  | { readonly kind: 'postponed'; readonly action: string; readonly message: string }
  /** An activity failed for good: retrying cannot help. */
  | { readonly kind: 'failed'; readonly problem: Problem };

/** A restart goes on when pods are back; a PodDisruptionBudget that lets go is not heard of, and looked at this often. */
const RESTART_AGAIN_MS = 10_000;

/** What an admission policy or RBAC forbids is seldom allowed sooner. */
const POSTPONED_MS = 30_000;

/** The state after an event. Pure; `nowMs` is the workflow's time. */
export function evolve(run: Run, event: RunEvent, nowMs: number): Run {
  switch (event.kind) {
    case 'told':
      return told({ ...run, askedAnew: true }, event.wanted, event.lookAgain);
    case 'podsHeard':
      return podsHeard(run, event.wanted, event.revisions, nowMs);
    case 'observationStarted':
      // Reads are consistent: what comes back covers all that the run was told of until now.
      return { ...run, wanted: undefined, lookAgain: false };
    case 'observed':
      return observed(run, event.observation, nowMs);
    case 'canaryMappingsEnsured':
      return ensured(run, event.canaryMappings, nowMs);
    case 'canaryMappingsDropped':
      return {
        ...run,
        lastMappingWriteMs: nowMs,
        leftovers: undefined,
        canaryMappings: run.canaryMappings.filter(({ name }) => event.canaryMappings.every((one) => one.name !== name)),
      };
    case 'mappingsHeard':
      return event.wanted.uid === run.uid ? { ...run, mappingsChanged: true } : run;
    case 'repairStarted':
      // What it reads covers all that the run was told of until now; and it is a write of its own in the order of writes.
      return { ...run, mappingsChanged: undefined, sequence: run.sequence + 1 };
    case 'mappingsRepaired':
      return repaired(run, event, nowMs);
    case 'canaryMappingsAdopted':
      return { ...writtenToGateway(run, nowMs), adoptable: undefined };
    case 'servedReported':
      return servedReported(run, event.weight, event.report, nowMs);
    case 'weightIntended':
      return { ...run, intendedWeight: event.weight, sequence: run.sequence + 1 };
    case 'weightWritten':
      return whenItCounts(
        {
          ...writtenToGateway(run, nowMs),
          writtenWeight: event.weight,
          canaryMappings: withWeights(run.canaryMappings, event.canaryMappings, event.weight),
        },
        countsSinceMs(run, event.writtenAtMs, nowMs),
      );
    case 'stepFinished':
      return enterStep(endStep(run, nowMs), run.stepIndex + 1, nowMs);
    case 'promotionStarted':
      return promotionStarted(run, nowMs);
    case 'progressDeadlineExceeded':
      return progressDeadlineExceeded(run, nowMs);
    case 'stableServiceSwitched':
      return switched(run);
    case 'servicesPointed':
      return servicesPointed(run, event.services, nowMs);
    case 'canaryEndpointsReady':
      return { ...run, canaryEndpointsReady: true };
    case 'stableEndpointsReady':
      return stableEndpointsReady(run, nowMs);
    case 'canaryMappingsRemoved':
      return {
        // A Mapping that was there is a write that the gateway has to act on.
        ...(run.canaryMappings.length > 0 || run.leftovers !== undefined ? writtenToGateway(run, nowMs) : run),
        canaryMappings: [],
        leftovers: undefined,
        intendedWeight: 0,
        writtenWeight: 0,
        stage: 'releasing',
      };
    case 'rolloutReleased':
      return settle(run, nowMs);
    case 'replicaSetsScaled':
      return replicaSetsScaled(run, event.revisions, event.missing ?? [], nowMs);
    case 'podsRestarted':
      return podsRestarted(run, event.left, nowMs);
    case 'revisionsTrimmed':
      return withWorkload(run, {
        revisions: run.workload?.revisions.filter(({ name }) => !event.names.includes(name)) ?? [],
      });
    case 'referencedScaled':
      return run.workload?.referenced === undefined
        ? run
        : withWorkload(run, { referenced: { ...run.workload.referenced, replicas: event.replicas } });
    case 'podsLabelled':
      return podsLabelled(run, event.revisions);
    case 'postponed':
      return { ...run, postponed: { ...run.postponed, [event.action]: nowMs + POSTPONED_MS } };
    case 'failed':
      return failed(run, event.problem, nowMs);
    default:
      return assertNever(event);
  }
}

function told(run: Run, wanted: Wanted, lookAgain: boolean): Run {
  if (run.ending?.outcome === 'deleted' && wanted.uid === run.uid) {
    return run; // An object that is deleted does not come back under its uid.
  }
  const isOlder = run.wanted?.uid === wanted.uid && wanted.generation < run.wanted.generation;
  return { ...run, wanted: isOlder ? run.wanted : wanted, lookAgain: run.lookAgain || lookAgain };
}

/** News that comes before the run knows any pods is kept: what it is about to read may be older. */
function podsHeard(run: Run, wanted: Wanted, revisions: readonly Revision[], nowMs: number): Run {
  const noted = told(run, wanted, false);
  if (run.workload === undefined) {
    return { ...noted, heard: revisions };
  }
  return wanted.uid === run.uid ? withRevisions(noted, withNews(run.workload.revisions, revisions), nowMs) : noted;
}

function promotionStarted(run: Run, nowMs: number): Run {
  const promotion = hasPods(run) ? 'pods' : run.writtenWeight === 100 ? 'service' : 'weight';
  return { ...run, stage: 'promoting', promotion, progressAtMs: nowMs };
}

function servicesPointed(run: Run, services: ServiceRevisions, nowMs: number): Run {
  const pointed = withWorkload(run, { services: { ...run.workload?.services, ...services } });
  const ready = services.canary === undefined ? pointed : { ...pointed, canaryEndpointsReady: false };
  const isSwitch = services.stable === run.revision.canary && run.stage !== 'settling';
  return isSwitch ? withoutPods(switched(ready), nowMs) : ready;
}

/** A ReplicaSet that was deleted by hand is not asked for again. */
function replicaSetsScaled(run: Run, scaled: readonly Revision[], missing: readonly string[], nowMs: number): Run {
  const known = withNews(run.workload?.revisions ?? [], scaled);
  const present = missing.length === 0 ? known : known.filter(({ hash }) => !missing.includes(hash));
  return withRevisions(run, present, nowMs);
}

function podsLabelled(run: Run, labelled: readonly LabelledRevision[]): Run {
  const revisions = run.workload?.revisions.map((revision) => {
    const now = labelled.find(({ podTemplateHash }) => podTemplateHash === revision.hash);
    return now === undefined ? revision : { ...revision, roleMetadata: canonical(now.metadata) };
  });
  return withWorkload(run, { revisions: revisions ?? [] });
}

function podsRestarted(run: Run, left: number, nowMs: number): Run {
  const { restartAtMs } = run.spec.workload ?? {};
  return left === 0
    ? { ...run, restart: undefined, ...(restartAtMs !== undefined && { restartedAtMs: restartAtMs }) }
    : { ...run, restart: { left, againAtMs: nowMs + RESTART_AGAIN_MS, awaitsPods: true } };
}

function progressDeadlineExceeded(run: Run, nowMs: number): Run {
  const { progressDeadlineAbort = false, progressDeadlineSeconds = 0 } = run.spec.workload ?? {};
  const exceeded = { ...run, deadlineExceeded: true };
  const isUpdate = run.stage === 'stepping' || run.stage === 'promoting';
  const message = `aborted by progressDeadlineAbort: no progress for ${progressDeadlineSeconds} s`;
  return progressDeadlineAbort && isUpdate
    ? retreat(exceeded, { outcome: 'aborted', reason: ABORTED, message }, nowMs)
    : exceeded;
}

/** An abort may have come while the Mappings were being created: then they are only known, to be removed. */
function ensured(run: Run, made: readonly CanaryMapping[], nowMs: number): Run {
  const others = run.canaryMappings.filter(({ name }) => made.every((one) => one.name !== name));
  const canaryMappings = [...others, ...made.map((one) => ({ ...one, weight: 0 }))];
  const known = { ...run, canaryMappings, lastMappingWriteMs: nowMs };
  return run.stage === 'creating' ? enterStep({ ...known, stage: 'stepping' }, 0, nowMs) : known;
}

function withWeights(
  known: readonly CanaryMapping[],
  written: readonly CanaryMapping[],
  weight: number,
): readonly CanaryMapping[] {
  return known.map((one) => {
    const now = written.find(({ name }) => name === one.name);
    return now === undefined ? one : { ...now, weight };
  });
}

/**
 * When a weight began to count. An attempt whose answer was lost is dated by the API server, so that a pause is not longer for
 * it; its clock is believed only between the start of the step and now.
 */
function countsSinceMs(run: Run, writtenAtMs: number | undefined, nowMs: number): number {
  const startedAtMs = run.stepRecords[run.stepIndex]?.startedAtMs ?? nowMs;
  return Math.min(Math.max(writtenAtMs ?? nowMs, startedAtMs), nowMs);
}
