import { describe, expect, test } from '@jest/globals';
import { host, mapping, withoutHost } from '../testing/mappings.ts';
import type { Mapping } from '../types.ts';
import { plannedShares, type Host } from './index.ts';

const [STABLE, CANARY] = [mapping('app'), mapping('app0-canary')];

describe('the shares that a weight would give', () => {
  test.each<[string, Mapping[], number, { canary: number; stable: number }]>([
    ['beside a canary that is not there yet', [STABLE], 30, { canary: 30, stable: 70 }],
    [
      'in the place of one that has another weight',
      [STABLE, mapping('app0-canary', { weight: 90 })],
      30,
      { canary: 30, stable: 70 },
    ],
    ['of 0', [STABLE], 0, { canary: 0, stable: 100 }],
    ['of 100', [STABLE], 100, { canary: 100, stable: 0 }],
    ['without the stable Mapping', [], 0, { canary: 100, stable: 0 }],
    ['beside a third Mapping', [STABLE, mapping('x', { weight: 50 })], 30, { canary: 30, stable: 20 }],
    ['that exceeds 100 with a third Mapping', [STABLE, mapping('x', { weight: 90 })], 30, { canary: 30, stable: 0 }],
    ['of a gateway that is frozen', [STABLE, mapping('x', { weight: -5 })], 1, { canary: 0, stable: 0 }],
  ])('%s', (_name, mappings, weight, expected) => {
    expect(plannedShares(mappings, undefined, STABLE, CANARY, weight)).toEqual(expected);
  });

  const labels = { host: 'a' };
  test.each<[string, Mapping, Mapping, readonly Host[] | undefined, { canary: number; stable: number }]>([
    [
      'without a hostname, Hosts not known',
      withoutHost('app'),
      withoutHost('app0-canary'),
      undefined,
      { canary: 30, stable: 70 },
    ],
    [
      'selected by a Host',
      withoutHost('app', labels),
      withoutHost('app0-canary', labels),
      [host('a', labels)],
      { canary: 30, stable: 70 },
    ],
    [
      'with a hostname that no Host has',
      mapping('app', { hostname: 'b' }),
      mapping('app0-canary', { hostname: 'b' }),
      [host('a')],
      { canary: 0, stable: 0 },
    ],
    [
      'of another gateway',
      mapping('app', { ambassador_id: ['x'] }),
      mapping('app0-canary', { ambassador_id: ['x'] }),
      undefined,
      { canary: 30, stable: 70 },
    ],
  ])('to Mappings %s', (_name, stable, canary, hosts, expected) => {
    expect(plannedShares([stable], hosts, stable, canary, 30)).toEqual(expected);
  });
});
