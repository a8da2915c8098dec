import { canaryMappingName, workflowId } from '@weir/rollout';
import type { TestCluster } from '../support/cluster.ts';
import type { ManifestStep } from '../support/objects.ts';
import { eventually } from '../support/wait.ts';
import type { Sample } from './figures.ts';
import { firedTimers, type FiredTimer } from './fired-timers.ts';
import { Fleet, namesOf } from './fleet.ts';
import { TIMERS, whenUnderWay } from './rows.ts';

const PAUSE_SECONDS = 2;
/** Started one after the other, so that their timers are not all due at once. */
const ROLLOUTS = 10;
/** A pause whose execution ends in it has two timers, of which one is not what is measured. */
const FEWEST = 0.8;
/** More than the pauses of all steps, on a machine that is busy. */
const TIMEOUT_MS = 300_000;

/**
 * How late durable timers fire, by the histories: when Temporal wrote that one fired, less when it started and its duration.
 * And how late the weight behind it is, by the watch of this process on the same machine's clock.
 *
 * @param pauses - of each of ten rollouts, so one more weight than that
 */
export async function measureTimers(cluster: TestCluster, pauses: number): Promise<readonly Sample[]> {
  const fleet = await Fleet.given(cluster);
  try {
    const names = namesOf('timed', ROLLOUTS);
    const weights = names.map((name) => weightsOf(fleet, name));
    await fleet.start(names, stepsOf(pauses), 1);
    const areDone = async (): Promise<boolean> => weights.every((writtenAtMs) => writtenAtMs.has(pauses + 1));
    await eventually('every weight is written', areDone, TIMEOUT_MS);
    await fleet.bare.measure(ROLLOUTS);
    const ids = names.map((name) => workflowId({ cluster: cluster.name, namespace: fleet.namespace, name }));
    const late = (await Promise.all(ids.map((id, index) => latenesses(cluster, id, weights[index])))).flat();
    if (late.length < FEWEST * pauses * ROLLOUTS) {
      throw new Error(`only ${late.length} timers of ${pauses * ROLLOUTS} pauses were found in the histories`);
    }
    const of = { when: whenUnderWay(ROLLOUTS), side: 'weir', bare: fleet.bare.values } as const;
    return [
      { what: TIMERS.fired, ...of, values: late.map(({ firedMs }) => firedMs) },
      { what: TIMERS.written, ...of, values: late.map(({ writtenMs }) => writtenMs) },
    ];
  } finally {
    fleet.close();
  }
}

/** The n-th weight is n %, so that a timer's summary says which weight comes after it. */
function stepsOf(pauses: number): readonly ManifestStep[] {
  const steps = Array.from({ length: pauses }, (_, index): ManifestStep[] => [
    { setWeight: index + 1 },
    { pause: { duration: PAUSE_SECONDS } },
  ]);
  return [...steps.flat(), { setWeight: pauses + 1 }, { pause: {} }];
}

/** Filled as weights are written: when, in milliseconds since 1970. */
function weightsOf({ clock }: Fleet, name: string): ReadonlyMap<number, number> {
  const writtenAtMs = new Map<number, number>();
  clock.onWeight(canaryMappingName(name), (weight = 0, atMs) => {
    writtenAtMs.set(weight, performance.timeOrigin + atMs);
  });
  return writtenAtMs;
}

async function latenesses(
  { temporal }: TestCluster,
  id: string,
  writtenAtMs: ReadonlyMap<number, number> = new Map(),
): Promise<{ readonly firedMs: number; readonly writtenMs: number }[]> {
  const timers: FiredTimer[] = [];
  // A run continues as new before its history is long: the newest execution has the last timers only.
  for await (const { runId } of temporal.workflow.list({ query: `WorkflowId = '${id}'` })) {
    timers.push(...firedTimers(await temporal.workflow.getHandle(id, runId).fetchHistory()));
  }
  return timers.flatMap((timer) => {
    const weight = pausedAt(timer);
    const nextAtMs = weight === undefined ? undefined : writtenAtMs.get(weight + 1);
    const { firedAtMs, dueAtMs } = timer;
    return nextAtMs === undefined ? [] : [{ firedMs: firedAtMs - dueAtMs, writtenMs: nextAtMs - dueAtMs }];
  });
}

/** The weight of the pause that a timer is of; undefined: it is of something else. */
function pausedAt({ summary }: FiredTimer): number | undefined {
  const weight = /: pause at (\d+) %/.exec(summary)?.[1];
  return weight === undefined ? undefined : Number(weight);
}
