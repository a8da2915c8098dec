import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CommandName } from './commands.ts';
import { DriftingCluster, type GatewayMood } from './testing/drifting-cluster.ts';
import { pause, setWeight, specWithPods } from './testing/specs.ts';
import type { RolloutSpec, Step } from './types.ts';

const RUNS = 1_000;

const steps = fc.array(
  fc.oneof(
    { arbitrary: fc.integer({ min: 0, max: 100 }).map(setWeight), weight: 3 },
    fc.constant(pause()),
    fc.integer({ min: 1, max: 90 }).map((seconds) => pause(seconds * 1_000)),
    fc.constant<Step>({ kind: 'setCanaryScale', matchTrafficWeight: true }),
  ),
  { minLength: 1, maxLength: 5 },
);

const spec: fc.Arbitrary<RolloutSpec> = fc
  .record({
    steps,
    mappings: fc.constantFrom(['app'], ['app', 'other'], ['other']),
    hasPods: fc.constantFrom(true, true, false),
    replicas: fc.constantFrom(0, 1, 3, 4, 6),
    dynamicStableScale: fc.boolean(),
    driftPolicy: fc.constantFrom(undefined, undefined, 'pause' as const, 'abort' as const),
    servedDeadlineSeconds: fc.constantFrom(undefined, 1, 60),
    adopt: fc.constantFrom(undefined, true as const),
    paused: fc.constantFrom(undefined, undefined, true as const),
  })
  .map(({ steps: list, mappings, hasPods, replicas, dynamicStableScale, ...rest }) => {
    const { workload, ...traffic } = specWithPods(list, { replicas, dynamicStableScale }, mappings);
    const given = Object.entries(rest).filter(([, value]) => value !== undefined);
    return { ...traffic, ...(hasPods && { workload }), ...Object.fromEntries(given) };
  });

/** Something that happens; `what` is for the counterexample. */
interface Incident extends fc.WithToStringMethod {
  readonly what: string;
  readonly happens: (cluster: DriftingCluster) => void;
}

const incidentOf = (what: string, happens: Incident['happens']): Incident => ({
  what,
  happens,
  [fc.toStringMethod]: () => what,
});

const mappingName = fc.constantFrom('app', 'other');

/** The watch sees it at once, or not yet. */
const change = (what: string, of: (name: string) => Incident['happens']): fc.Arbitrary<Incident> =>
  fc.tuple(mappingName, fc.boolean()).map(([name, isHeard]) =>
    incidentOf(`${name}: ${what}${isHeard ? '' : ', not heard of yet'}`, (cluster) => {
      of(name)(cluster);
      if (isHeard) {
        cluster.hearOfMappings();
      }
    }),
  );

const ofMappings: fc.Arbitrary<Incident> = fc.oneof(
  change('the canary is edited', (name) => (cluster) => cluster.tamper(name, {})),
  change('the canary is deleted', (name) => (cluster) => cluster.tamper(name, { isDeleted: true })),
  change('the stable one is edited', (name) => (cluster) => cluster.tamper(name, { isStableEdited: true })),
  change('the stable one is deleted', (name) => (cluster) => cluster.others.loseStable(name)),
  change('the stable one gets a weight', (name) => (cluster) => cluster.others.spoilStable(name)),
  change('the stable ones are well again', () => (cluster) => cluster.others.healStable()),
  fc.constant(incidentOf('the watch tells', (cluster) => cluster.hearOfMappings())),
);

const ofTheBrake = change('the brake', () => (cluster) => cluster.brake());

const commands = fc.constantFrom<CommandName>('promote', 'promote', 'abort', 'pause', 'resume', 'retry', 'skip');
const aCommand = fc.tuple(commands, fc.boolean()).map(([name, full]) =>
  incidentOf(`${name}${full ? ' --full' : ''}`, (cluster) => {
    if (!cluster.isIdle) {
      cluster.give(name, { full });
    }
  }),
);

const moods = fc.constantFrom<GatewayMood>('serves', 'serves', 'isLate', 'neverServes', 'isSilent', 'refuses');

const acting =
  (times: number): Incident['happens'] =>
  (cluster) => {
    for (let left = times; left > 0; left--) {
      cluster.step();
    }
  };

