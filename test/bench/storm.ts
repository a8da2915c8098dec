import type { TestCluster } from '../support/cluster.ts';
import type { ManifestStep } from '../support/objects.ts';
import { Apps } from './apps.ts';
import { figureOf, type Figure } from './figures.ts';
import type { Side } from './side.ts';

const WEIGHT = 25;
const NEXT_WEIGHT = 50;
const STEPS: readonly ManifestStep[] = [
  { setWeight: WEIGHT },
  { pause: {} },
  { setWeight: NEXT_WEIGHT },
  { pause: {} },
];
const TIMEOUT_MS = 900_000;

/** Rollouts that are all paused are promoted at once, and then aborted at once: to the weight on the Mapping. */
export async function measureStorm(cluster: TestCluster, side: Side, count: number): Promise<readonly Figure[]> {
  const apps = await Apps.deployed(cluster, side, { count, mappings: 1, steps: STEPS });
  try {
    await each(
      apps,
      (weight) => weight === WEIGHT,
      (app) => side.update(app, '2'),
    );
    // The weight is there before the pause is: a promote that came first would be refused by one side, and skip a step of the other.
    await apps.paused();
    const promoted = await each(
      apps,
      (weight) => weight === NEXT_WEIGHT,
      (app) => side.promote(app),
    );
    const aborted = await each(
      apps,
      (weight) => weight === undefined || weight === 0,
      (app) => side.abort(app),
    );
    const of = `${side.name}, ${count} at once`;
    return [figureOf(`promote to the next weight (${of})`, promoted), figureOf(`abort to weight 0 (${of})`, aborted)];
  } finally {
    await apps.close();
  }
}

/** @returns milliseconds from each order to what it leads to; gone is `undefined` */
async function each(
  apps: Apps,
  isSo: (weight: number | undefined) => boolean,
  order: (app: Apps['all'][number]) => Promise<void>,
): Promise<number[]> {
  return Promise.all(
    apps.all.map(async (app) => {
      const canary = apps.side.canaryOf(app.mappings[0] ?? '');
      const done = apps.clock.mapping(canary, (now) => isSo(now?.spec.weight), TIMEOUT_MS);
      const sentAtMs = performance.now();
      await order(app);
      return (await done) - sentAtMs;
    }),
  );
}
