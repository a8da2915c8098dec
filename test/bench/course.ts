import type { TestCluster } from '../support/cluster.ts';
import type { ManifestStep } from '../support/objects.ts';
import { requestsServed } from './api-requests.ts';
import { Apps } from './apps.ts';
import { figureOf, type Figure } from './figures.ts';
import type { Measured, Side } from './side.ts';

/** The same for both sides: no pauses, so that what is measured is the tool and not the plan. */
const STEPS: readonly ManifestStep[] = [20, 40, 60, 80].map((setWeight) => ({ setWeight }));
const LAST_WEIGHT = 80;
const TIMEOUT_MS = 900_000;

export interface CourseCase {
  /** Rollouts at once. */
  readonly count: number;
  /** Of each. */
  readonly mappings: number;
  readonly rounds: number;
}

/** When what happened to one rollout, in milliseconds from its update. */
interface Course {
  readonly firstWeight: number;
  readonly lastStep: number;
  readonly switched: number;
  readonly gone: number;
}

/** Updates rollouts of a side at once, `rounds` times after each other. */
export async function measureCourse(
  cluster: TestCluster,
  side: Side,
  { count, mappings, rounds }: CourseCase,
): Promise<readonly Figure[]> {
  const apps = await Apps.deployed(cluster, side, { count, mappings, steps: STEPS });
  try {
    const courses: Course[] = [];
    const before = await requestsServed(cluster);
    for (let round = 0; round < rounds; round++) {
      courses.push(...(await Promise.all(apps.all.map((app) => courseOf(apps, app, `${round + 2}`)))));
    }
    const requests = ((await requestsServed(cluster)) - before) / courses.length;
    const of = `${side.name}, ${count} at once${mappings === 1 ? '' : `, ${mappings} Mappings`}`;
    const figure = (what: string, field: keyof Course): Figure =>
      figureOf(
        `${what} (${of})`,
        courses.map((course) => course[field]),
      );
    return [
      figure('update to first canary weight', 'firstWeight'),
      figure(`update to weight ${LAST_WEIGHT}`, 'lastStep'),
      figure('update to stable Service switched', 'switched'),
      figure('update to canary Mapping gone', 'gone'),
      { ...figureOf(`API requests a rollout (${of})`, [requests]), unit: '' },
    ];
  } finally {
    await apps.close();
  }
}

async function courseOf(apps: Apps, app: Measured, image: string): Promise<Course> {
  const [stable = ''] = app.mappings;
  const canary = apps.side.canaryOf(stable);
  const switched = await apps.switched(app, TIMEOUT_MS);
  const first = apps.clock.mapping(canary, (now) => (now?.spec.weight ?? 0) > 0, TIMEOUT_MS);
  const last = apps.clock.mapping(canary, (now) => now?.spec.weight === LAST_WEIGHT, TIMEOUT_MS);
  const gone = apps.clock.mapping(canary, (now) => now === undefined, TIMEOUT_MS);
  const sentAtMs = performance.now();
  await apps.side.update(app, image);
  return {
    firstWeight: (await first) - sentAtMs,
    lastStep: (await last) - sentAtMs,
    switched: (await switched()) - sentAtMs,
    gone: (await gone) - sentAtMs,
  };
}
