import { log } from '@temporalio/activity';
import type { CommandPayload, SpecChanged, SweepActivities, SweepReport, SweptMapping } from '@weir/contract';
import { chooseMappingApi, ownerOf } from '@weir/mapping';
import { ROLLOUT_KIND, ROLLOUT_LABEL, workflowId, type RolloutRef } from '@weir/rollout';
import { alive } from './alive.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { translated } from './failures.ts';
import { mappingsAt, orAbsent, type MappingObject } from './objects.ts';

/** What the sweep works with. */
export interface SweepDependencies extends Pick<
  ActivityDependencies,
  'kubernetes' | 'installation' | 'mappingApiVersion'
> {
  /** Name of the cluster in workflow ids. */
  readonly cluster: string;
  readonly runs: SweptRuns;
}

/** What the sweep needs to know of runs, and to do. */
export interface SweptRuns {
  /** Workflow ids of the open runs; some that have just begun may be missing, some that have just closed still be among them. */
  open(): Promise<readonly string[]>;
  /** Temporal's name for how the newest run of that id stands, `RUNNING` among them; undefined: there is none. */
  statusOf(workflowId: string): Promise<string | undefined>;
  /** Starts a run that is aborted before it begins; false when one is open. */
  bringHome(rollout: RolloutRef, payload: CommandPayload): Promise<boolean>;
  /** Tells the open run, or starts one that finds out what is to do. */
  tell(rollout: RolloutRef, change: SpecChanged): Promise<void>;
}

export const SWEEPER = 'the sweeper';

/** An answer of the API server stays well below its limits, and below our 4 s. */
const PAGE_SIZE = 500;
/** Questions to Temporal at a time: its frontend takes some hundreds a second from all clients of a namespace. */
const AT_ONCE = 10;

/** A canary Mapping of this installation, with the Rollout that it belongs to. */
interface Ours {
  readonly rollout: RolloutRef;
  /** Of the Rollout. */
  readonly uid: string;
  readonly mapping: MappingObject;
}

/**
 * Finds the canary Mappings that nobody looks after any more. Deleting is not for the sweep: the run that it starts takes the
 * traffic home first, under the lock of the Rollout's workflow id.
 */
export function sweepCanaryMappings(dependencies: SweepDependencies): SweepActivities['sweepCanaryMappings'] {
  const reported = new Set<string>();
  return () =>
    translated('cleanup', () =>
      alive(async (signal) => {
        const { kubernetes, runs, mappingApiVersion } = dependencies;
        const api = chooseMappingApi(await kubernetes.servedApiVersions(), mappingApiVersion);
        if (api === undefined) {
          return { broughtHome: [], foreign: [], unclear: [] };
        }
        const sorted = sortOut(dependencies, await labelled(dependencies, api.apiVersion, signal));
        reportOnce(reported, sorted);
        const broughtHome: string[] = [];
        // Thousands may be paused: one question about all of them, and one each about those only that seem to be without a run.
        const open = new Set(sorted.ours.size > 0 ? await runs.open() : []);
        const rollouts = [...sorted.ours].filter(([id]) => !open.has(id));
        while (rollouts.length > 0) {
          const some = rollouts.splice(0, AT_ONCE);
          const found = await Promise.all(
            some.map(([id, ours]) => bringHome(dependencies, api.apiVersion, id, ours, signal)),
          );
          broughtHome.push(...found.flat());
        }
        return { broughtHome, foreign: sorted.foreign, unclear: sorted.unclear };
      }),
    );
}

async function labelled(
  { kubernetes }: SweepDependencies,
  apiVersion: string,
  signal: AbortSignal,
): Promise<MappingObject[]> {
  const found: MappingObject[] = [];
  let next: string | undefined;
  do {
    const { items, metadata } = await kubernetes.list<MappingObject>(mappingsAt(apiVersion), {
      labelSelector: ROLLOUT_LABEL,
      limit: PAGE_SIZE,
      ...(next !== undefined && { continue: next }),
      signal,
    });
    found.push(...items);
    next = metadata.continue === '' ? undefined : metadata.continue;
  } while (next !== undefined);
  return found;
}

