import { describe, expect, test } from '@jest/globals';
import {
  evolve,
  newRun,
  nextAction,
  noticesOf,
  phaseOf,
  refuse,
  renderDetails,
  rolloutStatus,
  runSummary,
  take,
  type Command,
  type CommandName,
  type Revision,
  type Run,
  type RunEvent,
} from '@weir/rollout';
import type { SpecChanged } from '@weir/contract';
import { parseManifest } from '@weir/rollout/manifest';
import fc from 'fast-check';
import { UNNAMED_ACTOR, readCommand, wrongSpecChanged } from './messages.ts';
import { Undecodable, payloadConverter } from './payload-converter.ts';

const RUNS = 3_000;
const NOW_MS = Date.UTC(2026, 10, 23, 12);

const number = fc.oneof(
  fc.integer(),
  fc.constantFrom(0, -1, 1.5, 1e308, -1e308, 2 ** 53, 8.64e15, 8.64e15 + 1),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const text = fc.oneof(
  fc.constantFrom(
    '',
    'u',
    'v1',
    'v2',
    'v3',
    'app-v2',
    '__proto__',
    '10',
    '9',
    '\u0000',
    '\ud83d',
    '|\n|',
    'x'.repeat(5_000),
  ),
  fc.string({ unit: 'binary', maxLength: 10 }),
);
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<unknown>,
  number,
  text,
  fc.constantFrom<unknown>(undefined, null, true, [], {}, [[]]),
  fc.uint8Array({ maxLength: 4 }),
);

/** Mostly of the right type. */
const rather = <T>(right: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ arbitrary: right, weight: 12 }, { arbitrary: anything, weight: 1 });

/** Mostly one that the runs below know. */
const known = (...names: string[]): fc.Arbitrary<unknown> =>
  fc.oneof({ arbitrary: fc.constantFrom(...names), weight: 8 }, { arbitrary: rather(text), weight: 1 });

const some: { requiredKeys: []; noNullPrototype: true } = { requiredKeys: [], noNullPrototype: true };

const commandPayload = fc.oneof(
  anything,
  fc.record(
    {
      actor: rather(text),
      reason: rather(text),
      full: rather(fc.boolean()),
      expectedStep: rather(fc.oneof(fc.constantFrom(0, 1, 2), number)),
      idempotencyKey: rather(text),
      other: anything,
    },
    some,
  ),
);

const revision = fc.record(
  {
    hash: known('v1', 'v2', 'v3'),
    name: known('app-v1', 'app-v2', 'app-v3'),
    number: rather(number),
    createdAtMs: rather(number),
    replicas: rather(number),
    pods: rather(number),
    ready: rather(number),
    available: rather(number),
    resourceVersion: known('2', '3', '10'),
    roleMetadata: rather(text),
    scaleDownAtMs: rather(number),
  },
  {
    requiredKeys: [
      'hash',
      'name',
      'number',
      'createdAtMs',
      'replicas',
      'pods',
      'ready',
      'available',
      'resourceVersion',
    ],
  },
);

const news = fc.oneof(
  { arbitrary: anything, weight: 1 },
  {
    arbitrary: fc.record(
      {
        uid: rather(fc.constantFrom('u', 'another')),
        generation: rather(fc.oneof(fc.constantFrom(1, 2), number)),
        lookAgain: rather(fc.boolean()),
        revisions: rather(fc.array(revision, { maxLength: 3 })),
        mappings: rather(fc.constant(true)),
      },
      { requiredKeys: ['uid', 'generation'] },
    ),
    weight: 5,
  },
);

function aRevision(hash: string, more: Partial<Revision> = {}): Revision {
  const counts = { replicas: 4, pods: 4, ready: 4, available: 4 };
  const number = Number(hash.slice(1));
  return { hash, name: `app-${hash}`, number, createdAtMs: NOW_MS, ...counts, resourceVersion: '1', ...more };
}

function specOf(pods: object) {
  const canary = {
    stableService: 'stable',
    canaryService: 'canary',
    trafficRouting: { ambassador: { mappings: ['app'] } },
    steps: [{ setWeight: 50 }, { pause: { duration: '60s' } }, { setWeight: 80 }, { pause: {} }],
  };
  const manifest = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', spec: { ...pods, strategy: { canary } } };
  const parsed = parseManifest(manifest, { namespace: 'default', name: 'app' });
  if (!parsed.ok) {
    throw new Error(JSON.stringify(parsed.errors));
  }
  return parsed.spec;
}

const TRAFFIC_ONLY: Run = {
  ...newRun(),
  stage: 'stepping',
  looked: true,
  uid: 'u',
  generation: 1,
  spec: specOf({}),
  revision: { stable: 'v1', canary: 'v2' },
  stepIndex: 1,
  stepRecords: [{ startedAtMs: NOW_MS, endedAtMs: NOW_MS }, { startedAtMs: NOW_MS }],
  pauseDeadlineMs: NOW_MS + 60_000,
  intendedWeight: 50,
  writtenWeight: 50,
  canaryMappings: [{ stableName: 'app', name: 'app0-canary', weight: 50 }],
};
const WITH_PODS: Run = {
  ...TRAFFIC_ONLY,
  spec: specOf({ workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'app' }, replicas: 4 }),
  workload: {
    revisions: [aRevision('v1'), aRevision('v2', { replicas: 2 })],
    services: { stable: 'v1', canary: 'v2' },
    selector: 'app=app',
  },
};
const SETTLING: Run = {
  ...WITH_PODS,
  stage: 'settling',
  promotion: 'cleanup',
  canaryMappings: [],
  writtenWeight: 0,
  intendedWeight: 0,
  settlingSinceMs: NOW_MS,
  workload: {
    revisions: [aRevision('v1'), aRevision('v2')],
    services: { stable: 'v2', canary: 'v2' },
    selector: 'app=app',
  },
  ending: { outcome: 'promoted', reason: 'RolloutCompleted', message: 'done' },
};
const START = [newRun(), { ...newRun(), uid: 'u' }, TRAFFIC_ONLY, WITH_PODS, { ...WITH_PODS, stepIndex: 3 }, SETTLING];

