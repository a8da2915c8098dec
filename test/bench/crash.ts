import { canaryMappingName } from '@weir/rollout';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readSandbox, type TestCluster } from '../support/cluster.ts';
import type { ManifestStep } from '../support/objects.ts';
import { Processes } from '../support/processes.ts';
import type { BarePatch } from './bare-patch.ts';
import type { Sample } from './figures.ts';
import { Fleet, namesOf } from './fleet.ts';
import { CRASH, whenUnderWay } from './rows.ts';
import { OwnWorker } from './worker.ts';

/** Each has written some weights by then: its history is as long as that of a rollout in its middle. */
const UNDER_WAY_MS = 12_500;
/** Longer than a lost activity or workflow task is waited for, many times over. */
const TIMEOUT_MS = 60_000;
/** More than are done while it is measured: the last one would move the Service that all share. */
const stepsWith = (pauseMs: number): readonly ManifestStep[] =>
  Array.from({ length: 90 }, (_, index) => [{ setWeight: 1 + index }, { pause: { duration: pauseMs / 1_000 } }]).flat();

/** Of each round, before anything is killed. */
const BARE_PATCHES = 10;

export interface CrashCase {
  /** Under way at once. */
  readonly rollouts: number;
  /** Between two weights of each: how many weights a second there are of all together, and how often a kill meets one. */
  readonly pauseMs: number;
  /** Kills of one of two workers. */
  readonly oneOfTwo: number;
  /** Kills of the only one. */
  readonly only: number;
}

/**
 * What becomes of rollouts that are under way when a worker is killed. New ones for each kill, so that none is older than others.
 */
export async function measureCrash(cluster: TestCluster, cases: readonly CrashCase[]): Promise<readonly Sample[]> {
  const workers = await ownWorkers(cluster);
  const samples: Sample[] = [];
  try {
    for (const one of cases) {
      await Promise.all(workers.filter(({ isRunning }) => !isRunning).map((worker) => worker.start()));
      samples.push(...(await measureOne(cluster, workers, one)));
    }
    return samples;
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()));
  }
}

async function measureOne(
  cluster: TestCluster,
  [first, second]: readonly [OwnWorker, OwnWorker],
  crash: CrashCase,
): Promise<readonly Sample[]> {
  const { pauseMs } = crash;
  const measured = { none: [] as number[], oneOfTwo: [] as number[], only: [] as number[] };
  const bare: number[] = [];
  for (let round = 0; round < crash.oneOfTwo; round++) {
    await underWay(cluster, crash, async (weights, patch) => {
      await patch.measure(BARE_PATCHES);
      bare.push(...patch.values);
      const sinceMs = performance.now();
      measured.none.push(...latenesses(await weights.next(), sinceMs));
      await delay(Math.random() * pauseMs);
      const victim = round % 2 === 0 ? first : second;
      const killedAtMs = performance.now();
      const [next] = await Promise.all([weights.next(), victim.kill()]);
      measured.oneOfTwo.push(...latenesses(next, killedAtMs));
      await victim.start();
    });
  }
  await second.kill();
  for (let round = 0; round < crash.only; round++) {
    await underWay(cluster, crash, async (weights) => {
      await delay(Math.random() * pauseMs);
      await first.kill();
      const [next, readyAtMs] = await Promise.all([weights.next(), readyAgain(first)]);
      measured.only.push(...latenesses(next, readyAtMs));
    });
  }
  const of = { when: whenUnderWay(crash.rollouts, pauseMs / 1_000), side: 'weir', bare } as const;
  return (['none', 'oneOfTwo', 'only'] as const).map((key) => ({ what: CRASH[key], ...of, values: measured[key] }));
}

/** Workers that are ours to kill, in the place of the sandbox's own. */
async function ownWorkers({ stateDirectory }: TestCluster): Promise<readonly [OwnWorker, OwnWorker]> {
  const { commands } = await readSandbox(stateDirectory);
  const { worker: command } = commands;
  if (command === undefined) {
    throw new Error('sandbox.json has no command for the worker');
  }
  await new Processes(stateDirectory).kill('worker');
  const own = (index: number): OwnWorker =>
    new OwnWorker(command, join(stateDirectory, 'logs', `bench-worker-${index}.log`));
  const workers = [own(1), own(2)] as const;
  await Promise.all(workers.map((worker) => worker.start()));
  return workers;
}

async function readyAgain(worker: OwnWorker): Promise<number> {
  await worker.start();
  return performance.now();
}

/** With rollouts that go through their steps, and are gone afterwards. */
async function underWay(
  cluster: TestCluster,
  { rollouts, pauseMs }: CrashCase,
  body: (weights: Weights, bare: BarePatch) => Promise<void>,
): Promise<void> {
  const fleet = await Fleet.given(cluster);
  try {
    const names = namesOf('under-way', rollouts);
    const weights = new Weights(fleet, names, pauseMs);
    await fleet.start(names, stepsWith(pauseMs));
    await delay(UNDER_WAY_MS);
    await body(weights, fleet.bare);
    await fleet.clear(names);
  } finally {
    fleet.close();
  }
}

/** When a weight was written, and when it was due at the earliest: at the end of the pause before it. By `performance.now()`. */
interface NextWeight {
  readonly atMs: number;
  readonly dueAtMs: number;
}

/** From a moment, or from the end of the pause where that is later. Some are written just before a moment was noticed. */
function latenesses(next: readonly NextWeight[], sinceMs: number): number[] {
  return next.map(({ atMs, dueAtMs }) => Math.max(0, atMs - Math.max(sinceMs, dueAtMs)));
}

/** The weights of many rollouts as they are written. */
class Weights {
  private readonly last = new Map<string, number>();
  private readonly waiting = new Map<string, (atMs: number) => void>();

  constructor(
    { clock }: Fleet,
    private readonly names: readonly string[],
    private readonly pauseMs: number,
  ) {
    for (const name of names) {
      clock.onWeight(canaryMappingName(name), (weight = 0, atMs) => {
        if (weight > 0) {
          this.waiting.get(name)?.(atMs);
          this.last.set(name, atMs);
        }
      });
    }
  }

  /** The next one of each rollout. */
  next(): Promise<NextWeight[]> {
    return Promise.all(this.names.map((name) => this.nextOf(name)));
  }

  private nextOf(name: string): Promise<NextWeight> {
    const dueAtMs = (this.last.get(name) ?? Number.NEGATIVE_INFINITY) + this.pauseMs;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${name}: no weight within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
      this.waiting.set(name, (atMs) => {
        clearTimeout(timer);
        this.waiting.delete(name);
        resolve({ atMs, dueAtMs });
      });
    });
  }
}
