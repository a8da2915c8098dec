import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { host, mapping, model, numerators, shares } from '../testing/mappings.ts';
import type { Mapping } from '../types.ts';
import { modelGateway, routeRequest, shareOf } from './index.ts';
import { sharesOf } from './weights.ts';

const REQUEST = { method: 'GET', host: 'any.example', path: '/app/x', headers: {}, query: {} };

describe('weights of a group (facts/mapping.md 2, one row a test)', () => {
  const stable = mapping('app');
  const canary = (weight: number, name = 'app0-canary'): Mapping => mapping(name, { weight });

  test.each<[row: string, Mapping[], numerators: string, shares: string]>([
    ['stable (no weight) + canary 30', [stable, canary(30)], 'app0-canary 30, app 100', 'app0-canary 30 %, app 70 %'],
    ['canary 0', [stable, canary(0)], 'app0-canary 0, app 100', 'app0-canary 0 %, app 100 %'],
    ['canary 100, stable no weight', [stable, canary(100)], 'app0-canary 100, app 100', 'app0-canary 100 %, app 0 %'],
    [
      'stable 70 + canary 30, the canary processed first',
      [mapping('app', { weight: 70 }), canary(30, 'app-canary')],
      'app-canary 30, app 100',
      'app-canary 30 %, app 70 %',
    ],
    [
      'stable 70 + canary 20: 10 % of requests match no route',
      [mapping('app', { weight: 70 }), canary(20, 'app-canary')],
      'app-canary 20, app 90',
      'app-canary 20 %, app 70 %',
    ],
    [
      'stable 100 + canary 30 (sum 130), the canary processed first',
      [mapping('app', { weight: 100 }), canary(30, 'app-canary')],
      'app-canary 30, app 130',
      'app-canary 30 %, app 70 %',
    ],
    [
      'the same sum with the canary processed last: it gets nothing',
      [mapping('app', { weight: 100 }), canary(30)],
      'app 100, app0-canary 130',
      'app 100 %, app0-canary 0 %',
    ],
    [
      'canaries 60 + 50, stable weightless (sum 110): stable gets nothing',
      [mapping('b'), canary(60, 'a1'), canary(50, 'a2')],
      'a1 60, a2 110, b 0',
      'a1 60 %, a2 40 %, b 0 %',
    ],
    [
      'canaries 60 + 50 that are processed after stable',
      [stable, canary(60, 'app1'), canary(50, 'app2')],
      'app 0, app1 60, app2 110',
      'app 0 %, app1 60 %, app2 40 %',
    ],
    ['canary 101: nobody is served', [stable, canary(101)], 'app 0, app0-canary 0', 'app 0 %, app0-canary 0 %'],
    [
      '101 after one that was reached before',
      [stable, canary(30, 'app0'), canary(101, 'app1')],
      'app 0, app0 30, app1 0',
      'app 0 %, app0 30 %, app1 0 %',
    ],
    ['lone Mapping weight 30', [canary(30)], 'app0-canary 100', 'app0-canary 100 %'],
    ['lone Mapping weight 0', [canary(0)], 'app0-canary 100', 'app0-canary 100 %'],
    ['lone Mapping weight 101', [canary(101)], 'app0-canary 100', 'app0-canary 100 %'],
    ['lone Mapping weight −5', [canary(-5)], 'app0-canary 100', 'app0-canary 100 %'],
    ['three weightless', [mapping('a'), mapping('b'), mapping('c')], 'a 33, b 66, c 100', 'a 33 %, b 33 %, c 34 %'],
    [
      'two weightless beside 25: half of 75 is 37.5, and rounds to the even 38',
      [mapping('a'), mapping('b'), canary(25, 'c')],
      'c 25, a 63, b 100',
      'c 25 %, a 38 %, b 37 %',
    ],
    ['12.5 rounds to the even 12', [stable, canary(12.5)], 'app0-canary 12, app 100', 'app0-canary 12 %, app 88 %'],
    ['13.5 rounds to the even 14', [stable, canary(13.5)], 'app0-canary 14, app 100', 'app0-canary 14 %, app 86 %'],
    [
      'three-way 30/30/40',
      [mapping('a', { weight: 40 }), canary(30, 'b'), canary(30, 'c')],
      'a 40, b 70, c 100',
      'a 40 %, b 30 %, c 30 %',
    ],
  ])('%s', (_row, mappings, expectedNumerators, expectedShares) => {
    const made = model(...mappings.toReversed());
    expect(numerators(made)).toEqual([expectedNumerators]);
    expect(shares(made)).toEqual([expectedShares]);
  });

  test.each<[string, Mapping[], RegExp[]]>([
    [
      'a sum over 100',
      [mapping('app', { weight: 100 }), canary(30)],
      [/^Total weight of mappings exceeds 100/, /^Could not normalize/],
    ],
    ['a weight over 100', [stable, canary(101)], [/app0-canary has an invalid weight, 101/, /^Could not normalize/]],
  ])('%s is an error in the diagnostics, under the first Mapping of the group', (_name, mappings, texts) => {
    expect(model(...mappings).errors).toEqual(texts.map((text) => ['app.default.1', expect.stringMatching(text)]));
  });

  test('a weight that is null is none', () => {
    expect(shares(model(mapping('app', { weight: null }), canary(30)))).toEqual(['app0-canary 30 %, app 70 %']);
  });

  test('two PATCHes, one after the other: between 70/30 and 10/90 most requests match nothing (2b)', () => {
    const between = model(mapping('app', { weight: 10 }), mapping('app-canary', { weight: 30 }));
    expect(numerators(between)).toEqual(['app-canary 30, app 40']);
  });
});

