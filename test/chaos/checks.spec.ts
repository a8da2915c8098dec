import { describe, expect, test } from '@jest/globals';
import { problemsOf, sweptMappings } from './checks.ts';
import type { WeightWrite } from './observer.ts';
import { scenarioOf } from './scenarios.ts';
import type { Observed } from './trial.ts';

const CANARY = 'app0-canary';
type Weight = WeightWrite['weight'];
type Timed = readonly [weight: Weight, atMs: number];

const UNDISTURBED: readonly Timed[] = [
  [0, 100],
  [30, 200],
  [60, 3_210],
  [100, 4_100],
  ['gone', 4_200],
];
const PROMOTED = [{ name: 'promote', sentMs: 4_000, answeredMs: 4_050 }];

function observed(course: readonly Timed[], more: Partial<Observed> = {}): Observed {
  return {
    namespace: 'chaos',
    startedMs: 0,
    tookMs: 0,
    end: 'ended',
    writes: course.map(([weight, atMs]) => ({ mapping: CANARY, weight, atMs })),
    requests: [],
    commands: PROMOTED,
    badRuns: [],
    leftMappings: [],
    objects: { 'Service someapp-stable.spec.selector.version': 'v2' },
    ...more,
  };
}

/** The undisturbed course with some of it replaced, by index. */
function but(changes: Readonly<Record<number, Timed | readonly Timed[]>>): Timed[] {
  return UNDISTURBED.flatMap((one, index): readonly Timed[] => {
    const change = changes[index];
    return change === undefined ? [one] : Array.isArray(change[0]) ? (change as Timed[]) : [change as Timed];
  });
}

const problems = (course: readonly Timed[], more?: Partial<Observed>): string[] =>
  problemsOf(scenarioOf('promoted'), observed(UNDISTURBED), observed(course, more));

describe('given a promoted rollout', () => {
  test('when all was as in the undisturbed run, then there is no problem', () => {
    expect(problems(UNDISTURBED)).toEqual([]);
  });

  const cases: readonly (readonly [string, readonly Timed[], RegExp])[] = [
    [
      'a weight is missing',
      UNDISTURBED.filter(([weight]) => weight !== 60),
      /weights of app0-canary: 0 30 100 gone instead/,
    ],
    [
      'a weight is written twice',
      but({
        1: [
          [30, 200],
          [30, 250],
        ],
      }),
      /0 30 30 60/,
    ],
    ['a weight comes before its pause is over', but({ 2: [60, 2_900] }), /has 60 2700 ms after 30, not 3000 ms/],
    ['it is raised to 100 before somebody promotes it', but({ 3: [100, 3_900] }), /has 100 before promote/],
    [
      'it goes down and up again',
      but({
        2: [
          [60, 3_210],
          [0, 3_300],
          [60, 3_400],
        ],
      }),
      /was raised to 60 after it went down/,
    ],
  ];
  test.each(cases)('when %s, then that is said', (_, course, problem) => {
    expect(problems(course).join('\n')).toMatch(problem);
  });

  const sent = (percent: number, forwardedMs: number, status: number): Observed['requests'][number] => ({
    namespace: 'chaos',
    signature: `PATCH.mappings.${CANARY}.w${percent}`,
    key: `PATCH.mappings.${CANARY}.w${percent}#1`,
    atMs: forwardedMs,
    forwardedMs,
    status,
    weight: { mapping: CANARY, percent },
  });

  test('when a weight was sent too early, then the watch, which tells later, hides nothing', () => {
    const requests = [sent(30, 190, 200), sent(60, 2_900, 200)];
    expect(problems(UNDISTURBED, { requests })).toEqual([`${CANARY} has 60 2710 ms after 30, not 3000 ms`]);
  });

  test('when a write was refused, then the pause after it is counted from the one that was taken', () => {
    const requests = [sent(30, 190, 409), sent(30, 1_500, 200), sent(60, 3_200, 200)];
    expect(problems(UNDISTURBED, { requests })).toEqual([`${CANARY} has 60 1700 ms after 30, not 3000 ms`]);
  });

  const others: readonly (readonly [string, Partial<Observed>, RegExp])[] = [
    ['a canary Mapping is left', { leftMappings: [CANARY] }, /canary Mapping app0-canary is left/],
    ['a run failed', { badRuns: ['FAILED'] }, /a run is FAILED/],
    [
      'the stable Service is the old one',
      { objects: { 'Service someapp-stable.spec.selector.version': 'v1' } },
      /"v1" instead of "v2"/,
    ],
    ['it does not end', { end: 'stuck', why: 'not within 1 ms' }, /did not end: not within 1 ms/],
  ];
  test.each(others)('when %s, then that is said', (_, more, problem) => {
    expect(problems(UNDISTURBED, more).join('\n')).toMatch(problem);
  });
});

