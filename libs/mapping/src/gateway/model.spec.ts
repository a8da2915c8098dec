import { describe, expect, test } from '@jest/globals';
import { drops, host, mapping, model, numerators, shares, withoutHost } from '../testing/mappings.ts';
import type { Mapping } from '../types.ts';
import { modelGateway, shareOf } from './index.ts';

const BREAKERS = { circuit_breakers: [{ max_requests: 10 }] };
const ref = (name: string) => ({ namespace: 'default', name });

describe('two Mappings are one group (facts/mapping.md 1b)', () => {
  test.each<[boolean, string, object, object?]>([
    [
      true,
      'whatever service, weight, rewrite, resolver and timeouts say',
      { weight: 1, rewrite: '/x', resolver: 'endpoint', timeout_ms: 1 },
    ],
    [true, 'in two namespaces (G4)', {}, { namespace: 'other' }],
    [true, 'when the one says host and the other hostname (G2)', { hostname: undefined, host: 'a.example' }],
    [true, 'with precedence 0', { precedence: 0 }],
    [false, 'not when the one says GET and the other nothing (G5)', { method: 'GET' }],
    [false, 'not with another prefix', { prefix: '/other' }],
    [false, 'not with another hostname', { hostname: 'b.example' }],
    [false, 'not with a header', { headers: { 'x-canary': 'always' } }],
    [false, 'not with a regular expression for a header', { regex_headers: { 'x-canary': '.*' } }],
    [false, 'not with a query parameter', { query_parameters: { v: '2' } }],
    [false, 'not with a regular expression for a query parameter', { regex_query_parameters: { v: '2' } }],
    [false, 'not with another precedence', { precedence: 1 }],
  ])('%p: %s', (isOne, _name, spec, metadata = {}) => {
    const base = mapping('a', { hostname: 'a.example' });
    const made = model(base, mapping('b', { hostname: 'a.example', ...spec }, metadata));
    expect(made.groups).toHaveLength(isOne ? 1 : 2);
    expect(made.dropped).toEqual([]);
  });

  test('with the same headers in another order', () => {
    const made = model(
      mapping('a', { headers: { one: '1', two: '2' } }),
      mapping('b', { headers: { two: '2', one: '1' } }),
    );
    expect(shares(made)).toEqual(['a 50 %, b 50 %']);
  });

  test('only of one gateway: those of others are not seen', () => {
    const mappings = [
      mapping('a'),
      mapping('b', { ambassador_id: ['other'] }),
      mapping('c', { ambassador_id: 'other' }),
    ];
    expect(shares(modelGateway({ mappings }))).toEqual(['a 100 %']);
    expect(shares(modelGateway({ mappings, ambassadorId: 'other' }))).toEqual(['b 50 %, c 50 %']);
  });
});