/** No timer of a workflow can be later: the end of JavaScript's time. */
const END_OF_TIME_MS = 8.64e15;

/** What a workflow does with a state; it would fail its every task if this threw, or gave a timer no time that there is. */
function expectUsable(before: Run, run: Run, event?: RunEvent): void {
  const action = nextAction(run, NOW_MS);
  const untilMs = 'untilMs' in action ? action.untilMs : undefined;
  expect([typeof untilMs, Math.abs(untilMs ?? 0) <= END_OF_TIME_MS]).toEqual([
    expect.stringMatching(/number|undefined/),
    true,
  ]);
  phaseOf(run);
  renderDetails(run);
  rolloutStatus(run, NOW_MS);
  runSummary(run);
  noticesOf(before, run, event);
  // It goes through continue-as-new.
  JSON.stringify(run, refuseNoNumbers);
}

function refuseNoNumbers(key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new Error(`JSON has no ${value}: ${key}`);
  }
  return value;
}

const NAMES: readonly CommandName[] = ['promote', 'abort', 'pause', 'resume', 'retry', 'skip'];
const TYPES = {
  name: 'string',
  actor: 'string',
  reason: 'string',
  full: 'boolean',
  expectedStep: 'number',
  idempotencyKey: 'string',
} as const satisfies Record<keyof Command, string>;

/** As the workflow reads it: from what its sender's client made of it. */
function decoded(value: unknown): unknown {
  return payloadConverter.fromPayload<unknown>(payloadConverter.toPayload(value));
}

function bytesOf(ascii: string): Uint8Array {
  return Uint8Array.from(ascii, (letter) => letter.charCodeAt(0));
}

describe('whatever comes in a message', () => {
  const name = fc.constantFrom(...NAMES);

  test('is decoded, or stands for what cannot be', () => {
    const encoding = fc.constantFrom('json/plain', 'binary/plain', 'binary/null', 'json/protobuf', 'nonsense', '');
    const payload = fc.record({
      metadata: fc.oneof(
        encoding.map((one) => ({ encoding: bytesOf(one) })),
        fc.constant({}),
        fc.constant(undefined),
      ),
      data: fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.constant(undefined)),
    });
    fc.assert(
      fc.property(name, payload, (command, given) => {
        const value = payloadConverter.fromPayload(given);
        const read = readCommand(command, value);
        expect(value instanceof Undecodable ? typeof read : 'string').toBe('string');
        wrongSpecChanged(value);
      }),
      { numRuns: RUNS },
    );
  });

  test('a command is one of the right types, or a text that says what is wrong', () => {
    fc.assert(
      fc.property(name, commandPayload, (command, payload) => {
        const read = readCommand(command, decoded(payload));
        if (typeof read === 'string') {
          expect(read).toMatch(/\S/);
          return;
        }
        const { actor } = (payload ?? {}) as { readonly actor?: string };
        expect(read).toMatchObject({ name: command, actor: actor ?? UNNAMED_ACTOR });
        const wrong = Object.entries(read).filter(([field, value]) => typeof value !== TYPES[field as keyof Command]);
        expect(wrong).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  test('a run can go on, and be aborted', () => {
    const message = fc.oneof(
      fc.record({ name, payload: commandPayload }),
      news.map((payload) => ({ name: undefined, payload })),
    );
    fc.assert(
      fc.property(fc.constantFrom(...START), fc.array(message, { minLength: 1, maxLength: 5 }), (start, messages) => {
        let run = start;
        for (const { name: command, payload } of messages) {
          for (const [next, event] of afterMessage(run, command, decoded(payload))) {
            expectUsable(run, next, event);
            run = next;
          }
        }
        const aborted = take(run, { name: 'abort', actor: 'ada' }, NOW_MS);
        expectUsable(run, aborted);
        expect([refuse(run, { name: 'abort', actor: 'ada' }), aborted.ending]).not.toEqual([undefined, undefined]);
      }),
      { numRuns: RUNS },
    );
  });
});

/** The states that a message makes of one, as its handler does. */
function afterMessage(run: Run, command: CommandName | undefined, payload: unknown): (readonly [Run, RunEvent?])[] {
  if (command !== undefined) {
    const read = readCommand(command, payload);
    return typeof read === 'string' ? [] : [[take(run, read, NOW_MS)]];
  }
  if (wrongSpecChanged(payload) !== undefined) {
    return [];
  }
  const { uid, generation, lookAgain = false, revisions, mappings } = payload as SpecChanged;
  const wanted = { uid, generation };
  const events: RunEvent[] = [
    ...(revisions === undefined ? [] : [{ kind: 'podsHeard', wanted, revisions } as const]),
    ...(mappings === true ? [{ kind: 'mappingsHeard', wanted } as const] : []),
    { kind: 'told', wanted, lookAgain },
  ];
  return events.map((event) => [evolve(run, event, NOW_MS), event]);
}
