import type { TestCluster } from '../support/cluster.ts';
import type { ManifestStep } from '../support/objects.ts';
import { Apps } from './apps.ts';
import type { Sample } from './figures.ts';
import { patiently } from './patiently.ts';
import { COURSE, whenAtOnce } from './rows.ts';
import type { Measured, Side } from './side.ts';
import { measureStorm, type Storm } from './storm.ts';

/** The same for all sides: no pauses, so that what is measured is the tool and not the plan. */
export const STEPS: readonly ManifestStep[] = [20, 40, 60, 80].map((setWeight) => ({ setWeight }));
/** Behind the first; the last is of the promotion, and no side need write it. */
const WEIGHTS = [40, 60, 80, 100] as const;
/** The peer's default flags take some two minutes for 100 at once. */
const TIMEOUT_MS = 900_000;
/** Before and after each round: enough for a quantile that means something, and over in half a second. */
const BARE_PATCHES = 10;

export interface CourseCase {
  /** Rollouts at once. */
  readonly count: number;
  /** Of each. */
  readonly mappings: number;
  /** Updates of each, one after the other. */
  readonly rounds: number;
  /** How they are then promoted and aborted; what was deployed once serves for all. */
  readonly storms?: readonly Storm[];
}

/** When what happened to one rollout, in milliseconds from its update; by the names of {@link COURSE}. */
type Times = ReadonlyMap<string, number>;

/** Updates rollouts of a side at once, `rounds` times after each other. With more Mappings than one the last of them counts. */
export async function measureCourse(cluster: TestCluster, side: Side, course: CourseCase): Promise<readonly Sample[]> {
  const apps = await Apps.deployed(cluster, side, { ...course, steps: STEPS });
  try {
    const samples = [...(await updates(apps, course))];
    for (const [index, storm] of (course.storms ?? []).entries()) {
      samples.push(...(await measureStorm(apps, imageOf(course.rounds + index), storm)));
    }
    return samples;
  } finally {
    await apps.close();
  }
}

async function updates(apps: Apps, { count, mappings, rounds }: CourseCase): Promise<readonly Sample[]> {
  const times: Times[] = [];
  await apps.bare.measure(BARE_PATCHES);
  for (let round = 0; round < rounds; round++) {
    times.push(...(await Promise.all(apps.all.map((app) => courseOf(apps, app, imageOf(round))))));
    await apps.bare.measure(BARE_PATCHES);
  }
  const when = whenAtOnce(count, mappings);
  const names = [COURSE.first, ...WEIGHTS.map(COURSE.weight), COURSE.switched, COURSE.gone];
  const bare = [...apps.bare.values];
  const samples = names.map((what) => {
    const values = times.flatMap((one) => one.get(what) ?? []);
    return { what, when, side: apps.side.name, values, bare };
  });
  return [...samples.filter(({ values }) => values.length > 0), apps.bare.sample(apps.side.name, when)];
}

/** The first deploy has `1`. */
function imageOf(round: number): string {
  return String(round + 2);
}

async function courseOf(apps: Apps, app: Measured, image: string): Promise<Times> {
  const canaries = app.mappings.map(apps.side.canaryOf);
  const before = await apps.stableRevision(app);
  const sentAtMs = performance.now();
  const [switchedAtMs, course] = await Promise.all([
    apps.switched(app, before, TIMEOUT_MS),
    apps.clock.course(canaries, TIMEOUT_MS),
    patiently(() => apps.side.update(app, image)),
  ]);
  const at: readonly (readonly [string, number | undefined])[] = [
    [COURSE.first, course.firstAtMs],
    ...WEIGHTS.map((weight) => [COURSE.weight(weight), course.weightAtMs.get(weight)] as const),
    [COURSE.switched, switchedAtMs],
    [COURSE.gone, course.goneAtMs],
  ];
  return new Map(at.flatMap(([what, atMs]) => (atMs === undefined ? [] : [[what, atMs - sentAtMs] as const])));
}
