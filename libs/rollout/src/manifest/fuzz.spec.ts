import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canaryMappingName, USER_ANNOTATIONS } from '../names.ts';
import { canonical } from '../revision.ts';
import type { RolloutSpec, Step, WorkloadSpec } from '../types.ts';
import { MAX_INT32 } from './amount.ts';
import { parseManifest, parseSpec, type StoredRollout } from './parse.ts';
import { PODS, REFERENCE, TARGET, manifestWith } from './testing.ts';

const RUNS = 1_000;

/** Keys that mean something to JavaScript, to YAML, to the paths of errors, or to nobody. */
const KEYS = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then', 'length', '0'],
  ...['', ' ', '<<', 'a.b/c', 'a"b', 'weir.dev/run', 'weir.dev/adopt', '\u0000', '\u202e', '\ud800', '🚣', 'ß'],
  ...['metadata', 'spec', 'strategy', 'canary', 'steps', 'pause', 'setWeight', 'weight', 'template'],
  'k'.repeat(10_000),
];

/** What the parser meets where something else belongs; YAML has numbers that JSON has not. */
const VALUES: readonly unknown[] = [
  ...[null, true, false, '', ' ', 'app', 'app.v2', '../..', '🚣', '\ud800'],
  ...['0', '1e3', '-1', '60s', '25%', '1000%', 'NaN'],
  ...[0, -0, 1, -1, 0.5, 99.999999999999999, 101, 2 ** 31 - 1, 2 ** 31, 2 ** 53, 1e308, -1e308, 5e-324],
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ...['2026-02-30T00:00:00Z', '2026-11-02T15:04:05Z', '9999-12-31T23:59:59.999999999+23:59', '1h30m', '1.9999999999s'],
  ...[[], {}, [[]], [null], [{}], [{ setWeight: 10 }], { setWeight: 10 }, { duration: '1s' }, { labels: {} }],
  'x'.repeat(100_000),
];

const key = fc.oneof(fc.constantFrom(...KEYS), fc.string({ unit: 'binary', maxLength: 8 }));

const { value: anything } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(...VALUES),
    fc.double(),
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((entries) => fromEntries(entries)),
  ),
}));

/** Unlike an assignment it makes of `__proto__` a key like any other, as JSON does. */
function fromEntries(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  return Object.fromEntries(entries);
}

function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(copyOf);
  }
  const isMap = typeof value === 'object' && value !== null;
  return isMap ? fromEntries(Object.entries(value).map(([name, inner]) => [name, copyOf(inner)])) : value;
}

const weight = fc.integer({ min: 0, max: 100 });
const seconds = fc.integer({ min: 0, max: MAX_INT32 });
const step = fc.oneof(
  weight.map((setWeight) => ({ setWeight })),
  fc.constantFrom('1s', '1h30m', '90', 60, MAX_INT32, '.5m').map((duration) => ({ pause: { duration } })),
  fc.constant({ pause: {} }),
  fc.constant({ setCanaryScale: { matchTrafficWeight: true } }),
  fc.integer({ min: 1, max: MAX_INT32 }).map((replicas) => ({ setCanaryScale: { replicas } })),
);
const optional: { requiredKeys: []; noNullPrototype: true } = { requiredKeys: [], noNullPrototype: true };

const canary = fc.record(
  {
    steps: fc.array(step, { maxLength: 6 }),
    trafficRouting: fc
      .uniqueArray(fc.stringMatching(/^[a-z]([a-z0-9-]{0,20}[a-z])?$/), { maxLength: 4 })
      .map((mappings) => ({ ambassador: { mappings } })),
    maxSurge: fc.constantFrom(1, '1%', '2147483647%'),
    maxUnavailable: fc.constantFrom(0, 1, '0%', '100%'),
    minPodsPerReplicaSet: seconds,
    replicaProgressThreshold: weight.map((value) => ({ type: 'Percent', value: value + (value === 0 ? 1 : 0) })),
    abortScaleDownDelaySeconds: seconds,
    scaleDownDelayRevisionLimit: seconds,
    canaryMetadata: fc.constantFrom({}, { labels: { role: 'canary' } }, { annotations: { 'a/b': '🚣' } }),
    antiAffinity: fc.constantFrom(
      { requiredDuringSchedulingIgnoredDuringExecution: {} },
      { preferredDuringSchedulingIgnoredDuringExecution: { weight: 1 } },
    ),
  },
  optional,
);