describe('the core keys of a group are those of its first Mapping (facts/mapping.md 1b)', () => {
  test.each<[string, Mapping[], shares: string, dropped: string[]]>([
    [
      'circuit_breakers added to stable only, canary `app-canary` weight 1: the canary gets all (6, B1)',
      [mapping('app', BREAKERS), mapping('app-canary', { weight: 1 })],
      'app-canary 100 %',
      ['app: unlikeGroup'],
    ],
    [
      'with a canary that sorts after stable the same mismatch drops the canary (B3)',
      [mapping('app', BREAKERS), mapping('app0canary', { weight: 1 })],
      'app 100 %',
      ['app0canary: unlikeGroup'],
    ],
    [
      'so with what Weir names its canary',
      [mapping('app', BREAKERS), mapping('app0-canary', { weight: 1 })],
      'app 100 %',
      ['app0-canary: unlikeGroup'],
    ],
    [
      'circuit_breakers that the canary only has drop it too',
      [mapping('app'), mapping('app0-canary', { ...BREAKERS, weight: 1 })],
      'app 100 %',
      ['app0-canary: unlikeGroup'],
    ],
    [
      'the same circuit_breakers in both, with their keys in another order',
      [
        mapping('app', { circuit_breakers: [{ max_requests: 1, max_retries: 2 }] }),
        mapping('app0-canary', { circuit_breakers: [{ max_retries: 2, max_requests: 1 }], weight: 1 }),
      ],
      'app0-canary 1 %, app 99 %',
      [],
    ],
    [
      'a key that the group has and the arriving Mapping lacks is no mismatch',
      [mapping('app', { bypass_auth: true }), mapping('app0-canary', { weight: 1 })],
      'app0-canary 1 %, app 99 %',
      [],
    ],
    [
      'null is a key that is not there',
      [mapping('app'), mapping('app0-canary', { bypass_auth: null, weight: 1 })],
      'app0-canary 1 %, app 99 %',
      [],
    ],
    [
      'false is a key that is there',
      [mapping('app'), mapping('app0-canary', { bypass_auth: false, weight: 1 })],
      'app 100 %',
      ['app0-canary: unlikeGroup'],
    ],
    [
      'a header that is a regular expression in one of them',
      [mapping('app', { headers: { v: '2' } }), mapping('app0-canary', { regex_headers: { v: '2' }, weight: 1 })],
      'app 100 %',
      ['app0-canary: unlikeGroup'],
    ],
    [
      'a prefix that is the same text as prefix and header of the other together',
      [mapping('app', { prefix: '/a', headers: { b: 'c' } }), mapping('app0-canary', { prefix: '/abc', weight: 1 })],
      'app 100 %',
      ['app0-canary: unlikeGroup'],
    ],
  ])('%s', (_name, mappings, expected, dropped) => {
    const made = model(...mappings);
    expect(shares(made)).toEqual([expected]);
    expect(drops(made)).toEqual(dropped);
  });

  test.each([
    ['bypass_auth', true],
    ['cluster_timeout_ms', 1],
    ['connect_timeout_ms', 1],
    ['cluster_idle_timeout_ms', 1],
    ['cluster_max_connection_lifetime_ms', 1],
    ['keepalive', { time: 1 }],
    ['labels', { ambassador: [] }],
    ['load_balancer', { policy: 'round_robin' }],
    ['prefix_regex', true],
    ['prefix_exact', true],
  ])('%s on the stable Mapping only: it is dropped when it comes second', (key, value) => {
    const made = model(mapping('app', { [key]: value }), mapping('app-canary', { weight: 1 }));
    expect(shares(made)).toEqual(['app-canary 100 %']);
    expect(shareOf(made, ref('app'))).toBe(0);
  });

  test('the only trace is an error under the first Mapping, which names the other', () => {
    const made = model(mapping('app', BREAKERS), mapping('app-canary', { weight: 1 }));
    expect(made.errors).toEqual([
      ['app-canary.default.1', expect.stringMatching(/Mapping app with mismatched circuit_breakers/)],
    ]);
  });

  test('timeouts and rewrites are no core keys', () => {
    const made = model(
      mapping('app', { timeout_ms: 1, rewrite: '/', retry_policy: {} }),
      mapping('app-canary', { weight: 1 }),
    );
    expect(made.dropped).toEqual([]);
  });
});

describe('names', () => {
  test('the canary named `app.canary` gets all: stable is lost to the cache-key collision (6)', () => {
    const made = model(mapping('app'), mapping('app.canary', { weight: 1 }));
    expect(shares(made)).toEqual(['app.canary 100 %']);
    expect(drops(made)).toEqual(['app: sameCacheKey']);
    expect(made.errors).toEqual([]);
  });

  test('with a dot collide in one namespace only', () => {
    const made = model(mapping('app'), mapping('app.canary', { weight: 1 }, { namespace: 'other' }));
    expect(drops(made)).toEqual([]);
    expect(shares(made)).toEqual(['app.canary 1 %, app 99 %']);
  });

  test('with a dot collide in one group only', () => {
    expect(drops(model(mapping('app'), mapping('app.other', { prefix: '/other' })))).toEqual([]);
  });

  test.each([
    ['app-canary', 'app'],
    ['app', 'app0canary'],
    ['app', 'app0-canary'],
    ['app', 'appcanary'],
    ['a.b', 'a0'],
  ])('%s is processed before %s', (first, second) => {
    expect(numerators(model(mapping(second), mapping(first)))).toEqual([`${first} 50, ${second} 100`]);
  });

  test('of one name in two namespaces are processed by namespace', () => {
    const made = model(mapping('app', {}, { namespace: 'b' }), mapping('app', { weight: 30 }, { namespace: 'a' }));
    expect(shareOf(made, { namespace: 'a', name: 'app' })).toBe(30);
    expect(shareOf(made, { namespace: 'b', name: 'app' })).toBe(70);
    expect(shareOf(made, { namespace: 'c', name: 'app' })).toBe(0);
  });
});

describe('a stable Mapping that is deleted', () => {
  test('leaves all traffic to the canary, at weight 30 (6) as at weight 0 (traffic rule 10)', () => {
    expect(shares(model(mapping('app0-canary', { weight: 30 })))).toEqual(['app0-canary 100 %']);
    expect(shares(model(mapping('app0-canary', { weight: 0 })))).toEqual(['app0-canary 100 %']);
  });
});

