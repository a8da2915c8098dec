import { describe, expect, test } from '@jest/globals';
import type { Figure } from './figures.ts';
import { FULL } from './plan.ts';
import { COURSE, whenAtOnce, whenBusy, whenPaused, whenUnderWay } from './rows.ts';
import { TARGETS, judge, verdictsOf, type Target } from './targets.ts';

const ROW = { what: 'abort', when: 'idle' } as const;
const figure = (p50: number, more: Partial<Figure> = {}): Figure => ({
  ...{ ...ROW, side: 'weir', unit: 'ms', n: 10, p50, p99: 2 * p50, max: 2 * p50 },
  ...more,
});
const target = (atMost: Target['atMost'], quantile: Target['quantile'] = 'p50'): Target => ({
  ...ROW,
  quantile,
  atMost,
});

describe('a target', () => {
  const FIGURES = [
    figure(50, { bare: { n: 9, p50: 20, p99: 40, max: 40 } }),
    figure(100, { side: 'argo' }),
    figure(10, { when: 'busy' }),
  ];

  test.each([
    ['met at its limit', target({ value: 50 }), 'met', 1],
    ['missed above it', target({ value: 40 }), 'missed', 1.25],
    ['of the quantile that it names', target({ value: 50 }, 'p99'), 'missed', 2],
    ['a share of what the peer needs', target({ times: 1 / 4, side: 'argo' }), 'missed', 2],
    ['a number of bare PATCHes', target({ barePatches: 5 }), 'met', 0.5],
    ['a multiple of another case', target({ times: 10, when: 'busy' }), 'met', 0.5],
    ['not judged without the peer', target({ times: 1, side: 'argoTuned' }), 'missing', undefined],
    ['not judged without the other case', target({ times: 1, when: 'never' }), 'missing', undefined],
    ['not judged without the figure', { ...target({ value: 1 }), when: 'never' }, 'missing', undefined],
  ] as const)('is %s', (_, one, outcome, factor) => {
    const [verdict] = judge(FIGURES, [one]);
    expect(verdict?.outcome).toBe(outcome);
    expect(verdict?.factor).toBe(factor);
  });

  test('says what was to be, and what is', () => {
    const verdicts = judge(FIGURES, [target({ times: 1 / 4, side: 'argo' }), target({ barePatches: 5 })]);
    expect(verdictsOf(verdicts).split('\n').slice(2)).toEqual([
      '| abort, idle, p50 | 1/4 Argo Rollouts | 50.0 ms | 25.0 ms | 2.00 | **MISSED** |',
      '| abort, idle, p50 | 5 bare PATCHes | 50.0 ms | 100.0 ms | 0.50 | met |',
    ]);
  });
});

describe('the targets of this project', () => {
  test('are each about a case of the full run', () => {
    const { courses, requests, paused, brakes, crash } = FULL;
    const [first = 0, last = 0] = [paused.counts[0], paused.counts.at(-1)];
    const cases = [
      ...[...courses, ...requests].map(({ count, mappings }) => whenAtOnce(count, mappings)),
      ...courses.flatMap(({ storms = [] }) => (storms.includes('oneByOne') ? ['one at a time'] : [])),
      ...[paused.commanded, ...paused.counts].map(whenPaused),
      `from ${first} to ${last} paused`,
      ...brakes.map(({ busy }) => whenBusy(busy)),
      ...crash.map(({ rollouts, pauseMs }) => whenUnderWay(rollouts, pauseMs / 1_000)),
      whenUnderWay(10),
      'at random moments',
    ];
    const named = TARGETS.flatMap(({ when, atMost }) => [when, ...('when' in atMost ? [atMost.when] : [])]);
    expect(named.filter((when) => !cases.includes(when))).toEqual([]);
  });

  test('ask for a fifth of the time that the peer takes for one rollout', () => {
    const one = { what: COURSE.gone, when: whenAtOnce(1) };
    const verdicts = judge([figure(1_000, one), figure(6_000, { ...one, side: 'argo' })]);
    expect(verdicts.filter(({ outcome }) => outcome !== 'missing')).toMatchObject([{ outcome: 'met', limit: 1_200 }]);
  });
});