const annotations = fc.record(
  {
    'weir.dev/gateway-settle-seconds': fc.constantFrom('0', '5', String(MAX_INT32)),
    'weir.dev/gateway-served-deadline-seconds': fc.constantFrom('1', '007'),
    'weir.dev/drift-policy': fc.constantFrom('repair', 'pause', 'abort'),
    'weir.dev/adopt': fc.constantFrom('true', 'false'),
    'weir.dev/run': fc.constant('{"of": "somebody else"}'),
    mine: fc.string({ unit: 'binary' }),
  },
  optional,
);

const workload = fc.record(
  {
    replicas: seconds,
    paused: fc.boolean(),
    restartAt: fc
      .date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true })
      .map((date) => date.toISOString()),
    rollbackWindow: fc.record({ revisions: seconds }),
    revisionHistoryLimit: seconds,
    progressDeadlineAbort: fc.boolean(),
  },
  optional,
);

/** A step that empties the canary, or a scale without pods, is for other specs. */
const valid = fc
  .record({ canary, annotations, workload, pods: fc.constantFrom(PODS, REFERENCE) })
  .map((given) =>
    manifestWith(given.canary, { metadata: { annotations: given.annotations } }, { ...given.pods, ...given.workload }),
  );

type Parent = Record<string, unknown> | unknown[];

/** Each place inside of a value, as what holds it and under which key. */
function placesIn(value: unknown): (readonly [parent: Parent, key: string])[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  const parent = value as Parent;
  return Object.entries(parent).flatMap(([name, inner]) => [[parent, name] as const, ...placesIn(inner)]);
}

type Change = (parent: Parent, name: string, other: unknown, otherKey: string) => void;

function put(parent: Parent, name: string, value: unknown): void {
  Object.defineProperty(parent, name, { value, writable: true, enumerable: true, configurable: true });
}

const CHANGES: Readonly<Record<string, Change>> = {
  drop: (parent, name) =>
    void (Array.isArray(parent) ? parent.splice(Number(name), 1) : Reflect.deleteProperty(parent, name)),
  replace: (parent, name, other) => put(parent, name, other),
  duplicate: (parent, name, _other, otherKey) =>
    Array.isArray(parent) ? void parent.push(parent[Number(name)]) : put(parent, otherKey, parent[name]),
  nestInList: (parent, name) => put(parent, name, [Reflect.get(parent, name)]),
  nestInMap: (parent, name, _other, otherKey) =>
    put(parent, name, fromEntries([[otherKey, Reflect.get(parent, name)]])),
  add: (parent, _name, other, otherKey) =>
    Array.isArray(parent) ? void parent.push(other) : put(parent, otherKey, other),
};

const mutation = fc.record({ change: fc.constantFrom(...Object.keys(CHANGES)), where: fc.nat(), value: anything, key });

const mutated = fc.tuple(valid, fc.array(mutation, { minLength: 1, maxLength: 4 })).map(([manifest, mutations]) => {
  const copy = copyOf(manifest);
  for (const { change, where, value, key: name } of mutations) {
    const places = placesIn(copy);
    const [parent, at] = places[where % Math.max(1, places.length)] ?? [];
    if (parent !== undefined && at !== undefined) {
      CHANGES[change]?.(parent, at, copyOf(value), name);
    }
  }
  return copy;
});

/** Numbers that are none, or do not survive JSON, anywhere in a value. */
function oddNumbers(value: unknown): unknown[] {
  const numbers = typeof value === 'number' ? [value] : [];
  return [...numbers, ...placesIn(value).map(([parent, name]) => Reflect.get(parent, name) as unknown)].filter(
    (one) => typeof one === 'number' && !Number.isSafeInteger(one),
  );
}

function isSound(step: Step): boolean {
  switch (step.kind) {
    case 'setWeight':
      return Number.isInteger(step.weight) && step.weight >= 0 && step.weight <= 100;
    case 'pause':
      return step.durationMs === undefined || (step.durationMs > 0 && step.durationMs <= MAX_INT32 * 1_000);
    case 'setCanaryScale': {
      const { replicas, weight: percent, matchTrafficWeight } = step;
      const given = [replicas, percent, matchTrafficWeight].filter((one) => one !== undefined);
      return given.length === 1 && (replicas ?? 0) >= 0 && (percent ?? 0) >= 0 && (percent ?? 0) <= 100;
    }
  }
}

