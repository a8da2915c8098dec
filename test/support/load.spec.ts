import { describe, expect, test } from '@jest/globals';
import { chanceOf, isWithinChance } from './load.ts';

describe('the chance of a split', () => {
  test.each<[observed: number, total: number, share: number, expected: number]>([
    // By hand: (1/2)^10 at one end, twice for both.
    [10, 10, 50, 2 / 1024],
    [0, 10, 50, 2 / 1024],
    [9, 10, 50, (2 * 11) / 1024],
    // 2 * (0.9^20)
    [0, 20, 10, 0.243_153_309_18],
    // 2 * P(X >= 3) of 5 draws at 10 %: 2 * (10 * 0.001 * 0.81 + 5 * 0.0001 * 0.9 + 0.00001)
    [3, 5, 10, 0.017_12],
    [5, 10, 50, 1],
    [4, 10, 50, (2 * 386) / 1024],
    [0, 7, 0, 1],
    [1, 7, 0, 0],
    [7, 7, 100, 1],
    [6, 7, 100, 0],
  ])('%d of %d at %d %%', (observed, total, share, expected) => {
    expect(chanceOf(observed, total, share)).toBeCloseTo(expected, 10);
  });

  test('is the same from both sides', () => {
    expect(chanceOf(850, 3000, 30)).toBeCloseTo(chanceOf(2150, 3000, 70), 12);
  });

  test('neither underflows nor loses its place for large numbers', () => {
    // The normal distribution says 2 * Phi(-4.88) = 1.06e-6 for this, which is close that near to the middle.
    const nearMiddle = chanceOf(500_000 + 2_440, 1_000_000, 50);
    expect(nearMiddle).toBeGreaterThan(1e-6);
    expect(nearMiddle).toBeLessThan(1.1e-6);
    expect(chanceOf(0, 1_000_000, 30)).toBe(0);
  });

  test.each([
    ['half a request', 1.5, 3, 30],
    ['more than there were', 4, 3, 30],
    ['nothing at all', 0, 0, 30],
    ['a share over 100 %', 1, 3, 130],
  ])('cannot be said of %s', (_, observed, total, share) => {
    expect(() => chanceOf(observed, total, share)).toThrow(RangeError);
  });
});

describe('the bound', () => {
  /** Sum of the probabilities of all numbers that are refused, by the recurrence from 0 upwards. */
  function refused(total: number, share: number, oneIn: number): number {
    const p = share / 100;
    let one = (1 - p) ** total;
    let sum = 0;
    for (let k = 0; k <= total; k += 1) {
      sum += isWithinChance(k, total, share, oneIn) ? 0 : one;
      one *= ((total - k) / (k + 1)) * (p / (1 - p));
    }
    return sum;
  }

  test.each([
    [200, 30, 1e6],
    [500, 60, 1e6],
    [1000, 1, 1e6],
    [300, 50, 100],
  ])(
    'a gateway that is right is refused no more often than said: %d requests at %d %%, one in %d',
    (total, share, oneIn) => {
      const chance = refused(total, share, oneIn);
      expect(chance).toBeLessThanOrEqual(1 / oneIn);
      // And it does not accept everything: the bound is as tight as whole numbers allow.
      expect(chance).toBeGreaterThan(0.1 / oneIn);
    },
  );

  test('over 3,000 requests at 30 % it takes what lies within about 4.9 standard deviations', () => {
    expect(isWithinChance(900, 3000, 30)).toBe(true);
    expect(isWithinChance(900 - 120, 3000, 30)).toBe(true);
    expect(isWithinChance(900 + 120, 3000, 30)).toBe(true);
    expect(isWithinChance(900 - 130, 3000, 30)).toBe(false);
    expect(isWithinChance(900 + 130, 3000, 30)).toBe(false);
  });
});
