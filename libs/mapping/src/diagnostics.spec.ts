import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { errorsAbout, readDiagnostics, servedWeight, toDiagnostics } from './diagnostics.ts';
import { shareOf } from './gateway/index.ts';
import { mapping, model } from './testing/mappings.ts';
import type { Mapping } from './types.ts';

const NAMES = { namespace: 'default', stable: 'app', canary: 'app0-canary' };
const BREAKERS = { circuit_breakers: [{ max_requests: 10 }] };

/** What Emissary answers, with what it has beside that Weir does not read. */
function answer(...groups: (readonly object[])[]): unknown {
  return {
    system: { version: '3.9.1' },
    errors: [],
    notices: [],
    route_info: groups.map((mappings, index) => ({
      _group_id: `id-${index}`,
      key: 'http://*/app',
      clusters: mappings.map(() => ({ weight: 100 })),
      _route: { prefix: '/app', mappings, shadows: [] },
    })),
  };
}

const one = (name: string, cumulative: number, weight?: number, namespace = 'default') => ({
  name,
  namespace,
  ...(weight !== undefined && { weight }),
  _weight: cumulative,
  service: `${name}:80`,
  cluster: { envoy_name: `cluster_${name}_80_default` },
});

describe('the weight that an instance serves', () => {
  test.each<[number, string, unknown]>([
    [30, 'canary 30', answer([one('app0-canary', 30, 30), one('app', 100)])],
    [30, 'whatever the order of the list', answer([one('app', 100), one('app0-canary', 30, 30)])],
    [0, 'canary 0, of which clusters say 100 (#5811)', answer([one('app0-canary', 0, 0), one('app', 100)])],
    [100, 'canary 100, stable after it', answer([one('app', 100), one('app0-canary', 100, 100)])],
    [100, 'the canary is alone, at weight 1', answer([one('app0-canary', 100, 1)])],
    [0, 'the canary is in no group', answer([one('app', 100)])],
    [0, 'there is no group', answer()],
    [0, 'the canary is in another group than stable', answer([one('app0-canary', 100, 30)], [one('app', 100)])],
    [30, 'stable 100 and canary 30 (sum 130)', answer([one('app0-canary', 30, 30), one('app', 130, 100)])],
    [40, 'a third Mapping has 60 before it', answer([one('app', 0), one('app0-canary', 110, 50), one('x', 60, 60)])],
    [0, 'weight 101: all are 0', answer([one('app0-canary', 0, 101), one('app', 0)])],
    [20, 'stable 70 and canary 20', answer([one('app0-canary', 20, 20), one('app', 90, 70)])],
    [0, 'a canary at 0 beside a weighted one of 100', answer([one('app0-canary', 100, 0), one('app', 100, 100)])],
    [
      30,
      'the same names elsewhere',
      answer(
        [one('app0-canary', 90, 90, 'b'), one('app', 100, undefined, 'b')],
        [one('app0-canary', 30, 30), one('app', 100)],
      ),
    ],
    [30, 'names with the namespace behind them', answer([one('app0-canary.default', 30, 30), one('app.default', 100)])],
    [0, 'names that only begin so', answer([one('app0-canary-2', 30, 30), one('app', 100)])],
  ])('is %p: %s', (expected, _name, given) => {
    expect(servedWeight(readDiagnostics(given), NAMES)).toBe(expected);
  });
});

describe('errors about Mappings', () => {
  const MISMATCH = 'cannot accept new mapping app0-canary with mismatched circuit_breakers: 1 != -unset-';
  const found = (...errors: [string, string][]): string[] =>
    errorsAbout(readDiagnostics({ route_info: [], errors }), 'default', ['app', 'app0-canary']);

  test.each<[string, string, string]>([
    ['under the stable Mapping', 'app.default.1', MISMATCH],
    ['under the canary Mapping', 'app0-canary.default.1', 'whatever'],
    ['with another number', 'app.default.12', 'whatever'],
    ['under the first Mapping of the group, which is another one', 'aaa.default.1', MISMATCH],
    ['that name it in the middle', 'aaa.default.1', 'Mapping app has an invalid weight, 101'],
    ['that name it at the end', 'aaa.default.1', 'cannot accept second shadow after mapping app.'],
    ['that name it with its namespace', 'aaa.default.1', 'cannot accept new mapping app.default with mismatched x'],
  ])('are those %s', (_name, rkey, text) => {
    expect(found([rkey, text])).toEqual([text]);
  });

  test.each<[string, string, string]>([
    ['of another namespace', 'app.other.1', MISMATCH],
    ['of another Mapping', 'appendix.default.1', 'whatever'],
    ['of a Mapping whose name begins so', 'aaa.default.1', 'Mapping app-2 has an invalid weight, 101'],
    ['that have the name as a common word', 'aaa.default.1', 'the app is not there'],
    ['of the whole gateway', '-global-', MISMATCH],
    ['of something without a number', 'app.default', MISMATCH],
  ])('are not those %s', (_name, rkey, text) => {
    expect(found([rkey, text])).toEqual([]);
  });

  test('are named once', () => {
    expect(found(['app.default.1', 'x'], ['app0-canary.default.1', 'x'], ['app.default.1', 'y'])).toEqual(['x', 'y']);
  });
});

