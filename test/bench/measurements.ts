import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestCluster } from '../support/cluster.ts';
import { measureBrake } from './brake.ts';
import { kubeconfigOf } from './clients.ts';
import { measureCourse, type CourseCase } from './course.ts';
import { measureCrash } from './crash.ts';
import { measureDrift } from './drift.ts';
import type { Sample } from './figures.ts';
import type { Findings } from './findings.ts';
import { pidsOf, usageOf } from './machine.ts';
import { measurePaused } from './paused.ts';
import type { Plan, Sided } from './plan.ts';
import { measureRequests } from './requests.ts';
import { IDLE_CPU, PROCESSES, whenAtOnce, whenBusy, type ProcessOfWeir } from './rows.ts';
import { argo, weir, type Side } from './side.ts';
import { measureTimers } from './timers.ts';

export interface Bench {
  readonly cluster: TestCluster;
  readonly plan: Plan;
  /** Path of the binary of Argo Rollouts' controller; absent: Weir is measured alone. */
  readonly peer?: string;
  readonly findings: Findings;
  /** Something more was found: an hour of measuring must not be lost to what comes last. */
  readonly found: () => void;
  /** Takes one line for whoever waits. */
  readonly report: (line: string) => void;
}

type Measurement = (bench: Bench) => Promise<void>;

const WARM_UP = { count: 3, mappings: 1, rounds: 3 } as const;

/** By the names that the command line knows, in sets: each set has servers of its own, which the next need not find idle. */
export const SETS = [
  {
    course: (bench) =>
      bySides(bench, 'course', bench.plan.courses, (side, course) => measureCourse(bench.cluster, side, course)),
    requests: (bench) =>
      bySides(bench, 'requests', bench.plan.requests, (side, course) => measureRequests(bench.cluster, side, course)),
  },
  {
    timers: (bench) => once(bench, 'timers', ({ cluster, plan }) => measureTimers(cluster, plan.timers)),
    drift: (bench) => once(bench, 'drift', ({ cluster, plan }) => measureDrift(cluster, plan.drift)),
    // The last: it leaves rollouts that go on.
    brake: async (bench) => {
      for (const brake of bench.plan.brakes) {
        await once(bench, `brake, ${whenBusy(brake.busy)}`, ({ cluster }) => measureBrake(cluster, brake));
      }
    },
  },
  { paused: (bench) => once(bench, 'paused', ({ cluster, plan }) => measurePaused(cluster, plan.paused)) },
  { crash: (bench) => once(bench, 'crash', ({ cluster, plan }) => measureCrash(cluster, plan.crash)) },
  // The last, because it takes longest: where the machine is slow there is no time for it.
  {
    crowd: (bench) =>
      bySides(bench, 'crowd', bench.plan.crowds, (side, course) => measureCourse(bench.cluster, side, course)),
  },
] as const satisfies readonly Readonly<Record<string, Measurement>>[];

/** Those of one set that are wanted, with their names; all of them when nothing is named. */
export function wantedOf(
  set: Readonly<Record<string, Measurement>>,
  names: readonly string[],
): readonly (readonly [string, Measurement])[] {
  return Object.entries(set).filter(([name]) => names.length === 0 || names.includes(name));
}

/**
 * Each case for each side in turn, on the same servers. A controller of the peer's runs only while it is measured. Weir runs
 * always; what it uses while it has nothing to do is in the table.
 */
async function bySides<T extends Sided & Pick<CourseCase, 'count' | 'mappings'>>(
  bench: Bench,
  name: string,
  cases: readonly T[],
  measure: (side: Side, one: T) => Promise<readonly Sample[]>,
): Promise<void> {
  const sides = await sidesOf(bench);
  // Node compiles what is run often: the first rollouts of a process are its slowest. The peer is compiled beforehand, and
  // each of its turns begins with deploys that are not measured.
  await measureCourse(bench.cluster, weir(bench.cluster), WARM_UP);
  const turns = cases.flatMap((one) => Array.from({ length: one.turns ?? 1 }, () => one));
  for (const one of turns) {
    for (const { name: side, start } of sides.filter((each) => one.without?.includes(each.name) !== true)) {
      const what = `${name}, ${whenAtOnce(one.count, one.mappings)}`;
      await once(bench, `${what}: ${side}`, () => onItsTurn(bench, what, start, (current) => measure(current, one)));
    }
  }
}

async function onItsTurn(
  { cluster }: Bench,
  when: string,
  start: () => Promise<Side>,
  measure: (side: Side) => Promise<readonly Sample[]>,
): Promise<readonly Sample[]> {
  const side = await start();
  try {
    const cpu = await cpuMeter(cluster);
    const samples = await measure(side);
    return [...samples, { what: IDLE_CPU, when, side: side.name, unit: '%', values: [await cpu()] }];
  } finally {
    await side.stop();
  }
}

async function sidesOf({ cluster, peer }: Bench) {
  const ours = { name: 'weir', start: () => Promise.resolve(weir(cluster)) } as const;
  if (peer === undefined) {
    return [ours];
  }
  const kubeconfig = join(cluster.stateDirectory, 'kubeconfig-peer.json');
  await writeFile(kubeconfig, (await kubeconfigOf(cluster, 'peer')).exportConfig(), { mode: 0o600 });
  const identity = { binary: peer, kubeconfig };
  const theirs = (['argo', 'argoTuned'] as const).map((name) => ({ name, start: () => argo(cluster, name, identity) }));
  return [ours, ...theirs];
}

/** @returns percent of a core that Weir's processes have used since */
async function cpuMeter({ stateDirectory }: TestCluster): Promise<() => Promise<number>> {
  const pids = await pidsOf(stateDirectory, Object.keys(PROCESSES) as ProcessOfWeir[]);
  const used = async (): Promise<number> => {
    const usages = await Promise.all(pids.map(({ pid }) => usageOf(pid)));
    return usages.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
  };
  const [sinceMs, before] = [performance.now(), await used()];
  return async () => (((await used()) - before) / ((performance.now() - sinceMs) / 1_000)) * 100;
}

/** A part of the whole; says how long it took, and at once whether it failed. */
async function once(bench: Bench, what: string, part: (bench: Bench) => Promise<readonly Sample[]>): Promise<void> {
  const { findings, report } = bench;
  if (!findings.hasTimeFor(what)) {
    report(`${what}: left out, there is no time`);
    return;
  }
  const [sinceMs, failures] = [performance.now(), findings.failures.length];
  await findings.attempt(what, async () => findings.add(await part(bench)));
  bench.found();
  const outcome = findings.failures.length > failures ? ', FAILED' : '';
  report(`${what}: ${Math.round((performance.now() - sinceMs) / 1_000)} s${outcome}`);
}
