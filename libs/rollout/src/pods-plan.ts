import type { ActivityAction, LabelledRevision } from './actions.ts';
import { goingAway } from './leaving.ts';
import {
  availableOf,
  currentStep,
  isFirstDeploy,
  isRestartPending,
  servingHash,
  wantedHash,
  type RunWithPods,
} from './pods.ts';
import { canaryReplicas, restartBatch, stableReplicas, type RevisionTarget } from './replicas.ts';
import { canonical } from './revision.ts';
import { revisionWith, type ServiceRevisions } from './workload.ts';

/** What is to be done about the pods now; undefined: nothing. Traffic is the planner's. */
export function nextForPods(run: RunWithPods, nowMs: number): ActivityAction | undefined {
  return (
    scaling(run, nowMs) ??
    (run.stage === 'stepping' || run.stage === 'settling' ? pointing(run) : undefined) ??
    upkeep(run, nowMs)
  );
}

/** What no traffic depends on. One that failed gives way to the others for a while. */
function upkeep(run: RunWithPods, nowMs: number): ActivityAction | undefined {
  const due = [restarting(run, nowMs), scalingReferenced(run), labelling(run), trimming(run)];
  return due.find((action) => action !== undefined && (run.postponed?.[action.kind] ?? 0) <= nowMs);
}

/** When something is due about the pods although nothing happens until then; undefined: nothing is. */
export function podsDueAtMs(run: RunWithPods, nowMs: number): number | undefined {
  const { restart } = run;
  const { restartAtMs = 0 } = run.spec.workload;
  const due = [
    ...goingAway(run, nowMs).flatMap(({ untilMs }) => (untilMs === undefined ? [] : [untilMs])),
    ...(isRestartPending(run) && restartAtMs > nowMs ? [restartAtMs] : []),
    ...(isRestartPending(run) && restart !== undefined ? [restart.againAtMs] : []),
    ...Object.values(run.postponed ?? {}),
  ].filter((atMs) => atMs > nowMs);
  return due.length === 0 ? undefined : Math.min(...due);
}

function scaling(run: RunWithPods, nowMs: number): ActivityAction | undefined {
  const newestNumber = Math.max(0, ...run.workload.revisions.map(({ number }) => number));
  const targets = wantedSizes(run, nowMs).filter((target) => {
    const revision = revisionWith(run.workload, target.podTemplateHash);
    if (revision === undefined) {
      // Of any other one nobody has the template; and a manifest that is paused makes no new revision.
      return target.podTemplateHash === wantedHash(run) && (run.spec.paused !== true || target.replicas > 0);
    }
    // One that is wanted again is the newest, as after an undo of a Deployment.
    const isWanted = target.podTemplateHash === wantedHash(run);
    return (
      revision.replicas !== target.replicas ||
      (target.scaleDownAtMs !== undefined && target.scaleDownAtMs !== (revision.scaleDownAtMs ?? null)) ||
      (isWanted && revision.number < newestNumber)
    );
  });
  return targets.length === 0 ? undefined : { kind: 'scaleReplicaSets', targets };
}

/** What the next run must know before this one closes: until when pods of revisions that just lost their role are kept. */
export function noteDeadlines(run: RunWithPods, nowMs: number): ActivityAction | undefined {
  const targets = goingAway(run, nowMs).flatMap(({ target }) =>
    typeof target?.scaleDownAtMs === 'number' ? [target] : [],
  );
  return targets.length === 0 ? undefined : { kind: 'scaleReplicaSets', targets };
}

function wantedSizes(run: RunWithPods, nowMs: number): RevisionTarget[] {
  const { stage, spec, revision, writtenWeight } = run;
  const stepIndex = currentStep(run);
  const { replicas } = spec.workload;
  const size = (podTemplateHash: string, count: number): RevisionTarget[] =>
    podTemplateHash === '' ? [] : [{ podTemplateHash, replicas: count, ...withoutDeadline(run, podTemplateHash) }];
  switch (stage) {
    case 'deploying':
      // Pods of a revision that never became stable may be all that the Services select yet: they go when this one is there.
      return size(revision.canary, replicas);
    case 'stepping':
      return [
        ...size(revision.stable, stableReplicas(spec, stepIndex, writtenWeight)),
        ...size(revision.canary, canarySize(run)),
        ...goingAway(run, nowMs).flatMap(({ target }) => target ?? []),
      ];
    case 'promoting':
      // Stable keeps what it has: until its Service selects the new revision it may have to take everything back.
      return [
        ...(spec.workload.dynamicStableScale ? [] : size(revision.stable, replicas)),
        ...size(revision.canary, replicas),
      ];
    case 'retreating':
      return size(revision.stable, replicas);
    case 'settling':
      return [...size(servingHash(run), replicas), ...goingAway(run, nowMs).flatMap(({ target }) => target ?? [])];
    default:
      return [];
  }
}