interface Sorted extends Omit<SweepReport, 'broughtHome'> {
  /** By workflow id. */
  readonly ours: ReadonlyMap<string, readonly Ours[]>;
}

/** The owner reference names the Rollout, the annotation the run: only where both agree is it known who is to clean up. */
function sortOut({ installation, cluster }: SweepDependencies, mappings: readonly MappingObject[]): Sorted {
  const ours = new Map<string, Ours[]>();
  const foreign: SweptMapping[] = [];
  const unclear: SweptMapping[] = [];
  for (const mapping of mappings) {
    const owner = ownerOf(mapping);
    const { namespace = '', name, ownerReferences = [] } = mapping.metadata;
    const rollouts = ownerReferences.filter(({ kind }) => kind === ROLLOUT_KIND);
    const ref = rollouts
      .map((one) => ({ rollout: { cluster, namespace, name: one.name }, uid: one.uid }))
      .find((one) => workflowId(one.rollout) === owner?.workflowId);
    const swept = { namespace, name, workflowId: owner?.workflowId ?? '' };
    if (owner !== undefined && owner.installation !== installation) {
      foreign.push(swept);
    } else if (ref === undefined) {
      unclear.push(swept);
    } else {
      ours.set(swept.workflowId, [...(ours.get(swept.workflowId) ?? []), { ...ref, mapping }]);
    }
  }
  return { ours, foreign, unclear };
}

/** @returns the workflow id when a run was started */
async function bringHome(
  { kubernetes, runs }: SweepDependencies,
  apiVersion: string,
  id: string,
  ours: readonly Ours[],
  signal: AbortSignal,
): Promise<string[]> {
  const status = await runs.statusOf(id);
  if (status === 'RUNNING') {
    return [];
  }
  // Only now: a run deletes its canary Mappings before it closes, and may have closed between the list and the question.
  for (const { rollout, uid: rolloutUid, mapping } of ours) {
    const { namespace, name, uid } = mapping.metadata;
    const now = await orAbsent(kubernetes.get<MappingObject>(mappingsAt(apiVersion, namespace, name), { signal }));
    if (now !== undefined && now.metadata.uid === uid) {
      const isStarted = await startRun(runs, rollout, { uid: rolloutUid, mapping: name, status });
      log.info('a canary Mapping was left behind by its run', { workflowId: id, mapping: name, status, isStarted });
      return isStarted ? [id] : [];
    }
  }
  return [];
}

/**
 * A run that came to its end has brought the Rollout to where it is to be, and a creation that it had given up landed after it: the
 * run that cleans up says nothing else of the Rollout. One that was cut off is aborted, with its revision.
 */
async function startRun(
  runs: SweptRuns,
  rollout: RolloutRef,
  { uid, mapping, status }: { readonly uid: string; readonly mapping: string; readonly status: string | undefined },
): Promise<boolean> {
  if (status === 'COMPLETED') {
    await runs.tell(rollout, { uid, generation: 0, lookAgain: true });
    return true;
  }
  const reason = `canary Mapping ${mapping} was left behind: ${whatBecameOf(status)}`;
  return runs.bringHome(rollout, { actor: SWEEPER, reason });
}

function whatBecameOf(status: string | undefined): string {
  return status === undefined
    ? 'Temporal does not know its run any more'
    : `its run is closed with the status ${status}`;
}

/** What is not ours to touch, for people to look at. Each is in the log once a worker, and in every result. */
function reportOnce(reported: Set<string>, { foreign, unclear }: Sorted): void {
  const report = (mappings: readonly SweptMapping[], message: string): void => {
    for (const mapping of mappings) {
      const key = JSON.stringify(mapping);
      if (!reported.has(key)) {
        reported.add(key);
        log.warn(message, { ...mapping });
      }
    }
  };
  report(foreign, 'a canary Mapping of another installation of Weir is not touched');
  report(unclear, 'a canary Mapping does not say which Rollout it belongs to, and is not touched');
}
