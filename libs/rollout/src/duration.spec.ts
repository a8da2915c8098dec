import { describe, expect, test } from '@jest/globals';
import { formatDuration, parsePauseDurationMs } from './duration.ts';

describe('the duration of a pause', () => {
  test.each([
    [60, 60_000],
    ['60', 60_000],
    ['60s', 60_000],
    ['1h30m', 5_400_000],
    ['1.5m', 90_000],
    ['2500ms', 2_000],
    ['0.3s0.7s', 1_000],
    [2_147_483_647, 2_147_483_647_000],
  ])('%p is %p ms', (given, expected) => {
    expect(parsePauseDurationMs(given)).toBe(expected);
  });

  test.each([
    0,
    -1,
    1.5,
    '-1s',
    'soon',
    '',
    ' 60s',
    '60 s',
    '1d',
    '500ms',
    '0',
    null,
    true,
    {},
    2_147_483_648,
    Number.NaN,
  ])('%p is none', (given) => {
    expect(parsePauseDurationMs(given)).toBeUndefined();
  });

  test.each([
    [90_000, '1m30s'],
    [3_600_000, '1h'],
    [0, '0s'],
    [-5, '0s'],
    [3_661_000, '1h1m1s'],
  ])('%p ms is written %p', (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text);
  });
});
