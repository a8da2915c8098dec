import type { ManifestStep } from '../support/objects.ts';
import type { Apps } from './apps.ts';
import type { Sample } from './figures.ts';
import { patiently } from './patiently.ts';
import { ONE_AT_A_TIME, STORM, whenAtOnce } from './rows.ts';
import type { Measured } from './side.ts';

const WEIGHT = 25;
const NEXT_WEIGHT = 50;
const STEPS: readonly ManifestStep[] = [
  { setWeight: WEIGHT },
  { pause: {} },
  { setWeight: NEXT_WEIGHT },
  { pause: {} },
];
const TIMEOUT_MS = 900_000;
/** Before and after a storm. One by one there are enough in between, and only those have the same company as the orders. */
const BARE_PATCHES = { atOnce: 20, oneByOne: 0 } as const;

/** All at the same time, or one after the other, with a bare PATCH before each. */
export type Storm = 'atOnce' | 'oneByOne';
type IsSo = (weight: number | undefined) => boolean;
type Order = (app: Measured) => Promise<unknown>;

/** Rollouts that are all paused are promoted, and then aborted: to the weight on the Mapping. */
export async function measureStorm(apps: Apps, image: string, storm: Storm): Promise<readonly Sample[]> {
  const { side, bare } = apps;
  const give = storm === 'atOnce' ? atOnce : oneByOne;
  const earlier = bare.values.length;
  const isPaused: IsSo = (weight) => weight === WEIGHT;
  await atOnce(apps, isPaused, (app) => side.update(app, image, STEPS));
  // The weight is there before the pause is: a promote that came first would be refused by one side, and skip a step of the other.
  await apps.paused();
  await bare.measure(BARE_PATCHES[storm]);
  const isNext: IsSo = (weight) => weight === NEXT_WEIGHT;
  const promoted = await give(apps, isNext, (app) => side.promote(app));
  await bare.measure(BARE_PATCHES[storm]);
  const isHome: IsSo = (weight) => weight === undefined || weight === 0;
  const aborted = await give(apps, isHome, (app) => side.abort(app));
  await bare.measure(BARE_PATCHES[storm]);
  const when = storm === 'atOnce' ? whenAtOnce(apps.all.length) : ONE_AT_A_TIME;
  const of = { when, side: side.name, bare: bare.values.slice(earlier) };
  return [
    { what: STORM.promote, ...of, values: promoted },
    { what: STORM.abort, ...of, values: aborted },
  ];
}

function atOnce(apps: Apps, isSo: IsSo, order: Order): Promise<number[]> {
  return Promise.all(apps.all.map((app) => once(apps, app, isSo, order)));
}

async function oneByOne(apps: Apps, isSo: IsSo, order: Order): Promise<number[]> {
  const times: number[] = [];
  for (const app of apps.all) {
    await apps.bare.measure(1);
    times.push(await once(apps, app, isSo, order));
  }
  return times;
}

/** @returns milliseconds from the order to what it leads to; gone is `undefined`. An order that is not taken is given again */
async function once(apps: Apps, app: Measured, isSo: IsSo, order: Order): Promise<number> {
  const canary = apps.side.canaryOf(app.mappings[0] ?? '');
  const sentAtMs = performance.now();
  const [atMs] = await Promise.all([
    apps.clock.mapping(canary, (now) => isSo(now?.spec.weight), TIMEOUT_MS),
    patiently(() => order(app)),
  ]);
  return atMs - sentAtMs;
}