function expectSoundWorkload({ replicas, progressDeadlineSeconds, maxUnavailable, ...more }: WorkloadSpec): void {
  expect(replicas).toBeGreaterThanOrEqual(0);
  expect(progressDeadlineSeconds).toBeGreaterThan(0);
  expect('pods' in maxUnavailable ? 0 : maxUnavailable.percent).toBeLessThanOrEqual(100);
  expect(more.gatewaySettleSeconds).toBeGreaterThanOrEqual(0);
  expect(more.dynamicStableScale && more.abortScaleDownDelaySeconds === 30).toBe(false);
}

function expectSound(spec: RolloutSpec): void {
  expect(spec.steps.filter((one) => !isSound(one))).toEqual([]);
  expect(oddNumbers(spec)).toEqual([]);
  expect(spec.stableService).toMatch(/^[a-z][-a-z0-9]{0,62}$/);
  expect(spec.canaryService).not.toBe(spec.stableService);
  const names = spec.mappings.flatMap((name) => [name, canaryMappingName(name)]);
  expect(new Set(names).size).toBe(names.length);
  expect(spec.servedDeadlineSeconds ?? 1).toBeGreaterThan(0);
  if (spec.workload !== undefined) {
    expectSoundWorkload(spec.workload);
  }
}

function expectStoredAsGiven(rollout: StoredRollout, spec: RolloutSpec, given: unknown): void {
  // Nothing of the spec is left out in silence, whatever its key is called.
  expect(canonical(rollout.spec)).toBe(canonical((given as { spec: unknown }).spec));
  const { labels, annotations: stored = {} } = rollout.metadata;
  expect(labels['argo-rollouts.argoproj.io/controller-instance-id']).toBe('weir');
  const ours = Object.keys(stored).filter((name) => name.startsWith('weir.dev/') && !USER_ANNOTATIONS.includes(name));
  expect(ours).toEqual([]);
  // What is stored comes back as JSON, and says the same.
  const read = JSON.parse(JSON.stringify(rollout)) as StoredRollout;
  const again = parseManifest(read, TARGET);
  expect(JSON.stringify(again)).toBe(JSON.stringify({ ok: true, spec, rollout }));
  expect(JSON.stringify(parseSpec(read.spec, stored))).toBe(JSON.stringify({ ok: true, spec }));
}

function expectRightAnswer(given: unknown): void {
  const before = fc.stringify(given);
  const parsed = parseManifest(given, TARGET);
  expect(fc.stringify(given)).toBe(before);
  expect(Object.keys(Object.prototype)).toEqual([]);
  if (parsed.ok) {
    expectSound(parsed.spec);
    expectStoredAsGiven(parsed.rollout, parsed.spec, given);
    return;
  }
  expect(parsed.errors.length).toBeGreaterThan(0);
  for (const error of parsed.errors) {
    expect(error).toEqual({ path: expect.any(String), message: expect.stringMatching(/\S/) });
  }
}

describe('a key __proto__, which JSON and YAML make like any other', () => {
  test.each([
    '',
    'spec',
    'spec strategy canary',
    'metadata labels',
    'metadata annotations',
    'spec selector matchLabels',
    'spec template',
    'spec template metadata labels',
    'spec template spec containers 0',
  ])('in "%s" is refused or stored, and not left out in silence', (at) => {
    const manifest = copyOf(manifestWith({}, { metadata: { labels: {}, annotations: {} } }, PODS));
    const keys = at.split(' ').filter((name) => name !== '');
    put(
      keys.reduce((inner, name) => Reflect.get(inner, name) as Parent, manifest as Parent),
      '__proto__',
      'x',
    );
    const parsed = parseManifest(manifest, TARGET);
    expect(parsed.ok ? JSON.stringify(parsed.rollout) : '"__proto__"').toContain('"__proto__"');
  });
});

describe('whatever is sent as a manifest', () => {
  test('one that a user could write is taken, and read back as it was stored', () => {
    fc.assert(
      fc.property(valid, (manifest) => {
        expect(parseManifest(manifest, TARGET)).toMatchObject({ ok: true });
        expectRightAnswer(manifest);
      }),
      { numRuns: RUNS / 2 },
    );
  });

  test('a valid one in which something was dropped, replaced, duplicated or nested is sound, or refused with places', () => {
    fc.assert(fc.property(mutated, expectRightAnswer), { numRuns: RUNS });
  });

  test('anything at all is refused with places and reasons, as a manifest and as a stored spec', () => {
    fc.assert(
      fc.property(anything, (given) => {
        expectRightAnswer(given);
        const stored = parseSpec(given);
        expect(stored.ok ? [] : stored.errors.map(({ path }) => path.startsWith('spec'))).not.toContain(false);
      }),
      { numRuns: RUNS },
    );
  });
});