describe('an answer that is none', () => {
  const route = { _route: { mappings: [one('app', 100)] } };
  test.each<[unknown, RegExp]>([
    [undefined, /the answer must be an object and is missing/],
    ['<html>', /the answer must be an object and is string/],
    [null, /the answer must be an object and is null/],
    [[], /the answer must be an object and is a list/],
    [{}, /route_info must be a list and is missing/],
    [{ route_info: {} }, /route_info must be a list and is object/],
    [{ route_info: [route, 1] }, /route_info\[1\] must be an object and is number/],
    [{ route_info: [{}] }, /route_info\[0\]._route must be an object and is missing/],
    [{ route_info: [{ _route: { mappings: {} } }] }, /route_info\[0\]._route.mappings must be a list/],
    [{ route_info: [{ _route: { mappings: [{ _weight: 1 }] } }] }, /mappings\[0\].name must be a text and is missing/],
    [{ route_info: [{ _route: { mappings: [{ name: 'app' }] } }] }, /mappings\[0\]._weight must be a number/],
    [{ route_info: [], errors: 'none' }, /errors must be a list and is string/],
    [{ route_info: [], errors: [['x']] }, /errors\[0\]\[1\] must be a text and is missing/],
    [{ route_info: [], errors: [[1, 'x']] }, /errors\[0\]\[0\] must be a text and is number/],
  ])('%j is refused', (given, message) => {
    expect(() => readDiagnostics(given)).toThrow(TypeError);
    expect(() => readDiagnostics(given)).toThrow(message);
  });

  test('is not one without errors, without Mappings (a redirect), or with a Mapping without a namespace', () => {
    expect(
      readDiagnostics({ route_info: [{ _route: {} }, { _route: { mappings: [{ name: 'x', _weight: 100 }] } }] }),
    ).toEqual({
      groups: [[], [{ name: 'x', namespace: '', cumulative: 100 }]],
      errors: [],
    });
  });
});

describe('what the local gateway answers', () => {
  const read = (...mappings: Mapping[]) =>
    readDiagnostics(JSON.parse(JSON.stringify(toDiagnostics(model(...mappings)))));

  test('is read back as the model that it is of, whatever the weights', () => {
    const weight = fc.option(fc.integer({ min: 0, max: 101 }), { nil: undefined });
    fc.assert(
      fc.property(weight, weight, weight, (stable, canary, other) => {
        const weighing = (name: string, one?: number): Mapping =>
          mapping(name, one === undefined ? {} : { weight: one });
        const mappings = [weighing('app', stable), weighing('app0-canary', canary), weighing('other', other)];
        const expected = shareOf(model(...mappings), { namespace: 'default', name: 'app0-canary' });
        expect(servedWeight(read(...mappings), NAMES)).toBe(expected);
      }),
    );
  });

  test('says who was dropped, in the words of the model', () => {
    const made = [mapping('app', BREAKERS), mapping('app0-canary', { weight: 30 })];
    expect(servedWeight(read(...made), NAMES)).toBe(0);
    expect(errorsAbout(read(...made), 'default', ['app0-canary'])).toEqual(
      model(...made).errors.map(([, text]) => text),
    );
  });

  test('shows a canary that is alone with 100', () => {
    expect(servedWeight(read(mapping('app0-canary', { weight: 1 })), NAMES)).toBe(100);
  });

  test('has the shape that Emissary gives, with its wrong weight of clusters', () => {
    const shadow = mapping('mirror', { shadow: true, weight: 10 });
    const route = { method: 'POST', headers: { v: '2' } };
    const group = [mapping('app', route), mapping('app0-canary', { ...route, weight: 0 })];
    expect(toDiagnostics(model(...group, { ...shadow, spec: { ...shadow.spec, ...route } }))).toMatchObject({
      route_info: [
        {
          _group_id: expect.any(String),
          prefix: '/app',
          method: 'POST',
          host: '*',
          headers: [{ name: 'v', value: '2' }],
          clusters: [{ service: 'app0-canary:80', weight: 100 }, { weight: 100 }],
          _route: {
            mappings: [
              { name: 'app', namespace: 'default', _weight: 100, service: 'app:80' },
              { name: 'app0-canary', weight: 0, _weight: 0, cluster: { envoy_name: 'cluster_app0_canary_80_default' } },
            ],
            shadows: [{ name: 'mirror', _weight: 10 }],
          },
        },
      ],
      errors: [],
    });
  });

  test('names the cluster of an address as Emissary does', () => {
    const address = mapping('app', { service: '127.0.0.1:9001' });
    expect(toDiagnostics(model(address))).toMatchObject({
      route_info: [{ clusters: [{ envoy_name: 'cluster_127_0_0_1_9001_default' }] }],
    });
  });
});
