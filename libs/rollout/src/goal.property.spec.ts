import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CommandName } from './commands.ts';
import type { RolloutSpec, Step } from './types.ts';
import { Scene } from './testing/scene.ts';
import { pause, setWeight, specWithPods } from './testing/specs.ts';

const RUNS = 1_000;

const steps = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 100 }).map(setWeight),
    fc.constant(pause()),
    fc.integer({ min: 1, max: 90_000 }).map((durationMs) => pause(durationMs)),
    fc.integer({ min: 1, max: 6 }).map((replicas): Step => ({ kind: 'setCanaryScale', replicas })),
    fc.constant<Step>({ kind: 'setCanaryScale', matchTrafficWeight: true }),
  ),
  { maxLength: 4 },
);

const spec: fc.Arbitrary<RolloutSpec> = fc
  .record({
    steps,
    mappings: fc.constantFrom(['app'], ['app', 'other']),
    replicas: fc.integer({ min: 0, max: 6 }),
    dynamicStableScale: fc.boolean(),
    abortScaleDownDelaySeconds: fc.constantFrom(0, 30),
    scaleDownDelaySeconds: fc.constantFrom(0, 30, 3_600),
    revisionHistoryLimit: fc.constantFrom(1, 10),
    rollbackWindowRevisions: fc.constantFrom(0, 2),
    progressDeadlineAbort: fc.boolean(),
    paused: fc.constantFrom(undefined, undefined, true as const),
  })
  .map(({ steps: list, mappings, paused, ...workload }) => ({
    ...specWithPods(list, workload, mappings),
    ...(paused && { paused }),
  }));

/** Something that happens; `what` is for the counterexample. */
interface Incident {
  readonly what: string;
  readonly happens: (scene: Scene) => void;
}

const incidentOf = (what: string, happens: Incident['happens']): Incident => ({ what, happens });

const images = fc.constantFrom('v1', 'v2', 'v3', 'bad');
const commands = fc.constantFrom<CommandName>('promote', 'abort', 'pause', 'resume', 'retry', 'skip');

const someCommand = fc.tuple(commands, fc.boolean()).map(([name, full]) =>
  incidentOf(`${name}${full ? ' --full' : ''}`, (scene) => {
    // An abort before the first look is one of whatever that finds.
    if (!scene.isIdle && scene.run.looked) {
      scene.give(name, { full });
    }
  }),
);

const someChange = fc
  .record({ image: images, spec }, { requiredKeys: [] })
  .map((change) => incidentOf(JSON.stringify(change), (scene) => scene.change(change)));

/** The label and the Mapping, there or not. */
const someLook = fc.constantFrom<Incident>(
  ...Object.entries({
    'all is well': {},
    'the label is off': { rollout: { owned: false } },
    'the Mapping is gone': { problems: [{ reason: 'AmbassadorMappingNotFound', message: 'gone' }] },
  }).map(([what, besides]) =>
    incidentOf(what, (scene) => {
      scene.besides = besides;
      scene.tell();
    }),
  ),
);

const someActions = fc.integer({ min: 1, max: 12 }).map((times) =>
  incidentOf(`${times} actions`, (scene) => {
    for (let left = times; left > 0; left--) {
      scene.step();
    }
  }),
);

const incident: fc.Arbitrary<Incident> = fc.oneof(
  { arbitrary: someCommand, weight: 2 },
  { arbitrary: someChange, weight: 2 },
  someLook,
  { arbitrary: fc.constant(incidentOf('pods come up', (scene) => scene.podsComeUp())), weight: 4 },
  images.map((hash) => incidentOf(`pods of ${hash} die`, (scene) => scene.podsDie(hash))),
  fc.integer({ min: 1, max: 4_000 }).map((seconds) => incidentOf(`${seconds} s pass`, (scene) => scene.pass(seconds))),
  { arbitrary: someActions, weight: 6 },
);

function comeToRest(scene: Scene): void {
  scene.isGood = () => true;
  for (let rounds = 200; rounds > 0 && !scene.isIdle; rounds--) {
    scene.podsComeUp();
    const waiting = scene.drive();
    if (waiting?.kind === 'wait') {
      scene.nowMs = Math.max(scene.nowMs + 1, waiting.untilMs ?? 0);
      scene.give('resume');
      scene.give('promote');
    }
  }
}

describe('whatever happened before', () => {
  test('a new image whose pods come up serves in the end, with all its pods and nobody else’s', () => {
    fc.assert(
      fc.property(spec, spec, fc.array(incident, { maxLength: 40, size: 'max' }), (first, last, happened) => {
        const scene = new Scene(first, 'v1', (hash) => hash !== 'bad');
        scene.tell();
        happened.forEach(({ happens }) => happens(scene));
        scene.besides = {};
        const { paused: _paused, ...wanted } = last;
        scene.change({ image: 'new', spec: wanted });
        comeToRest(scene);
        const { revisions, services } = scene.observed();
        const pods = Object.fromEntries(
          revisions.filter(({ replicas }) => replicas > 0).map(({ hash, replicas }) => [hash, replicas]),
        );
        const replicas = wanted.workload?.replicas ?? 0;
        expect({ isIdle: scene.isIdle, services, pods }).toEqual({
          isIdle: true,
          services: { stable: 'new', canary: 'new' },
          pods: replicas === 0 ? {} : { new: replicas },
        });
      }),
      { numRuns: RUNS },
    );
  });

  test('an abort that is taken brings all traffic home before anything is waited for', () => {
    fc.assert(
      fc.property(spec, fc.array(incident, { maxLength: 40, size: 'max' }), (first, happened) => {
        const scene = new Scene(first, 'v1', (hash) => hash !== 'bad');
        scene.tell();
        happened.forEach(({ happens }) => happens(scene));
        const isDynamic = scene.run.spec.workload?.dynamicStableScale === true;
        scene.give('abort');
        scene.drive();
        const { ending, stage, writtenWeight } = scene.run;
        if (!isDynamic && !scene.isIdle && ending?.outcome === 'aborted') {
          expect({ stage, writtenWeight }).toEqual({ stage: 'settling', writtenWeight: 0 });
        }
      }),
      { numRuns: RUNS },
    );
  });
});
