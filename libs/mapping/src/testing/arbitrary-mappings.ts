import fc from 'fast-check';
import type { Host } from '../gateway/types.ts';
import type { Mapping } from '../types.ts';
import { mapping } from './mappings.ts';

/** Mappings and Hosts for properties: few names, hosts and labels, so that they meet often. */

const optional: { requiredKeys: []; noNullPrototype: true } = { requiredKeys: [], noNullPrototype: true };
const HOSTNAMES = ['*', '', 'a.example', 'b.example', '*.example', 'a.*', 'a*e'];

const labels = fc.record(
  {
    tier: fc.constantFrom('front', 'back'),
    'app.kubernetes.io/instance': fc.constant('by-argo-cd'),
    'helm.sh/chart': fc.constantFrom('app-1', 'app-2'),
  },
  optional,
);

const host: fc.Arbitrary<Host> = fc
  .record({
    name: fc.constantFrom('one', 'two', 'three'),
    hostname: fc.constantFrom(undefined, ...HOSTNAMES),
    selects: fc.constantFrom('nothing', 'mappingSelector', 'selector'),
    matchLabels: labels,
    ambassador_id: fc.constantFrom(undefined, undefined, 'default', ['other'], ['default', 'other']),
  })
  .map(({ name, hostname, selects, matchLabels, ambassador_id }) => ({
    metadata: { name },
    spec: {
      ...(hostname !== undefined && { hostname }),
      ...(selects !== 'nothing' && { [selects]: { matchLabels } }),
      ...(ambassador_id !== undefined && { ambassador_id }),
    },
  }));

export const hosts = fc.uniqueArray(host, { maxLength: 3, selector: ({ metadata }) => metadata.name });

/** Fields that say which requests a Mapping takes, and those in which a group must agree. */
const routing = fc.record(
  {
    prefix: fc.constantFrom('/app', '/app', '/app/', '/', '/other', '/a(b|c)'),
    prefix_regex: fc.boolean(),
    prefix_exact: fc.boolean(),
    case_sensitive: fc.boolean(),
    hostname: fc.constantFrom(...HOSTNAMES, null),
    host: fc.constantFrom('', 'a.example', '*', '.*', '_skip_mapping_with_empty_host_'),
    host_regex: fc.boolean(),
    method: fc.constantFrom('GET', 'POST', '', 'G.*'),
    method_regex: fc.boolean(),
    headers: fc.constantFrom({}, { v: '2' }, { v: true }, { ':authority': 'a.example' }, null),
    regex_headers: fc.constantFrom({ v: '2' }, { w: '.*' }),
    query_parameters: fc.constantFrom({ q: '1' }, { q: true }),
    regex_query_parameters: fc.constantFrom({ q: '1' }),
    precedence: fc.constantFrom(0, 1, -1),
    ambassador_id: fc.constantFrom('default', 'other', ['default', 'other'], ['--apiVersion-v3alpha1-only--default']),
    bypass_auth: fc.constantFrom(true, false, null),
    circuit_breakers: fc.constantFrom([{ max_requests: 10 }], [], null),
    labels: fc.constantFrom({ ambassador: [{ group: ['x'] }] }, {}),
    load_balancer: fc.constantFrom({ policy: 'round_robin' }),
    connect_timeout_ms: fc.constantFrom(0, 3_000),
    tls: fc.constantFrom(true, false, 'context'),
    rewrite: fc.constantFrom('', '/x'),
    shadow: fc.constantFrom(false, false, true),
    host_redirect: fc.constantFrom(false, false, true),
  },
  optional,
);

export const apiVersion = fc.constantFrom(
  ...['getambassador.io/v3alpha1', 'getambassador.io/v3alpha1', 'getambassador.io/v2', 'getambassador.io/v1'],
  'x.getambassador.io/v3alpha1',
);
const weight = fc.option(fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: -20, max: 150 })), {
  nil: undefined,
});
const NAMES = ['app', 'app-canary', 'app0-canary', 'app0canary', 'app.canary', 'b', 'bpp', 'z'];

const someMapping: fc.Arbitrary<Mapping> = fc
  .record({
    name: fc.constantFrom(...NAMES),
    namespace: fc.constantFrom('default', 'default', 'other'),
    labels,
    apiVersion,
    routing,
    weight,
  })
  .map(({ name, namespace, labels: given, apiVersion: version, routing: spec, weight: percent }) => ({
    ...mapping(name, { ...spec, ...(percent !== undefined && { weight: percent }) }, { namespace, labels: given }),
    apiVersion: version,
  }));

/** As the API server lists them: each has its namespace. */
export const mappings = fc.uniqueArray(someMapping, {
  maxLength: 7,
  selector: ({ metadata: { name, namespace = 'default' } }) => `${namespace}/${name}`,
});

/** Without a weight, and with a service that is the stable Service, however it is written. */
export const stableMapping: fc.Arbitrary<Mapping> = fc
  .record({
    name: fc.constantFrom('app', 'b', 'z', 'a-'),
    labels: fc.option(labels, { nil: undefined }),
    apiVersion,
    service: fc.constantFrom(
      'app',
      'app:80',
      'https://app',
      'app.default',
      'http://app.default.svc.cluster.local:8080',
    ),
    routing,
  })
  .map(({ name, labels: given, apiVersion: version, service, routing: spec }) => ({
    ...mapping(name, { ...spec, service, shadow: false, host_redirect: false }, given && { labels: given }),
    apiVersion: version,
  }));

export const stableMappings = fc.uniqueArray(stableMapping, {
  minLength: 1,
  maxLength: 2,
  selector: ({ metadata }) => metadata.name,
});
