import { setTimeout as delay } from 'node:timers/promises';
import type { TestCluster } from '../support/cluster.ts';
import { growth, type RequestCounts } from './api-requests.ts';
import { Apps } from './apps.ts';
import { requestCounts, schemaOf, type ClientName } from './clients.ts';
import { STEPS, type CourseCase } from './course.ts';
import type { Sample } from './figures.ts';
import { REQUESTS, whenAtOnce } from './rows.ts';
import type { Side } from './side.ts';

const TIMEOUT_MS = 900_000;
/** Both sides write a last status after the last pod is gone, Weir within some seconds. */
const LAST_WRITES_MS = 7_000;
/** Whose requests follow from what either side does. */
const CONTROLLERS: readonly ClientName[] = ['administrators', 'scheduler'];

/**
 * What one update costs the API server, from the update until the pods of the old revision are gone and nothing more is
 * written. The order itself is not counted: Weir's users send it to Weir, and Argo's to the API server.
 */
export async function measureRequests(
  cluster: TestCluster,
  side: Side,
  course: Omit<CourseCase, 'rounds'>,
): Promise<readonly Sample[]> {
  const apps = await Apps.deployed(cluster, side, { ...course, steps: STEPS });
  try {
    await delay(LAST_WRITES_MS);
    const before = await requestCounts(cluster);
    await Promise.all(
      apps.all.flatMap((app) => [
        apps.clock.course(app.mappings.map(side.canaryOf), TIMEOUT_MS),
        side.update(app, '2'),
      ]),
    );
    await apps.atRest();
    await delay(LAST_WRITES_MS);
    const after = await requestCounts(cluster);
    const of = { when: whenAtOnce(course.count, course.mappings), side: side.name, unit: 'requests' } as const;
    return sampled(before, after, side, course.count).map((sample) => ({ ...of, ...sample }));
  } finally {
    await apps.close();
  }
}

function sampled(before: RequestCounts, after: RequestCounts, side: Side, rollouts: number) {
  const bySchema = growth(before.bySchema, after.bySchema);
  const aRollout = (clients: readonly ClientName[]): number =>
    clients.reduce((sum, client) => sum + (bySchema.get(schemaOf(client)) ?? 0), 0) / rollouts;
  const parts = (counts: ReadonlyMap<string, number>): Record<string, number> =>
    Object.fromEntries([...counts].map(([name, value]) => [name, value / rollouts]));
  const values = { own: aRollout(side.clients), all: aRollout([...side.clients, ...CONTROLLERS]) };
  if (values.own === 0) {
    throw new Error(
      `the API server counted no request of ${side.clients.join(' and ')}: are the FlowSchemas in force?`,
    );
  }
  return [
    { what: REQUESTS.own, values: [values.own], parts: parts(bySchema) },
    { what: REQUESTS.all, values: [values.all], parts: parts(growth(before.byKind, after.byKind)) },
  ];
}
