import { describe, expect, test } from '@jest/globals';
import type { Mapping } from '../types.ts';
import { asV3Alpha1 } from './index.ts';
import { asSeenByGateway } from './v3alpha1.ts';

function v2(spec: object): Mapping {
  return {
    apiVersion: 'getambassador.io/v2',
    kind: 'Mapping',
    metadata: { name: 'app', labels: { a: 'b' } },
    spec: { prefix: '/app', service: 'app:80', ...spec },
  };
}

describe('a Mapping of v2 as the gateway sees it (facts/mapping.md 1a and 3)', () => {
  test.each<[string, object, object]>([
    ['no host is hostname `*`', {}, { hostname: '*' }],
    ['an empty host is hostname `*`', { host: '' }, { hostname: '*' }],
    ['host: x is hostname: x', { host: 'x' }, { hostname: 'x' }],
    ['host + host_regex stay', { host: 'x.*', host_regex: true }, { host: 'x.*', host_regex: true }],
    ['hostname wins', { host: 'x', hostname: 'y' }, { hostname: 'y' }],
    ['the host of one without a hostname is taken off', { host: '_skip_mapping_with_empty_host_' }, {}],
    ['ambassador_id is a list', { ambassador_id: 'x' }, { hostname: '*', ambassador_id: ['x'] }],
    [
      'ambassador_id is trimmed',
      { ambassador_id: ['--apiVersion-v3alpha1-only--default'] },
      { hostname: '*', ambassador_id: ['default'] },
    ],
    [
      'a header that has to be there is a regular expression',
      { headers: { a: true, b: '1' }, regex_headers: { c: '2' } },
      { hostname: '*', headers: { b: '1' }, regex_headers: { a: '.*', c: '2' } },
    ],
    [
      'so is a query parameter',
      { query_parameters: { a: true } },
      { hostname: '*', query_parameters: {}, regex_query_parameters: { a: '.*' } },
    ],
    ['tls: true is the scheme of the service', { tls: true }, { hostname: '*', service: 'https://app:80' }],
    ['a scheme stays', { tls: true, service: 'http://app' }, { hostname: '*', service: 'http://app' }],
    ['tls: false is nothing', { tls: false }, { hostname: '*' }],
    ['tls: name is that of a TLSContext', { tls: 'ctx' }, { hostname: '*', tls: 'ctx' }],
    ['fields that nobody knows stay', { unknown: { x: 1 } }, { hostname: '*', unknown: { x: 1 } }],
  ])('%s', (_name, spec, expected) => {
    expect(asV3Alpha1(v2(spec))).toEqual({
      ...v2({}),
      apiVersion: 'getambassador.io/v3alpha1',
      spec: { prefix: '/app', service: 'app:80', ...expected },
    });
  });

  test('is converted once: again it stays as it is', () => {
    const once = asV3Alpha1(v2({ host: 'x', headers: { a: true }, tls: true, ambassador_id: 'y' }));
    expect(asV3Alpha1(once)).toEqual(once);
  });

  test.each([
    ['getambassador.io/v1', true],
    ['getambassador.io/v2', true],
    ['getambassador.io/v3alpha1', false],
    ['x.getambassador.io/v3alpha1', false],
    [undefined, false],
  ])('one read in %s is converted: %p', (apiVersion, isConverted) => {
    const { apiVersion: _, ...rest } = v2({});
    const read = { ...rest, ...(apiVersion !== undefined && { apiVersion }) };
    expect(asSeenByGateway(read).spec['hostname']).toBe(isConverted ? '*' : undefined);
  });
});
