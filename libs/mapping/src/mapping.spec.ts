import { describe, expect, test } from '@jest/globals';
import { canaryMapping, isOurs, ownerOf, sequenceOf, type Owner } from './canary.ts';
import { preflight, type PreflightInput } from './preflight.ts';
import { parseService, withServiceName } from './service.ts';
import { sharesTraffic } from './traffic.ts';
import type { Mapping } from './types.ts';
import { chooseMappingApi, refuseUnknownMappingApi } from './versions.ts';

const OWNER: Owner = {
  installation: 'uuid/weir',
  workflowId: 'rollout/c/default/someapp',
  runId: 'run-1',
  rollout: { name: 'someapp', uid: 'uid-1' },
};

const WANTED = { canaryService: 'someapp-canary', owner: OWNER, sequence: 0, weight: 0, revision: 'abc' };

function mapping(name: string, spec: object = {}, metadata: object = {}): Mapping {
  return {
    apiVersion: 'getambassador.io/v2',
    kind: 'Mapping',
    metadata: { name, namespace: 'default', ...metadata },
    spec: { prefix: '/someapp', service: 'someapp-stable:80', ...spec },
  };
}

describe('the service of a Mapping', () => {
  test.each([
    ['someapp-stable', 'someapp-canary'],
    ['someapp-stable:80', 'someapp-canary:80'],
    ['https://someapp-stable.prod:8443', 'https://someapp-canary.prod:8443'],
    ['someapp-stable.prod.svc.cluster.local:80', 'someapp-canary.prod.svc.cluster.local:80'],
    ['http://someapp-stable', 'http://someapp-canary'],
  ])('%s points at the canary as %s: only the name of the Service changes', (stable, canary) => {
    expect(withServiceName(stable, 'someapp-canary')).toBe(canary);
  });

  test('a Service whose name is part of another word stays whole', () => {
    expect(withServiceName('https://my-app.app.svc:443', 'canary')).toBe('https://canary.app.svc:443');
  });

  test.each(['', 'a b', 'http://', 'a/path', '::1'])('%p is none', (text) => {
    expect(parseService(text)).toBeUndefined();
  });
});

describe('the canary Mapping', () => {
  const stable = mapping(
    'stable-mapping',
    { rewrite: '/', resolver: 'endpoint', circuit_breakers: [{ max_connections: 1 }] },
    {
      uid: 'x',
      resourceVersion: '5',
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
      labels: {
        host: 'api',
        'app.kubernetes.io/instance': 'argo',
        'app.kubernetes.io/managed-by': 'Helm',
        'argocd.argoproj.io/secret-type': 'x',
        'kustomize.toolkit.fluxcd.io/name': 'x',
        'helm.sh/chart': 'x',
      },
    },
  );
  const canary = canaryMapping(stable, WANTED);

  test('is the whole stable spec with another Service and weight 0', () => {
    expect(canary.spec).toEqual({ ...stable.spec, service: 'someapp-canary:80', weight: 0 });
  });

  test('carries the labels, less those by which GitOps tools know what is theirs', () => {
    expect(canary.metadata.labels).toEqual({ host: 'api', 'weir.dev/rollout': 'someapp' });
  });

  test('sorts after the stable one, and has neither its uid nor its annotations', () => {
    expect(canary.metadata.name).toBe('stable-mapping0-canary');
    expect(Object.keys(canary.metadata).sort()).toEqual([
      'annotations',
      'labels',
      'name',
      'namespace',
      'ownerReferences',
    ]);
  });

  test('says whose it is', () => {
    expect(ownerOf(canary)).toEqual({ installation: 'uuid/weir', workflowId: OWNER.workflowId, runId: 'run-1' });
    expect(canary.metadata.ownerReferences).toEqual([
      { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'someapp', uid: 'uid-1' },
    ]);
    expect(sequenceOf(canary)).toBe(0);
    expect(isOurs(canary, OWNER)).toBe(true);
  });

  test.each([
    ['another installation', { ...OWNER, installation: 'other/weir' }],
    ['another Rollout', { ...OWNER, workflowId: 'rollout/c/default/other' }],
  ])('of %s is not ours', (_name, owner) => {
    expect(isOurs(canary, owner)).toBe(false);
  });

  test.each([['{'], ['{}'], ['{"installation":1}'], ['null']])('with the owner %p is nobody’s', (text) => {
    expect(ownerOf(mapping('x', {}, { annotations: { 'weir.dev/owner': text } }))).toBeUndefined();
  });
});