describe('shadows (facts/mapping.md 2)', () => {
  const mirror = (name: string, weight?: number): Mapping => mapping(name, { shadow: true, ...(weight && { weight }) });

  test('+ shadow Mapping weight 10: no share, it mirrors 10 %', () => {
    const made = model(mapping('app'), mapping('app0-canary', { weight: 30 }), mirror('mirror', 10));
    expect(shares(made)).toEqual(['app0-canary 30 %, app 70 %']);
    expect(made.groups[0]?.shadow).toMatchObject({ mapping: { metadata: { name: 'mirror' } }, percent: 10 });
    expect(shareOf(made, ref('mirror'))).toBe(0);
  });

  test('a shadow without a weight mirrors all', () => {
    expect(model(mapping('app'), mirror('mirror')).groups[0]?.shadow?.percent).toBe(100);
  });

  test('only one shadow a group: the second is left out, with an error', () => {
    const made = model(mapping('app'), mirror('m1'), mirror('m2'));
    expect(drops(made)).toEqual(['m2: secondShadow']);
    expect(made.errors).toEqual([['app.default.1', expect.stringMatching(/m2 as a second shadow beside m1/)]]);
  });

  test('canary itself shadow: true, weight 30: mirrors 30 %, answers from stable 100 %', () => {
    const made = model(mapping('app'), mirror('app0-canary', 30));
    expect(shares(made)).toEqual(['app 100 %']);
    expect(made.groups[0]?.shadow?.percent).toBe(30);
  });

  test('shadow only: no route at all', () => {
    expect(shares(model(mirror('mirror')))).toEqual(['']);
  });

  test('that comes first sets the core keys of the group: one that differs drops the stable Mapping', () => {
    expect(drops(model(mapping('app'), mapping('a-mirror', { ...BREAKERS, shadow: true })))).toEqual([
      'app: unlikeGroup',
    ]);
  });
});

describe('redirects', () => {
  test('answer all requests of their group', () => {
    expect(shares(model(mapping('app', { host_redirect: true, weight: 1 })))).toEqual(['app 100 %']);
  });

  test.each([
    ['after one that is none is left out', 'a', 'b', 'b'],
    ['before one that is none leaves that out', 'b', 'a', 'b'],
  ])('a redirect %s', (_name, plain, redirect, dropped) => {
    const made = model(mapping(plain), mapping(redirect, { host_redirect: true }));
    expect(drops(made)).toEqual([`${dropped}: redirectMixed`]);
    expect(made.errors).toEqual([['a.default.1', expect.stringMatching(/one of them is a redirect/)]]);
  });

  test('a second redirect is left out', () => {
    const redirect = { host_redirect: true };
    expect(drops(model(mapping('a', redirect), mapping('b', redirect)))).toEqual(['b: redirectMixed']);
  });
});

describe('groups that are not one', () => {
  test('canary with extra headers: the header route is its own group, first, with 100 % whatever its weight', () => {
    const made = model(mapping('app'), mapping('app0-canary', { headers: { 'x-canary': 'always' }, weight: 10 }));
    expect(shares(made)).toEqual(['app0-canary 100 %', 'app 100 %']);
  });

  test('header canary plus weighted canary are two canary Mappings', () => {
    const made = model(
      mapping('app'),
      mapping('app0-canary', { weight: 10 }),
      mapping('app0-header', { headers: { 'x-canary': 'always' } }),
    );
    expect(shares(made)).toEqual(['app0-header 100 %', 'app0-canary 10 %, app 90 %']);
  });

  test('different precedence: the higher one wins 100 %', () => {
    expect(shares(model(mapping('app'), mapping('app0-canary', { precedence: 1, weight: 1 })))).toEqual([
      'app0-canary 100 %',
      'app 100 %',
    ]);
  });
});

