import { describe, expect, test } from '@jest/globals';
import { casesOf, type CourseOfRun } from './cut-points.ts';
import type { SeenRequest } from './exchange.ts';

/** Of one run, that began at 1000: keys of requests with the time at which they came. */
function course(
  requests: Readonly<Record<string, number>>,
  activities: readonly (readonly [type: string, startedMs: number, closedMs: number])[],
  more: Partial<Pick<CourseOfRun['history'], 'timers'> & Pick<CourseOfRun['observed'], 'commands'>> = {},
): CourseOfRun {
  const seen = Object.entries(requests).map(([key, atMs]) => ({ key, atMs }) as SeenRequest);
  return {
    scenario: { name: 'promoted' },
    observed: { requests: seen, commands: more.commands ?? [], startedMs: 1_000 },
    history: {
      activities: activities.map(([type, startedMs, closedMs]) => ({ type, startedMs, closedMs })),
      timers: more.timers ?? [],
    },
  };
}

/** Points at which the worker is killed. */
const killed = (of: CourseOfRun): string[] =>
  casesOf(of)
    .filter(({ fault }) => fault === 'kill-worker')
    .map(({ id }) => id.replace(/^promoted\/(.*)\/kill-worker$/, '$1'));

describe('given the activities of a run', () => {
  test('then each is cut before its write, after it was taken, and after it was answered', () => {
    const cases = casesOf(course({ 'PATCH.mappings.app0-canary.w30#1': 1_500 }, [['setCanaryWeight', 1_490, 1_520]]));
    const cuts = cases.filter(({ fault }) => fault === 'kill-temporal');
    expect(cuts.map(({ cut }) => cut)).toEqual(
      ['before', 'accepted', 'answered'].map((moment) => ({
        kind: 'request',
        key: 'PATCH.mappings.app0-canary.w30#1',
        moment,
      })),
    );
    expect(cuts.map(({ offsetMs }) => offsetMs)).toEqual([500, 500, 500]);
  });

  test('when one writes several kinds of objects, then each kind is a cut point, by its first request', () => {
    const requests = {
      'DELETE.mappings.app-10-canary#1': 2_000,
      'DELETE.mappings.app-20-canary#1': 2_001,
      'GET.rollouts.someapp#4': 2_010,
      'PATCH.rollouts.someapp.finalizers#2': 2_015,
    };
    expect(killed(course(requests, [['removeCanaryMappings', 1_995, 2_020]]))).toEqual([
      'activity/removeCanaryMappings#1/DELETE.mappings/before',
      'activity/removeCanaryMappings#1/DELETE.mappings/accepted',
      'activity/removeCanaryMappings#1/DELETE.mappings/answered',
      'activity/removeCanaryMappings#1/PATCH.rollouts.finalizers/before',
      'activity/removeCanaryMappings#1/PATCH.rollouts.finalizers/accepted',
      'activity/removeCanaryMappings#1/PATCH.rollouts.finalizers/answered',
    ]);
  });

  test('when one only reads, then its first read is the cut point, of what the reporter does not read', () => {
    const requests = { 'GET.rollouts.someapp#1': 1_101, 'GET.services.someapp-stable#1': 1_110 };
    expect(killed(course(requests, [['observeRollout', 1_100, 1_130]]))).toHaveLength(3);
    expect(killed(course(requests, [['observeRollout', 1_100, 1_130]]))[0]).toBe(
      'activity/observeRollout#1/GET.services/before',
    );
  });

  test('when the reporter writes meanwhile, then that is its own, and its status is the cut point', () => {
    const requests = {
      'PATCH.rollouts.someapp.status#1': 1_510,
      'POST.events#1': 1_512,
      'PATCH.mappings.app0-canary.w30#1': 1_515,
    };
    const points = killed(
      course(requests, [
        ['setCanaryWeight', 1_490, 1_530],
        ['reportStatus', 1_500, 1_540],
      ]),
    );
    expect(points.filter((one) => one.endsWith('/before'))).toEqual([
      'activity/setCanaryWeight#1/PATCH.mappings/before',
      'activity/reportStatus#1/PATCH.rollouts.status/before',
    ]);
  });

  test('when two are of the same type, then they are told apart by their number', () => {
    const requests = { 'PATCH.mappings.a.w30#1': 1_500, 'PATCH.mappings.a.w60#1': 5_000 };
    const points = killed(
      course(requests, [
        ['setCanaryWeight', 1_490, 1_520],
        ['setCanaryWeight', 4_990, 5_020],
      ]),
    );
    expect(points.filter((one) => one.endsWith('/before'))).toEqual([
      'activity/setCanaryWeight#1/PATCH.mappings/before',
      'activity/setCanaryWeight#2/PATCH.mappings/before',
    ]);
  });
});

describe('given timers and commands', () => {
  const timer = { id: '5', name: 'step 2: pause at 30 %', startedMs: 1_600, dueMs: 4_600 };

  test('then a timer is cut when it has been started, and when it is due', () => {
    expect(killed(course({}, [], { timers: [{ ...timer, fired: true }] }))).toEqual([
      'timer/step-2-pause-at-30-#1/started',
      'timer/step-2-pause-at-30-#1/fired',
    ]);
  });

  test('when a timer was cancelled, then it never fires', () => {
    expect(killed(course({}, [], { timers: [{ ...timer, fired: false }] }))).toEqual([
      'timer/step-2-pause-at-30-#1/started',
    ]);
  });

  test('then a command is cut before it and after its answer', () => {
    const commands = [{ name: 'promote', sentMs: 4_000, answeredMs: 4_050 }];
    expect(killed(course({}, [], { commands }))).toEqual(['command/promote/before', 'command/promote/answered']);
  });
});

test('each request of a run has each fault of requests, and so have those that are shared', () => {
  const ids = casesOf(course({ 'GET.services.someapp-stable#1': 1_100 }, [])).map(({ id }) => id);
  expect(ids).toEqual(
    ['GET.services.someapp-stable#1', 'shared'].flatMap((request) =>
      ['409', '429', '500', 'torn', 'late'].map((fault) => `promoted/request/${request}/${fault}`),
    ),
  );
});
