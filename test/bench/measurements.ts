import type { TestCluster } from '../support/cluster.ts';
import { measureBrake } from './brake.ts';
import { measureCourse, type CourseCase } from './course.ts';
import { measureDrift } from './drift.ts';
import type { Figure } from './figures.ts';
import { TUNED, argo, weir, type Side } from './side.ts';
import { measureStorm } from './storm.ts';

export interface Given {
  /** Fewer of each. */
  readonly isQuick: boolean;
  /** Binary of Argo Rollouts' controller. */
  readonly peer?: string;
}

type Measurement = (cluster: TestCluster, given: Given) => Promise<readonly Figure[]>;

/** By the name that the command line knows. */
export const MEASUREMENTS: Readonly<Record<string, Measurement>> = {
  course: (cluster, { isQuick, peer }) =>
    bySides(cluster, peer, isQuick ? QUICK_COURSES : COURSES, (side, course) => measureCourse(cluster, side, course)),
  storm: (cluster, { isQuick, peer }) =>
    bySides(cluster, peer, isQuick ? [1, 20] : [1, 100, 300], (side, count) => measureStorm(cluster, side, count)),
  drift: (cluster, { isQuick }) => measureDrift(cluster, isQuick ? 40 : 200),
  brake: async (cluster, { isQuick }) => [
    ...(await measureBrake(cluster, isQuick ? 20 : 50, 0)),
    ...(await measureBrake(cluster, isQuick ? 20 : 50, isQuick ? 50 : 200)),
  ],
};

/** How many at once, with how many Mappings, how often. */
const COURSES: readonly CourseCase[] = [
  { count: 1, mappings: 1, rounds: 10 },
  { count: 1, mappings: 5, rounds: 5 },
  { count: 10, mappings: 1, rounds: 2 },
  { count: 100, mappings: 1, rounds: 1 },
  { count: 300, mappings: 1, rounds: 1 },
];
const QUICK_COURSES: readonly CourseCase[] = [
  { count: 1, mappings: 1, rounds: 5 },
  { count: 1, mappings: 5, rounds: 3 },
  { count: 20, mappings: 1, rounds: 1 },
];

/**
 * Each case for each side in turn, on the same servers. A controller runs only while it is measured; Weir runs always, and has
 * nothing to do while the other is.
 */
async function bySides<T>(
  cluster: TestCluster,
  peer: string | undefined,
  cases: readonly T[],
  measure: (side: Side, one: T) => Promise<readonly Figure[]>,
): Promise<readonly Figure[]> {
  const sides = [
    () => Promise.resolve(weir(cluster)),
    ...(peer === undefined
      ? []
      : [
          () => argo(cluster, peer, { name: 'Argo Rollouts', flags: [] }),
          () => argo(cluster, peer, { name: 'Argo Rollouts tuned', flags: TUNED }),
        ]),
  ];
  const figures: Figure[] = [];
  for (const one of cases) {
    for (const start of sides) {
      const side = await start();
      try {
        figures.push(...(await measure(side, one)));
      } finally {
        await side.stop();
      }
    }
  }
  return figures;
}