describe('given a rollout that was superseded', () => {
  const course = (...weights: readonly Weight[]): Timed[] => weights.map((weight, index) => [weight, 100 * index]);
  const note = 'Rollout someapp.metadata.annotations.weir.dev/run.outcome';
  const ends = (weights: readonly Timed[], outcome: string): Observed =>
    observed(weights, { commands: [], objects: { [note]: outcome } });
  const reference = ends(course(0, 30, 0, 'gone', 0, 40, 'gone'), 'promoted');
  const check = (...one: Parameters<typeof ends>): string[] =>
    problemsOf(scenarioOf('aborted-in-step'), reference, ends(...one));

  test('when a creation lands late at 0, and the next run removes it, then that is no problem, and the note is compared', () => {
    const late = course(0, 30, 0, 'gone', 0, 'gone', 0, 40, 'gone');
    expect(check(late, 'promoted')).toEqual([]);
    expect(check(late, 'nothingToDo')).toEqual([`${note} is "nothingToDo" instead of "promoted"`]);
  });

  test('when what lands late has a weight, then that is said', () => {
    expect(check(course(0, 30, 0, 'gone', 10, 'gone', 0, 40, 'gone'), 'promoted')).toHaveLength(1);
  });
});

describe('given an aborted rollout', () => {
  const aborted = { commands: [{ name: 'abort', sentMs: 290, answeredMs: 300 }] };
  const reference = observed(
    [
      [0, 100],
      [30, 200],
      [0, 295],
      ['gone', 400],
    ],
    aborted,
  );
  const check = (course: readonly Timed[]): string[] =>
    problemsOf(scenarioOf('aborted-in-pause'), reference, observed(course, aborted));

  test('when brake and run both write 0, then that is one zero', () => {
    expect(
      check([
        [0, 100],
        [30, 200],
        [0, 295],
        [0, 310],
        ['gone', 400],
      ]),
    ).toEqual([]);
  });

  test('when a weight that was on its way is raised after the answer, then that is said', () => {
    expect(
      check([
        [0, 100],
        [30, 305],
        [0, 310],
        ['gone', 400],
      ]),
    ).toEqual(['app0-canary was raised to 30 after an abort']);
  });

  test('when a creation lands late at 0 and is swept, then it is counted and no problem, and nothing but the note of the last run may differ', () => {
    const course: readonly Timed[] = [
      [0, 100],
      [30, 200],
      [0, 295],
      ['gone', 400],
      [0, 9_000],
      ['gone', 30_000],
    ];
    const note = 'Rollout someapp.metadata.annotations.weir.dev/run.outcome';
    const status = 'Rollout someapp.status.phase';
    const swept = (objects: Observed['objects']): string[] =>
      problemsOf(
        scenarioOf('aborted-in-pause'),
        { ...reference, objects: { [note]: 'aborted', [status]: 'Degraded' } },
        observed(course, { ...aborted, objects }),
      );
    expect(swept({ [note]: 'nothingToDo', [status]: 'Degraded' })).toEqual([]);
    expect(swept({ [note]: 'nothingToDo', [status]: 'Healthy' })).toEqual([
      `${status} is "Healthy" instead of "Degraded"`,
    ]);
    expect(sweptMappings(observed(course))).toBe(1);
  });

  test('when what lands late has a weight, then that is a raise', () => {
    const course: readonly Timed[] = [
      [0, 100],
      [30, 200],
      [0, 295],
      ['gone', 400],
      [30, 9_000],
      ['gone', 30_000],
    ];
    expect(check(course)).toContain('app0-canary was raised to 30 after an abort');
  });
});
