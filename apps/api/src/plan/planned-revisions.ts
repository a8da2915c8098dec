import { workloadOf } from '@weir/activities';
import {
  replicaSetName,
  wantedHash,
  type Observation,
  type Revision,
  type RevisionTarget,
  type Run,
} from '@weir/rollout';
import type { KnownPods } from '../cluster/revision-history.ts';
import { readStatus } from '../cluster/rollout-object.ts';
import type { PlanInput } from './plan-input.ts';

/** The pods as a run finds them when it starts, all of them available: a plan tells what is done, and not what may go wrong. */
export function observePods(
  input: PlanInput,
  { replicaSets, wanted }: KnownPods,
): Pick<Observation, 'revision' | 'workload'> {
  const { stableService: stable, canaryService: canary, rollout } = input;
  const { stableRS } = readStatus(rollout);
  const { source, podTemplateHash } = wanted ?? {};
  const found = workloadOf({ stable, canary, stableRS, existing: replicaSets, source, wanted: podTemplateHash });
  const revisions = found.workload.revisions.map((one) => allAvailable(one, 0));
  return { ...found, workload: { ...found.workload, revisions } };
}

/** A ReplicaSet as a plan changes it. */
export interface PlannedSize {
  /** undefined: there is none yet. */
  readonly before: Revision | undefined;
  readonly after: Revision;
  readonly target: RevisionTarget;
}

/** What becomes of the ReplicaSets; one that is not there, and is not the wanted one, nobody has the template of. */
export function sizesAfter(run: Run, name: string, targets: readonly RevisionTarget[], nowMs: number): PlannedSize[] {
  const revisions = run.workload?.revisions ?? [];
  const newest = Math.max(0, ...revisions.map(({ number }) => number));
  const version = 1 + Math.max(0, ...revisions.map(({ resourceVersion }) => Number(resourceVersion)));
  return targets.flatMap((target): PlannedSize[] => {
    const { podTemplateHash: hash, replicas, scaleDownAtMs } = target;
    const before = revisions.find((one) => one.hash === hash);
    const isWanted = hash === wantedHash(run);
    if (before === undefined && !isWanted) {
      return [];
    }
    const known = before ?? { ...fresh(hash, name), createdAtMs: nowMs };
    const { scaleDownAtMs: deadlineMs, ...rest } = known;
    const until = scaleDownAtMs === undefined ? deadlineMs : (scaleDownAtMs ?? undefined);
    // A revision that is wanted is the newest one, also when it was there before.
    const number = before === undefined || (isWanted && known.number < newest) ? newest + 1 : known.number;
    const sized = { ...rest, number, replicas, ...(until !== undefined && { scaleDownAtMs: until }) };
    return [{ before, target, after: allAvailable(sized, version) }];
  });
}

type NewRevision = Omit<Revision, 'createdAtMs' | 'resourceVersion'>;

function fresh(hash: string, rollout: string): NewRevision {
  return { hash, name: replicaSetName(rollout, hash), number: 0, replicas: 0, pods: 0, ready: 0, available: 0 };
}

/** @param version - higher than before, or the run takes it for old news */
function allAvailable(revision: Omit<Revision, 'resourceVersion'>, version: number): Revision {
  const { replicas } = revision;
  return { ...revision, pods: replicas, ready: replicas, available: replicas, resourceVersion: String(version) };
}
