import { describe, expect, test } from '@jest/globals';
import type { Action } from './actions.ts';
import { take, type Command } from './commands.ts';
import { evolve, type RunEvent } from './evolve.ts';
import { needsFollowUp, nextAction } from './planner.ts';
import { newRun, type Observation, type ObservedRollout, type Run } from './run.ts';
import type { Step } from './types.ts';

const START_MS = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60_000;

const STEPS: readonly Step[] = [
  { kind: 'setWeight', weight: 30 },
  { kind: 'pause', durationMs: MINUTE_MS },
  { kind: 'setWeight', weight: 60 },
  { kind: 'pause' },
];

const ROLLOUT: ObservedRollout = {
  uid: 'uid-1',
  generation: 3,
  deleting: false,
  owned: true,
  spec: { stableService: 'app-stable', canaryService: 'app-canary', mappings: ['app'], steps: STEPS },
  aborted: false,
  conditions: [],
};

function observation(rollout: Partial<ObservedRollout> = {}, more: Partial<Observation> = {}): Observation {
  return {
    rollout: { ...ROLLOUT, ...rollout },
    revision: { stable: 'old', canary: 'new' },
    problems: [],
    mappingApiVersion: 'getambassador.io/v2',
    ...more,
  };
}

const ENSURED: RunEvent = {
  kind: 'canaryMappingsEnsured',
  canaryMappings: [{ stableName: 'app', name: 'app0-canary' }],
};

function written(weight: number): RunEvent[] {
  const canaryMappings = [{ stableName: 'app', name: 'app0-canary', resourceVersion: String(weight) }];
  return [
    { kind: 'weightIntended', weight },
    { kind: 'weightWritten', weight, canaryMappings },
  ];
}

function after(...events: RunEvent[]): Run {
  return events.reduce((run, event) => evolve(run, event, START_MS), newRun());
}

const observed = (rollout?: Partial<ObservedRollout>, more?: Partial<Observation>): RunEvent => ({
  kind: 'observed',
  observation: observation(rollout, more),
});

const pausedAt30 = (): Run => after(observed(), ENSURED, ...written(30));
const pausedAt60 = (): Run => evolveAll(pausedAt30(), START_MS + MINUTE_MS, { kind: 'stepFinished' }, ...written(60));

const switchedTo100 = (): Run =>
  evolveAll(pausedAt60(), START_MS, { kind: 'promotionStarted' }, ...written(100), { kind: 'stableServiceSwitched' });

function evolveAll(run: Run, nowMs: number, ...events: RunEvent[]): Run {
  return events.reduce((state, event) => evolve(state, event, nowMs), run);
}

function give(run: Run, command: Partial<Command> & Pick<Command, 'name'>): Run {
  return take(run, { actor: 'ana', ...command }, START_MS + 1_000);
}

