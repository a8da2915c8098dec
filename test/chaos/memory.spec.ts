import { expect, test } from '@jest/globals';
import { growthOf } from './memory.ts';

const samples = (at: (share: number) => number): number[] => Array.from({ length: 40 }, (_, index) => at(index / 40));

test.each<[string, readonly number[], boolean]>([
  ['it fills its caches and stays there', samples((share) => (share < 0.2 ? 150 + 500 * share : 250)), true],
  ['it has a peak now and then', samples((share) => (Math.round(share * 40) % 9 === 0 ? 400 : 250)), true],
  ['it grows all the time', samples((share) => 200 + 200 * share), false],
  ['it jumps in the end', samples((share) => (share < 0.7 ? 200 : 300)), false],
  ['nothing is known of it', [], false],
])('whether memory is flat when %s', (_, megabytes, isFlat) => {
  expect(growthOf(megabytes).isFlat).toBe(isFlat);
});