const incident: fc.Arbitrary<Incident> = fc.oneof(
  { arbitrary: ofMappings, weight: 4 },
  ofTheBrake,
  { arbitrary: aCommand, weight: 2 },
  moods.map((mood) => incidentOf(`the gateway ${mood}`, (cluster) => void (cluster.mood = mood))),
  fc.boolean().map((verifies) => incidentOf(`asks: ${verifies}`, (cluster) => void (cluster.verifies = verifies))),
  fc.constant(incidentOf('Argo leaves a canary', (cluster) => void (cluster.left = ['app-canary']))),
  fc.constantFrom('v1', 'v2', 'v3').map((image) => incidentOf(image, (cluster) => cluster.change({ image }))),
  spec.map((next) => incidentOf(JSON.stringify(next), (cluster) => cluster.change({ spec: next }))),
  fc
    .constantFrom('v1', 'v2', 'v3')
    .map((hash) => incidentOf(`pods of ${hash} die`, (cluster) => cluster.podsDie(hash))),
  {
    arbitrary: fc.integer({ min: 1, max: 100 }).map((s) => incidentOf(`${s} s`, (cluster) => cluster.pass(s))),
    weight: 3,
  },
  {
    arbitrary: fc.integer({ min: 1, max: 15 }).map((times) => incidentOf(`${times} actions`, acting(times))),
    weight: 6,
  },
  {
    arbitrary: fc.integer({ min: 1, max: 30 }).map((times) =>
      incidentOf(`pods come up, ${times} actions`, (cluster) => {
        cluster.podsComeUp();
        acting(times)(cluster);
      }),
    ),
    weight: 8,
  },
);

const incidents = fc.array(incident, { maxLength: 40, size: 'max' });

/** v1 is stable, the gateway can be asked or not, v2 is wanted, and then everything happens. */
function after(first: RolloutSpec, verifies: boolean, happened: readonly Incident[]): DriftingCluster {
  const cluster = DriftingCluster.serving(first, 'v1');
  cluster.verifies = verifies;
  cluster.change({ image: 'v2' });
  happened.forEach(({ happens }) => happens(cluster));
  return cluster;
}

/** Pods come up, time passes, and somebody gives commands again and again. */
function waitOut(cluster: DriftingCluster, ...names: readonly CommandName[]): void {
  for (let rounds = 100; rounds > 0 && !cluster.isIdle; rounds--) {
    cluster.podsComeUp();
    const waiting = cluster.drive();
    if (waiting?.kind === 'wait') {
      cluster.nowMs = Math.max(cluster.nowMs + 1, waiting.untilMs ?? 0);
      names.forEach((name) => cluster.give(name));
    }
  }
}

describe('whatever others do to Mappings, the brake orders and the gateway serves', () => {
  test('no weight is above the plan or raised after an abort, no pause is short, no switch comes before the gateway', () => {
    const seen = { ends: 0, pauses: 0, switches: 0, repairs: 0 };
    fc.assert(
      fc.property(spec, fc.boolean(), incidents, (first, verifies, happened) => {
        const { looked } = after(first, verifies, happened).watch;
        (['ends', 'pauses', 'switches', 'repairs'] as const).forEach((rule) => (seen[rule] += looked[rule]));
      }),
      { numRuns: RUNS },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(RUNS / 100);
  });

  test('once all is well again, somebody who resumes and promotes brings the run to its end', () => {
    fc.assert(
      fc.property(spec, spec, fc.boolean(), incidents, (first, last, verifies, happened) => {
        const cluster = after(first, verifies, happened);
        cluster.mood = 'serves';
        cluster.left = [];
        cluster.others.healStable();
        const { paused: _paused, ...wanted } = last;
        cluster.change({ spec: wanted });
        cluster.hearOfMappings();
        waitOut(cluster, 'resume', 'promote');
        cluster.change({ image: 'new' });
        waitOut(cluster, 'resume', 'promote');
        expect({ isIdle: cluster.isIdle, serves: cluster.serves() }).toEqual({ isIdle: true, serves: 'new' });
      }),
      { numRuns: RUNS },
    );
  });

  test('an abort takes the traffic home although nothing gets well', () => {
    fc.assert(
      fc.property(spec, fc.boolean(), incidents, fc.boolean(), (first, verifies, happened, isBrake) => {
        const cluster = after(first, verifies, happened);
        if (isBrake) {
          cluster.brake();
          cluster.hearOfMappings();
        }
        waitOut(cluster, 'abort');
        const isHome = cluster.isIdle || cluster.run.stage === 'settling';
        expect({ isHome, canaries: cluster.canaries() }).toEqual({ isHome: true, canaries: [] });
      }),
      { numRuns: RUNS },
    );
  });
});
