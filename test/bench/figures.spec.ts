import { describe, expect, test } from '@jest/globals';
import { figuresOf, type Sample } from './figures.ts';

const sample = (values: readonly number[], more: Partial<Sample> = {}): Sample => ({
  what: 'abort',
  when: 'idle',
  side: 'weir',
  values,
  ...more,
});

describe('figures', () => {
  test('given the samples of several turns, then they are one figure', () => {
    const figures = figuresOf([sample([3, 1], { bare: [10] }), sample([2], { bare: [30, 20] })]);
    expect(figures).toEqual([
      {
        ...{ what: 'abort', when: 'idle', side: 'weir', unit: 'ms', n: 3, p50: 2, p99: 3, max: 3 },
        bare: { n: 3, p50: 20, p99: 30, max: 30 },
      },
    ]);
  });

  test('given another side or another case, then that is a figure of its own, in the order in which they came', () => {
    const figures = figuresOf([sample([1]), sample([2], { side: 'argo' }), sample([3], { when: 'busy' }), sample([4])]);
    expect(figures.map(({ side, when, n }) => [side, when, n])).toEqual([
      ['weir', 'idle', 2],
      ['argo', 'idle', 1],
      ['weir', 'busy', 1],
    ]);
  });

  test('given a hundred values, then the quantiles are values that were measured', () => {
    const [figure] = figuresOf([sample(Array.from({ length: 100 }, (_, index) => 100 - index))]);
    expect(figure).toMatchObject({ p50: 50, p99: 99, max: 100 });
  });

  test('given no value, then it says what was not measured', () => {
    expect(() => figuresOf([sample([])])).toThrow(new RangeError('nothing was measured for abort (idle)'));
  });
});