describe('Hosts (facts/mapping.md 1a and 1b)', () => {
  const hosts = [host('a.example', { host: 'a' }), host('b.example', { host: 'b' })];

  test('no hostname and no matching Host.mappingSelector: the Mapping matches nothing', () => {
    const made = modelGateway({ mappings: [withoutHost('app', { host: 'c' }), withoutHost('bare')], hosts });
    expect(drops(made).toSorted()).toEqual(['app: noHost', 'bare: noHost']);
  });

  test('no hostname and no Hosts at all: nothing either', () => {
    expect(drops(model(withoutHost('app')))).toEqual(['app: noHost']);
  });

  test('a canary without the labels is in another group, matches no Host and gets nothing (C1)', () => {
    const mappings = [withoutHost('app', { host: 'a' }), withoutHost('app0-canary', undefined, { weight: 30 })];
    const made = modelGateway({ mappings, hosts });
    expect(shares(made)).toEqual(['app 100 %']);
    expect(drops(made)).toEqual(['app0-canary: noHost']);
  });

  test('a canary with the labels shares, whatever other labels it has', () => {
    const mappings = [
      withoutHost('app', { host: 'a', team: 'x' }),
      withoutHost('app0-canary', { host: 'a' }, { weight: 30 }),
    ];
    expect(shares(modelGateway({ mappings, hosts }))).toEqual(['app0-canary 30 %, app 70 %']);
  });

  test('Mappings that different Hosts select are different groups', () => {
    const mappings = [withoutHost('app', { host: 'a' }), withoutHost('other', { host: 'b' })];
    const made = modelGateway({ mappings, hosts });
    expect(made.groups.map(({ hostnames }) => hostnames)).toEqual([['b.example'], ['a.example']]);
  });

  test('labels do not count for a Mapping that has a hostname', () => {
    const made = modelGateway({
      mappings: [mapping('app', {}, { labels: { host: 'a' } }), mapping('app0-canary', { weight: 30 })],
      hosts: [host('a.example'), host('b.example')],
    });
    expect(shares(made)).toEqual(['app0-canary 30 %, app 70 %']);
  });

  test('a Host that selects by labels serves a Mapping with a hostname only if both fit', () => {
    const labels = { labels: { host: 'a' } };
    const made = modelGateway({
      mappings: [
        mapping('both', { hostname: 'a.example' }, labels),
        mapping('no-labels', { hostname: 'a.example', prefix: '/2' }),
        mapping('no-host', { hostname: 'c.example', prefix: '/3' }, labels),
      ],
      hosts,
    });
    expect(shares(made)).toEqual(['both 100 %']);
    expect(drops(made).toSorted()).toEqual(['no-host: noHost', 'no-labels: noHost']);
  });

  test.each<[boolean, string, string]>([
    [true, 'a.example', '*'],
    [true, '*', 'a.example'],
    [true, '*.example', 'a.example'],
    [true, 'a.example', '*.example'],
    [true, 'a.*', 'a.example'],
    [false, '*.example', 'a.other'],
    [false, 'a.example', 'b.example'],
  ])('%p: the Host %s serves hostname %s', (isServed, hostname, ofMapping) => {
    const made = modelGateway({ mappings: [mapping('app', { hostname: ofMapping })], hosts: [host(hostname)] });
    expect(made.groups).toHaveLength(isServed ? 1 : 0);
    expect(made.hostnames).toEqual([hostname]);
  });

  test('the older name of the selector counts, Hosts of other gateways do not', () => {
    const { spec, metadata } = host('a.example', { host: 'a' });
    const older = { metadata, spec: { hostname: 'a.example', selector: spec.mappingSelector } };
    const mappings = [withoutHost('app', { host: 'a' })];
    expect(modelGateway({ mappings, hosts: [older] }).groups).toHaveLength(1);
    const others = [{ metadata, spec: { ...spec, ambassador_id: ['other'] } }];
    expect(modelGateway({ mappings, hosts: others }).groups).toHaveLength(0);
  });

  test('a Host without a hostname is one of all', () => {
    const nameless = { metadata: { name: 'x' }, spec: { mappingSelector: { matchLabels: {} } } };
    expect(modelGateway({ mappings: [withoutHost('app')], hosts: [nameless] }).hostnames).toEqual(['*']);
    expect(modelGateway({ mappings: [withoutHost('app')], hosts: [nameless] }).groups).toHaveLength(1);
  });

  test('an exact host with a star in it matches nothing, and is an error', () => {
    const made = model(mapping('app', { hostname: undefined, host: '*.example' }));
    expect(drops(made)).toEqual(['app: starInHost']);
    expect(made.errors).toEqual([['app.default.1', expect.stringMatching(/star/)]]);
  });
});

test('Mappings that were read in v2 group with those of v3alpha1', () => {
  const v2 = { ...withoutHost('app', undefined, { ambassador_id: 'default' }), apiVersion: 'getambassador.io/v2' };
  expect(shares(model(v2, mapping('app0-canary', { weight: 30 })))).toEqual(['app0-canary 30 %, app 70 %']);
});