describe('the next action of a run', () => {
  const table: [string, () => Run, Action][] = [
    ['looks at the cluster first', () => newRun(), { kind: 'observeRollout' }],
    [
      'creates the canary Mappings once it has seen that there is something to try',
      () => after(observed()),
      { kind: 'ensureCanaryMappings' },
    ],
    ['writes the weight of the first step', () => after(observed(), ENSURED), { kind: 'setCanaryWeight', weight: 30 }],
    [
      'waits for the deadline of a pause, which began when the weight was written',
      pausedAt30,
      { kind: 'wait', untilMs: START_MS + MINUTE_MS, why: 'step 2: pause at 30 %' },
    ],
    [
      'waits for a person in a pause without a duration',
      pausedAt60,
      { kind: 'wait', why: 'step 4: until promoted, at 60 %' },
    ],
    [
      'looks at the cluster once more after the last step',
      () => give(pausedAt60(), { name: 'promote' }),
      { kind: 'observeRollout' },
    ],
    [
      'begins the promotion when the canary is there to answer',
      () => evolve(give(pausedAt60(), { name: 'promote' }), observed(), START_MS),
      { kind: 'startPromotion' },
    ],
    [
      'takes traffic home when the canary has no ready endpoints any more',
      () =>
        evolve(
          give(pausedAt60(), { name: 'promote' }),
          observed({}, { problems: [{ reason: 'NoReadyEndpoints', message: 'm' }] }),
          START_MS,
        ),
      { kind: 'setCanaryWeight', weight: 0 },
    ],
    [
      'waits for the endpoints once the stable Service selects the new revision',
      switchedTo100,
      { kind: 'awaitStableEndpoints' },
    ],
    [
      'looks before it undoes anything when an abort meets the switch of the Service',
      () => give(evolveAll(pausedAt60(), START_MS, { kind: 'promotionStarted' }, ...written(100)), { name: 'abort' }),
      { kind: 'observeRollout' },
    ],
    [
      'goes on to the end when that switch had got through',
      () =>
        evolve(
          give(evolveAll(pausedAt60(), START_MS, { kind: 'promotionStarted' }, ...written(100)), { name: 'abort' }),
          observed({}, { revision: { stable: 'new', canary: 'new' } }),
          START_MS,
        ),
      { kind: 'awaitStableEndpoints' },
    ],
    [
      'takes traffic home when that switch had not got through',
      () =>
        evolve(
          give(evolveAll(pausedAt60(), START_MS, { kind: 'promotionStarted' }, ...written(100)), { name: 'abort' }),
          observed(),
          START_MS,
        ),
      { kind: 'setCanaryWeight', weight: 0 },
    ],
    [
      'tries again when something fails after the switch: nothing is undone any more',
      () => evolve(switchedTo100(), { kind: 'failed', problem: { reason: 'ActivityFailed', message: 'm' } }, START_MS),
      { kind: 'awaitStableEndpoints' },
    ],
    [
      'cleans up when the Rollout is deleted while it waits for the endpoints',
      () => evolve(switchedTo100(), observed({ deleting: true }), START_MS),
      { kind: 'setCanaryWeight', weight: 0 },
    ],
    [
      'takes the weight to 100 before the stable Service is switched',
      () => evolveAll(give(pausedAt60(), { name: 'promote' }), START_MS, { kind: 'promotionStarted' }),
      { kind: 'setCanaryWeight', weight: 100 },
    ],
    [
      'switches the stable Service at weight 100',
      () => evolveAll(give(pausedAt60(), { name: 'promote' }), START_MS, { kind: 'promotionStarted' }, ...written(100)),
      { kind: 'switchStableService' },
    ],
    [
      'removes the canary Mappings once the endpoints of the stable Service are the new pods',
      () => evolve(switchedTo100(), { kind: 'stableEndpointsReady' }, START_MS),
      { kind: 'removeCanaryMappings' },
    ],
    [
      'takes the weight to 0 first when it is aborted',
      () => give(pausedAt30(), { name: 'abort' }),
      { kind: 'setCanaryWeight', weight: 0 },
    ],
    [
      'takes the weight to 0 even when the answer to the write before never came',
      () => give(after(observed(), ENSURED, { kind: 'weightIntended', weight: 30 }), { name: 'abort' }),
      { kind: 'setCanaryWeight', weight: 0 },
    ],
    [
      'removes the canary Mappings after weight 0',
      () => evolveAll(give(pausedAt30(), { name: 'abort' }), START_MS, ...written(0)),
      { kind: 'removeCanaryMappings' },
    ],
    [
      'holds before the next step when it is paused by a person',
      () => give(pausedAt30(), { name: 'pause' }),
      { kind: 'wait', why: 'held by ana' },
    ],
    [
      'goes all the way when it is promoted in full',
      () => evolve(give(pausedAt30(), { name: 'promote', full: true }), observed(), START_MS),
      { kind: 'startPromotion' },
    ],
    [
      'looks again when it is told of a newer generation',
      () =>
        evolveAll(pausedAt30(), START_MS, { kind: 'told', wanted: { uid: 'uid-1', generation: 4 }, lookAgain: false }),
      { kind: 'observeRollout' },
    ],
    [
      'waits on when it is told of what it knows',
      () =>
        evolveAll(pausedAt30(), START_MS, { kind: 'told', wanted: { uid: 'uid-1', generation: 3 }, lookAgain: false }),
      { kind: 'wait', untilMs: START_MS + MINUTE_MS, why: 'step 2: pause at 30 %' },
    ],
    [
      'takes traffic home when the Rollout is being deleted',
      () => evolveAll(pausedAt30(), START_MS, observed({ deleting: true, generation: 4 })),
      { kind: 'setCanaryWeight', weight: 0 },
    ],
    [
      'takes the finalizer off after the cleanup',
      () =>
        evolveAll(pausedAt30(), START_MS, observed({ deleting: true }), ...written(0), {
          kind: 'canaryMappingsRemoved',
        }),
      { kind: 'releaseRollout' },
    ],
    [
      'takes traffic home when the steps change in mid-run',
      () => evolveAll(pausedAt30(), START_MS, observed({ generation: 4, spec: { ...ROLLOUT.spec, steps: [] } })),
      { kind: 'setCanaryWeight', weight: 0 },
    ],
    [
      'takes traffic home when the canary Service selects a third revision',
      () => evolveAll(pausedAt30(), START_MS, observed({}, { revision: { stable: 'old', canary: 'third' } })),
      { kind: 'setCanaryWeight', weight: 0 },
    ],
    [
      'goes on when only something else of the Rollout changed',
      () => evolveAll(pausedAt30(), START_MS, observed({ generation: 4 })),
      { kind: 'wait', untilMs: START_MS + MINUTE_MS, why: 'step 2: pause at 30 %' },
    ],
    [
      'holds while the label that makes the Rollout ours is off',
      () => evolveAll(pausedAt30(), START_MS, observed({ owned: false })),
      { kind: 'wait', why: 'waiting for the instance-id label to come back' },
    ],
    [
      'creates nothing when preflight finds a problem',
      () => after(observed({}, { problems: [{ reason: 'AmbassadorMappingNotFound', message: 'no Mapping app' }] })),
      { kind: 'removeCanaryMappings' },
    ],
  ];
  test.each(table)('%s', (_name, run, expected) => {
    expect(nextAction(run(), START_MS + 1)).toEqual(expected);
  });

  test('a step that asks for the weight that stands costs no write', () => {
    const spec = { ...ROLLOUT.spec, steps: [{ kind: 'setWeight', weight: 0 } as const] };
    expect(nextAction(after(observed({ spec }), ENSURED), START_MS)).toEqual({ kind: 'finishStep' });
  });

  test('a pause never ends before its deadline', () => {
    const run = pausedAt30();
    expect(nextAction(run, START_MS + MINUTE_MS - 1).kind).toBe('wait');
    expect(nextAction(run, START_MS + MINUTE_MS).kind).toBe('finishStep');
  });

  test('a pause began when the weight was written, although the answer to the write was lost', () => {
    const canaryMappings = [{ stableName: 'app', name: 'app0-canary' }];
    const recovered: RunEvent = { kind: 'weightWritten', weight: 30, canaryMappings, writtenAtMs: START_MS + 1_000 };
    const run = evolveAll(after(observed(), ENSURED), START_MS + 9_000, recovered);
    expect(run.pauseDeadlineMs).toBe(START_MS + 1_000 + MINUTE_MS);
  });

  test('the deadline of a pause stands while a person holds the rollout', () => {
    const held = give(pausedAt30(), { name: 'pause' });
    const resumed = give(held, { name: 'resume' });
    expect(nextAction(held, START_MS + 2 * MINUTE_MS)).toEqual({ kind: 'wait', why: 'held by ana' });
    expect(nextAction(resumed, START_MS + 2 * MINUTE_MS)).toEqual({ kind: 'finishStep' });
  });
});

