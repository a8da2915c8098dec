import { setTimeout as delay } from 'node:timers/promises';
import type { TestCluster } from '../support/cluster.ts';
import { COMMAND_STEPS, FIRST_WEIGHT, measureCommands } from './commands.ts';
import type { Sample } from './figures.ts';
import { Fleet, namesOf } from './fleet.ts';
import { pidsOf, usageOf } from './machine.ts';
import { PAUSED, PROCESSES, whenPaused, type ProcessOfWeir } from './rows.ts';

const NAMES = Object.keys(PROCESSES) as ProcessOfWeir[];

export interface PausedCase {
  /** Paused rollouts at each of which memory is read, ascending. */
  readonly counts: readonly number[];
  /** Rollouts that are given each command, when few and when most are paused. */
  readonly commanded: number;
  /** Before memory is read: what follows the last weight (status, Events) is to be over, and most garbage collected. */
  readonly settleMs: number;
  /** In which CPU is measured. */
  readonly restMs: number;
}

/**
 * Memory and CPU with more and more paused rollouts, and what each command takes among few and among most of them. They move
 * traffic only (no pod template), so that thousands fit: what is measured is Weir, not pods.
 */
export async function measurePaused(cluster: TestCluster, given: PausedCase): Promise<readonly Sample[]> {
  const { counts, commanded } = given;
  const fleet = await Fleet.given(cluster);
  try {
    const samples: Sample[] = await usage(cluster, 0, given);
    const names = namesOf('commanded', commanded);
    await fleet.pausedAt(names, FIRST_WEIGHT, COMMAND_STEPS);
    samples.push(...(await measureCommands(fleet, names, whenPaused(commanded))));
    let paused = commanded;
    for (const count of counts) {
      await fleet.pausedAt(namesOf(`of-${count}`, count - paused), FIRST_WEIGHT);
      paused = count;
      samples.push(...(await usage(cluster, count, given)));
    }
    samples.push(...growthAmong(samples, counts));
    // The others came later: these were evicted where the cache of the worker is smaller than their number.
    samples.push(...(await measureCommands(fleet, names, whenPaused(paused))));
    samples.push(fleet.bare.sample('weir', 'commands'));
    return samples;
  } finally {
    fleet.close();
  }
}

async function usage(
  { stateDirectory }: TestCluster,
  paused: number,
  { settleMs, restMs }: PausedCase,
): Promise<Sample[]> {
  await delay(settleMs);
  const pids = await pidsOf(stateDirectory, NAMES);
  const read = (): Promise<{ name: ProcessOfWeir; megabytes: number; cpuSeconds: number }[]> =>
    Promise.all(pids.map(async ({ name, pid }) => ({ name, ...(await usageOf(pid)) })));
  const before = await read();
  await delay(restMs);
  const after = await read();
  const of = { when: whenPaused(paused), side: 'weir' } as const;
  return after.flatMap(({ name, megabytes, cpuSeconds }, index) => {
    const percent = ((cpuSeconds - (before[index]?.cpuSeconds ?? 0)) / (restMs / 1_000)) * 100;
    return [
      { what: PAUSED.memory(name), ...of, unit: 'MB', values: [megabytes] } as const,
      { what: PAUSED.cpu(name), ...of, unit: '%', values: [percent] } as const,
    ];
  });
}

/** From the first count, which fills the worker's cache, to the last. */
function growthAmong(samples: readonly Sample[], counts: readonly number[]): Sample[] {
  const [first = 0, last = 0] = [counts[0], counts.at(-1)];
  const megabytes = (count: number): number =>
    samples.find(({ what, when }) => what === PAUSED.memory('worker') && when === whenPaused(count))?.values[0] ??
    Number.NaN;
  const growth = (megabytes(last) - megabytes(first)) / (last - first);
  const when = `from ${first} to ${last} paused`;
  return first === last ? [] : [{ what: PAUSED.growth, when, side: 'weir', unit: 'KB', values: [growth * 1_024] }];
}
