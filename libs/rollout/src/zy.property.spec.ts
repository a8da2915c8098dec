import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { take, type Command } from './commands.ts';
import { SimulatedCluster } from './testing/simulated-cluster.ts';
import { pause, setWeight, specWithPods } from './testing/specs.ts';
import type { RolloutSpec, Step } from './types.ts';

const RUNS = 12_000;
const IMAGES = ['v1', 'v2', 'v3', 'bad'];

const steps = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 100 }).map(setWeight),
    fc.constant(pause()),
    fc.integer({ min: 1, max: 90_000 }).map((durationMs) => pause(durationMs)),
    fc.integer({ min: 1, max: 6 }).map((replicas): Step => ({ kind: 'setCanaryScale', replicas })),
    fc.integer({ min: 1, max: 100 }).map((weight): Step => ({ kind: 'setCanaryScale', weight })),
    fc.constant<Step>({ kind: 'setCanaryScale', matchTrafficWeight: true }),
  ),
  { maxLength: 5 },
);

const spec: fc.Arbitrary<RolloutSpec> = fc
  .record({
    steps,
    mappings: fc.constantFrom(['app'], ['app', 'other'], ['other']),
    replicas: fc.integer({ min: 0, max: 6 }),
    dynamicStableScale: fc.boolean(),
    abortScaleDownDelaySeconds: fc.constantFrom(0, 1, 30),
    scaleDownDelaySeconds: fc.constantFrom(0, 30),
    scaleDownDelayRevisionLimit: fc.constantFrom(0, 1, 5),
    revisionHistoryLimit: fc.constantFrom(0, 1, 10),
    rollbackWindowRevisions: fc.constantFrom(0, 2),
    progressDeadlineAbort: fc.boolean(),
    paused: fc.constantFrom(undefined, undefined, undefined, true as const),
  })
  .map(({ steps: list, mappings, paused, ...workload }) => ({
    ...specWithPods(list, workload, mappings),
    ...(paused && { paused }),
  }));

const command = fc.record({
  name: fc.constantFrom<Command['name']>('promote', 'abort', 'pause', 'resume', 'retry', 'skip'),
  full: fc.boolean(),
});

type Incident =
  | { readonly kind: 'command'; readonly name: Command['name']; readonly full: boolean }
  | { readonly kind: 'change'; readonly image?: string; readonly spec?: RolloutSpec }
  | { readonly kind: 'podsComeUp' }
  | { readonly kind: 'podsDie'; readonly index: number }
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'act'; readonly times: number }
  | { readonly kind: 'tell' };

const incident: fc.Arbitrary<Incident> = fc.oneof(
  { arbitrary: command.map((one): Incident => ({ kind: 'command', ...one })), weight: 2 },
  fc.constantFrom(...IMAGES).map((image): Incident => ({ kind: 'change', image })),
  spec.map((one): Incident => ({ kind: 'change', spec: one })),
  { arbitrary: fc.constant<Incident>({ kind: 'podsComeUp' }), weight: 6 },
  fc.nat({ max: 3 }).map((index): Incident => ({ kind: 'podsDie', index })),
  { arbitrary: fc.integer({ min: 1, max: 120_000 }).map((ms): Incident => ({ kind: 'time', ms })), weight: 3 },
  { arbitrary: fc.integer({ min: 1, max: 12 }).map((times): Incident => ({ kind: 'act', times })), weight: 8 },
  fc.constant<Incident>({ kind: 'tell' }),
);

const incidents = fc.array(incident, { minLength: 5, maxLength: 60, size: 'max' });

function happen(cluster: SimulatedCluster, one: Incident): void {
  switch (one.kind) {
    case 'command':
      if (!cluster.isIdle) {
        cluster.run = take(cluster.run, { actor: 'somebody', name: one.name, full: one.full }, cluster.nowMs);
      }
      break;
    case 'change':
      cluster.change(one);
      break;
    case 'podsComeUp':
      cluster.podsComeUp();
      break;
    case 'podsDie':
      cluster.podsDie(cluster.hashes()[one.index] ?? '');
      break;
    case 'time':
      cluster.nowMs += one.ms;
      break;
    case 'act':
      for (let left = one.times; left > 0; left--) {
        cluster.step();
      }
      break;
    case 'tell':
      cluster.tell();
      break;
  }
}

/** All pods come up, time passes, somebody promotes: until nothing is left to do. */
function comeToRest(cluster: SimulatedCluster): void {
  cluster.isGood = () => true;
  for (let rounds = 200; rounds > 0 && !cluster.isIdle; rounds--) {
    cluster.podsComeUp();
    const waiting = cluster.drive();
    if (waiting?.kind === 'wait') {
      cluster.nowMs = Math.max(cluster.nowMs + 1, waiting.untilMs ?? 0);
      for (const name of ['resume', 'promote'] as const) {
        cluster.run = take(cluster.run, { name, actor: 'somebody' }, cluster.nowMs);
      }
    }
  }
}

describe('whatever commands, changes and pods come in whatever order', () => {
  test('no write raises the share of a revision without available pods, and no canary Mapping outlives its run', () => {
    fc.assert(
      fc.property(spec, incidents, (first, happened) => {
        const cluster = new SimulatedCluster(first, 'v1', (hash) => hash !== 'bad');
        cluster.tell();
        happened.forEach((one) => happen(cluster, one));
      }),
      { numRuns: RUNS },
    );
  });

  test('then with pods that come up and somebody who promotes, the run comes to its end', () => {
    fc.assert(
      fc.property(spec, spec, incidents, (first, last, happened) => {
        const cluster = new SimulatedCluster(first, 'v1', (hash) => hash !== 'bad');
        cluster.tell();
        happened.forEach((one) => happen(cluster, one));
        const { paused: _, ...goingOn } = last;
        cluster.change({ image: 'v2', spec: goingOn });
        comeToRest(cluster);
        expect({ isIdle: cluster.isIdle, course: cluster.isIdle ? [] : cluster.courses.slice(-8) }).toEqual({
          isIdle: true,
          course: [],
        });
      }),
      { numRuns: RUNS },
    );
  });
});