describe('how a run ends', () => {
  test('with a look at the cluster when it is aborted before the first', () => {
    const run = give(newRun(), { name: 'abort' });
    expect(nextAction(run, START_MS)).toEqual({ kind: 'observeRollout' });
    const looked = evolve(run, observed(), START_MS);
    expect(looked).toMatchObject({ stage: 'retreating', uid: 'uid-1', mappingApiVersion: 'getambassador.io/v2' });
    expect(nextAction(looked, START_MS)).toEqual({ kind: 'removeCanaryMappings' });
  });

  test('promoted, with the reason for people', () => {
    const run = evolveAll(
      pausedAt60(),
      START_MS,
      { kind: 'promotionStarted' },
      ...written(100),
      { kind: 'stableServiceSwitched' },
      { kind: 'stableEndpointsReady' },
      { kind: 'canaryMappingsRemoved' },
      { kind: 'rolloutReleased' },
    );
    expect(run.ending).toMatchObject({ outcome: 'promoted', message: 'revision new is stable: all 4 steps are done' });
    expect(run.stage).toBe('closing');
    expect(needsFollowUp(run)).toBe(false);
  });

  test('with nothing to do when both Services select the same', () => {
    const run = after(observed({}, { revision: { stable: 'same', canary: 'same' } }));
    expect(run.ending?.outcome).toBe('nothingToDo');
  });

  test('aborted still, when the same revision and generation were aborted before', () => {
    const run = after(observed({ aborted: true, observedGeneration: 3, triedRevision: 'new' }));
    expect(run.ending?.outcome).toBe('aborted');
  });

  test.each([
    ['retried', { ...newRun(), retrying: true }, {}],
    ['given a newer generation', newRun(), { generation: 4 }],
    ['given another revision', newRun(), { triedRevision: 'other' }],
  ])('tries again what was aborted when it is %s', (_name, start, rollout) => {
    const event = observed({ aborted: true, observedGeneration: 3, triedRevision: 'new', ...rollout });
    expect(evolve(start, event, START_MS).stage).toBe('creating');
  });

  test('with a follow-up when something newer came while it ended', () => {
    const run = evolveAll(give(pausedAt30(), { name: 'abort' }), START_MS, ...written(0), {
      kind: 'told',
      wanted: { uid: 'uid-1', generation: 4 },
      lookAgain: false,
    });
    expect(needsFollowUp(run)).toBe(true);
  });

  test('without a follow-up when the Rollout it was told of is gone', () => {
    const run = after(
      { kind: 'told', wanted: { uid: 'uid-1', generation: 1 }, lookAgain: false },
      { kind: 'observationStarted' },
      { kind: 'observed', observation: { problems: [] } },
    );
    expect(run.ending?.outcome).toBe('deleted');
    expect(needsFollowUp(run)).toBe(false);
  });

  test('without a follow-up when what was retried meets an obstacle', () => {
    const retrying = take(newRun(), { name: 'retry', actor: 'ana' }, START_MS);
    const run = evolveAll(
      retrying,
      START_MS,
      observed({}, { problems: [{ reason: 'ServiceNotFound', message: 'm' }] }),
    );
    expect(run.ending?.outcome).toBe('aborted');
    expect(needsFollowUp(run)).toBe(false);
  });

  test('with a follow-up when another Rollout has taken its name', () => {
    const run = evolveAll(pausedAt30(), START_MS, { kind: 'observationStarted' }, observed({ uid: 'uid-2' }));
    expect(run.ending?.outcome).toBe('deleted');
    expect(needsFollowUp(run)).toBe(true);
  });

  test('keeps its first reason', () => {
    const run = give(give(pausedAt30(), { name: 'abort', reason: 'errors' }), { name: 'abort', reason: 'again' });
    expect(run.ending?.message).toBe('aborted by ana: errors');
  });

  test('records canary Mappings that were created while an abort was on its way, to remove them', () => {
    const aborted = give(after(observed()), { name: 'abort' });
    const run = evolve(aborted, ENSURED, START_MS);
    expect(run.stage).toBe('retreating');
    expect(run.canaryMappings).toHaveLength(1);
  });
});