/** What the step wants; one that is held asks for no more pods, and gives none of those back that it has got. */
function canarySize(run: RunWithPods): number {
  const { spec, stepIndex, writtenWeight, revision } = run;
  const present = revisionWith(run.workload, revision.canary)?.replicas ?? 0;
  return Math.max(
    canaryReplicas(spec, currentStep(run), writtenWeight),
    Math.min(present, canaryReplicas(spec, stepIndex, writtenWeight)),
  );
}

/** A revision that has a role keeps no deadline of earlier days. */
function withoutDeadline(run: RunWithPods, hash: string): { scaleDownAtMs?: null } {
  return revisionWith(run.workload, hash)?.scaleDownAtMs === undefined ? {} : { scaleDownAtMs: null };
}

/** Services that point elsewhere than they should. In mid-run none is pointed at a revision without available pods. */
function pointing(run: RunWithPods): ActivityAction | undefined {
  const { revision, workload } = run;
  const settled = run.stage === 'settling';
  const wanted: ServiceRevisions = settled
    ? { stable: servingHash(run), canary: servingHash(run) }
    : { stable: revision.stable, canary: revision.canary };
  const roles = (['stable', 'canary'] as const).filter((role) => {
    const hash = wanted[role] ?? '';
    const isThere = revisionWith(workload, hash) !== undefined && (settled || availableOf(run, hash) > 0);
    return hash !== workload.services[role] && isThere;
  });
  const services: ServiceRevisions = Object.fromEntries(roles.map((role) => [role, wanted[role]]));
  return Object.keys(services).length === 0 ? undefined : { kind: 'pointServices', services };
}

function restarting(run: RunWithPods, nowMs: number): ActivityAction | undefined {
  const { restart, spec } = run;
  const { restartAtMs = 0 } = spec.workload;
  const inPlace = run.stage === 'stepping' || run.stage === 'settling';
  if (!inPlace || !isRestartPending(run) || restartAtMs > nowMs) {
    return undefined;
  }
  const isDue = restart === undefined || nowMs >= restart.againAtMs || !restart.awaitsPods;
  return isDue ? { kind: 'restartPods', beforeMs: restartAtMs, atMost: restartBatch(spec.workload) } : undefined;
}

/** The Deployment's own pods make room while the first revision is deployed (facts/rollout.md 1a, `scaleDown`). */
function scalingReferenced(run: RunWithPods): ActivityAction | undefined {
  const { referenced } = run.workload;
  const { ref, replicas } = run.spec.workload;
  const hash = run.stage === 'settling' ? servingHash(run) : run.revision.canary;
  const revision = revisionWith(run.workload, hash);
  const isFirst = isFirstDeploy(run) || (run.stage === 'settling' && revision?.number === 1);
  if (referenced === undefined || ref === undefined || ref.scaleDown === 'never' || !isFirst) {
    return undefined;
  }
  const wanted = referencedReplicas(run, ref.scaleDown, referenced.replicas, replicas - (revision?.ready ?? 0));
  return wanted === referenced.replicas ? undefined : { kind: 'scaleReferenced', name: ref.name, replicas: wanted };
}

function referencedReplicas(
  run: RunWithPods,
  scaleDown: 'onsuccess' | 'progressively',
  current: number,
  missing: number,
): number {
  if (run.stage === 'settling') {
    return servingHash(run) === '' ? (scaleDown === 'progressively' ? run.spec.workload.replicas : current) : 0;
  }
  if (scaleDown === 'onsuccess' || run.stage !== 'deploying') {
    return current;
  }
  return run.deadlineExceeded === true ? run.spec.workload.replicas : Math.max(0, missing);
}

/** Labels and annotations that follow the role of a revision. */
function labelling(run: RunWithPods): ActivityAction | undefined {
  if (run.stage !== 'stepping' && run.stage !== 'settling') {
    return undefined;
  }
  const { canaryMetadata = {}, stableMetadata = {} } = run.spec.workload;
  const wanted: LabelledRevision[] =
    run.stage === 'settling'
      ? [{ podTemplateHash: servingHash(run), metadata: stableMetadata }]
      : [
          { podTemplateHash: run.revision.stable, metadata: stableMetadata },
          { podTemplateHash: run.revision.canary, metadata: canaryMetadata },
        ];
  const revisions = wanted.filter(({ podTemplateHash, metadata }) => {
    const revision = revisionWith(run.workload, podTemplateHash);
    return revision !== undefined && (revision.roleMetadata ?? '{}') !== canonical(metadata);
  });
  return revisions.length === 0 ? undefined : { kind: 'labelPods', revisions };
}

/** Revisions without pods beyond `revisionHistoryLimit`, oldest first to go. */
function trimming(run: RunWithPods): ActivityAction | undefined {
  if (run.stage !== 'settling') {
    return undefined;
  }
  const history = run.workload.revisions
    .filter(({ hash, replicas, pods }) => replicas === 0 && pods === 0 && hash !== servingHash(run))
    .filter(({ hash }) => hash !== run.revision.canary)
    .sort((a, b) => b.number - a.number);
  const names = history.slice(run.spec.workload.revisionHistoryLimit).map(({ name }) => name);
  return names.length === 0 ? undefined : { kind: 'trimRevisions', names };
}