describe('a negative weight', () => {
  test('makes Envoy refuse the whole configuration, also for Mappings that have nothing to do with it', () => {
    const made = model(mapping('app'), mapping('app0-canary', { weight: -5 }), mapping('other', { prefix: '/other' }));
    expect(made.invalid).toMatch(/default\/app0-canary comes to -5/);
    expect(made.groups).toEqual([]);
    expect(made.errors).toEqual([]);
  });

  test('of a shadow does so too', () => {
    expect(model(mapping('app'), mapping('mirror', { shadow: true, weight: -1 })).invalid).toMatch(
      /mirror comes to -1/,
    );
  });

  test('is taken where the sum is not negative', () => {
    expect(numerators(model(mapping('a', { weight: 30 }), mapping('b', { weight: -5 })))).toEqual(['a 30, b 25']);
  });

  test('of a Mapping that no Host serves does not reach Envoy', () => {
    const elsewhere = { hostname: 'elsewhere.example' };
    const mappings = [mapping('x', elsewhere), mapping('y', { ...elsewhere, weight: -5 })];
    expect(modelGateway({ mappings }).invalid).toBeDefined();
    expect(modelGateway({ mappings, hosts: [host('a.example')] }).invalid).toBeUndefined();
  });
});

test('whatever the weights, of 100 random numbers each Mapping answers its share', () => {
  const weights = fc.array(fc.option(fc.integer({ min: 0, max: 101 }), { nil: undefined }), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(weights, (all) => {
      const made = model(...all.map((weight, index) => mapping(`m${index}`, weight === undefined ? {} : { weight })));
      const answers = Array.from(
        { length: 100 },
        (_, random) => routeRequest(made, REQUEST, random)?.mapping.metadata.name,
      );
      for (const index of all.keys()) {
        const name = `m${index}`;
        expect(answers.filter((one) => one === name)).toHaveLength(shareOf(made, { namespace: 'default', name }));
      }
    }),
  );
});

test.each([
  [
    [30, 100],
    [30, 70],
  ],
  [
    [30, 25, 100],
    [30, 0, 70],
  ],
  [
    [-5, 100],
    [0, 100],
  ],
  [[], []],
])('routes with the cumulative weights %p take %p', (given, expected) => {
  expect(sharesOf(given)).toEqual(expected);
});