describe('two Mappings share traffic', () => {
  const base = mapping('a');
  test.each<[boolean, string, object, object?]>([
    [true, 'with the same prefix', {}],
    [true, 'whatever their weight, service and rewrite', { weight: 10, service: 'x', rewrite: '/y', timeout_ms: 1 }],
    [true, 'in two namespaces', {}, { namespace: 'other' }],
    [true, 'when one says every host with a star', { hostname: '*' }],
    [false, 'not with another prefix', { prefix: '/other' }],
    [false, 'not with another host', { host: 'a.example' }],
    [false, 'not with a header match', { headers: { 'x-canary': 'always' } }],
    [false, 'not with a method, although GET is the default', { method: 'GET' }],
    [false, 'not with another precedence', { precedence: 10 }],
    [true, 'with precedence 0', { precedence: 0 }],
    [false, 'not when one is a shadow', { shadow: true }],
    [false, 'not on another gateway', { ambassador_id: ['other'] }],
    [true, 'when one of the gateways is the same', { ambassador_id: ['default', 'other'] }],
    [true, 'whatever their labels: a Host may select both', {}, { labels: { host: 'b' } }],
  ])('%p: %s', (expected, _name, spec, metadata = {}) => {
    expect(sharesTraffic(base, mapping('b', spec, metadata))).toBe(expected);
  });

  test('when host and hostname say the same', () => {
    expect(sharesTraffic(mapping('a', { host: 'x' }), mapping('b', { hostname: 'x' }))).toBe(true);
  });
});

describe('preflight', () => {
  const input = (allMappings: readonly Mapping[], more: Partial<PreflightInput> = {}): PreflightInput => ({
    namespace: 'default',
    stableMappings: ['stable-mapping'],
    stableService: 'someapp-stable',
    owner: OWNER,
    allMappings,
    ...more,
  });
  const stable = mapping('stable-mapping');
  const ours = canaryMapping(stable, WANTED);

  test('finds nothing in the way of a plain stable Mapping', () => {
    expect(preflight(input([stable]))).toEqual([]);
  });

  test('leaves a canary Mapping of an earlier run of ours alone', () => {
    expect(preflight(input([stable, ours]))).toEqual([]);
  });

  test.each<[string, PreflightInput, string, RegExp]>([
    ['no mappings', input([stable], { stableMappings: [] }), 'AmbassadorMappingNotFound', /names no mappings/],
    ['a missing Mapping', input([]), 'AmbassadorMappingNotFound', /does not exist/],
    [
      'a Mapping of another namespace',
      input([mapping('stable-mapping', {}, { namespace: 'x' })]),
      'AmbassadorMappingNotFound',
      /namespace default/,
    ],
    ['a weight', input([mapping('stable-mapping', { weight: 100 })]), 'AmbassadorMappingConfigError', /has a weight/],
    ['weight 0', input([mapping('stable-mapping', { weight: 0 })]), 'AmbassadorMappingConfigError', /has a weight/],
    ['a shadow', input([mapping('stable-mapping', { shadow: true })]), 'AmbassadorMappingConfigError', /shadow/],
    [
      'a redirect',
      input([mapping('stable-mapping', { host_redirect: true })]),
      'AmbassadorMappingConfigError',
      /redirect/,
    ],
    [
      'another Service',
      input([mapping('stable-mapping', { service: 'my-someapp-stable' })]),
      'AmbassadorMappingConfigError',
      /not the stable Service/,
    ],
    [
      'a Service of another namespace',
      input([mapping('stable-mapping', { service: 'someapp-stable.x' })]),
      'AmbassadorMappingConfigError',
      /not the stable Service/,
    ],
    [
      'a service that is none',
      input([mapping('stable-mapping', { service: 'a b' })]),
      'AmbassadorMappingConfigError',
      /is not \[scheme/,
    ],
    [
      "somebody's own Mapping of the canary's name",
      input([stable, mapping('stable-mapping0-canary')]),
      'CanaryMappingNotOurs',
      /not ours/,
    ],
    [
      'a foreign Mapping on the same route',
      input([stable, mapping('somebody-elses', { weight: 10 })]),
      'AmbassadorMappingShared',
      /shares the traffic/,
    ],
  ])('refuses %s', (_name, given, reason, message) => {
    expect(preflight(given)).toEqual([{ reason, message: expect.stringMatching(message) }]);
  });
});

describe('the API version of Mappings', () => {
  test('that an operator insists on must be one that is known', () => {
    expect(() => refuseUnknownMappingApi('getambassador.io/v3')).toThrow(
      /WEIR_MAPPING_API_VERSION is getambassador.io\/v3/,
    );
    expect(() => refuseUnknownMappingApi('getambassador.io/v2')).not.toThrow();
    expect(() => refuseUnknownMappingApi(undefined)).not.toThrow();
  });

  test.each([
    [['getambassador.io/v2', 'getambassador.io/v3alpha1'], undefined, 'getambassador.io/v3alpha1'],
    [['getambassador.io/v2'], undefined, 'getambassador.io/v2'],
    [['x.getambassador.io/v3alpha1', 'getambassador.io/v2'], undefined, 'getambassador.io/v2'],
    [['x.getambassador.io/v3alpha1'], undefined, 'x.getambassador.io/v3alpha1'],
    [['getambassador.io/v2', 'getambassador.io/v3alpha1'], 'getambassador.io/v2', 'getambassador.io/v2'],
    [['getambassador.io/v2'], 'getambassador.io/v3alpha1', undefined],
    [['apps/v1'], undefined, undefined],
  ])('of %p, %p wanted, is %p', (served, configured, expected) => {
    expect(chooseMappingApi(served, configured)?.apiVersion).toBe(expected);
  });
});
