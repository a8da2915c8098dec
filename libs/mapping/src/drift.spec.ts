import { describe, expect, test } from '@jest/globals';
import { canaryMapping } from './canary.ts';
import { driftOf, specWanted, type DriftInput } from './drift.ts';
import { mapping } from './testing/mappings.ts';
import type { Mapping } from './types.ts';

const OWNER = {
  installation: 'uuid/weir',
  workflowId: 'rollout/c/default/app',
  runId: 'r',
  rollout: { name: 'app', uid: 'u' },
};
const TRACKED = { 'app.kubernetes.io/instance': 'x', 'app.kubernetes.io/name': 'app' };
const STABLE = mapping(
  'app',
  { service: 'https://app-stable.default:8443', cors: { origins: ['a'], max_age: '1' } },
  { labels: TRACKED },
);
const CANARY = canaryMapping(STABLE, {
  canaryService: 'app-canary',
  owner: OWNER,
  sequence: 3,
  weight: 30,
  revision: 'v2',
});

function drift(stable: Mapping | undefined, canary: Mapping = CANARY, more: Partial<DriftInput> = {}): string[] {
  return driftOf({ stable, canary, rollout: 'app', stableService: 'app-stable', canaryService: 'app-canary', ...more });
}

function edited(
  { metadata, spec, ...rest }: Mapping,
  change: { spec?: object; labels?: object; annotations?: object },
): Mapping {
  const of = (map: object = {}, changed: object = {}): object =>
    Object.fromEntries(Object.entries({ ...map, ...changed }).filter(([, value]) => value !== undefined));
  return {
    ...rest,
    metadata: {
      ...metadata,
      labels: of(metadata.labels, change.labels),
      annotations: of(metadata.annotations, change.annotations),
    } as Mapping['metadata'],
    spec: of(spec, change.spec) as Mapping['spec'],
  };
}

describe('a canary Mapping has not drifted', () => {
  test.each<[string, Mapping, Mapping]>([
    ['when Weir has just made it', STABLE, CANARY],
    [
      'when the stable Mapping is tracked by another tool',
      edited(STABLE, {
        labels: {
          'argocd.argoproj.io/instance': 'y',
          'helm.sh/chart': 'z',
          'kustomize.toolkit.fluxcd.io/name': 'k',
          'app.kubernetes.io/managed-by': 'Helm',
        },
      }),
      CANARY,
    ],
    ['when a field is null that was absent', edited(STABLE, { spec: { timeout_ms: null } }), CANARY],
    ['when a field is absent that was null', STABLE, edited(CANARY, { spec: { timeout_ms: null } })],
    [
      'when the keys of a field come in another order',
      edited(STABLE, { spec: { cors: { max_age: '1', origins: ['a'] } } }),
      CANARY,
    ],
    ['when annotations of others are on it', STABLE, edited(CANARY, { annotations: { other: 'x' } })],
    ['when the brake has put its order on it', STABLE, edited(CANARY, { annotations: { 'weir.dev/order': '{}' } })],
    ['when annotations of the stable Mapping change', edited(STABLE, { annotations: { other: 'x' } }), CANARY],
  ])('%s', (_name, stable, canary) => {
    expect(drift(stable, canary)).toEqual([]);
  });

  test('after its weight and the note of it were written together', () => {
    const canary = edited(CANARY, { spec: { weight: 60 }, annotations: { 'weir.dev/weight': '60' } });
    expect(drift(STABLE, canary)).toEqual([]);
    expect(drift(STABLE, canary, { weight: 60 })).toEqual([]);
  });

  test('at weight 0', () => {
    const canary = edited(CANARY, { spec: { weight: 0 }, annotations: { 'weir.dev/weight': '0' } });
    expect(drift(STABLE, canary)).toEqual([]);
  });
});

describe('a change of the stable Mapping is drift of the canary:', () => {
  test.each<[string, Parameters<typeof edited>[1], string[]]>([
    ['circuit_breakers added', { spec: { circuit_breakers: [{ max_requests: 1 }] } }, ['spec.circuit_breakers']],
    ['a field taken off', { spec: { cors: undefined } }, ['spec.cors']],
    ['a field within a field', { spec: { cors: { origins: ['a', 'b'], max_age: '1' } } }, ['spec.cors']],
    [
      'a list in another order is another list',
      { spec: { cors: { origins: ['b', 'a'], max_age: '1' } } },
      ['spec.cors'],
    ],
    ['the port of the service', { spec: { service: 'https://app-stable.default:9443' } }, ['spec.service']],
    ['the prefix and the precedence', { spec: { prefix: '/v2', precedence: 1 } }, ['spec.precedence', 'spec.prefix']],
    ['a label', { labels: { host: 'a' } }, ['metadata.labels.host']],
    [
      'a label with dots',
      { labels: { 'app.kubernetes.io/name': 'other' } },
      ['metadata.labels.app.kubernetes.io/name'],
    ],
    [
      'a label taken off',
      { labels: { 'app.kubernetes.io/name': undefined } },
      ['metadata.labels.app.kubernetes.io/name'],
    ],
    ['false where nothing was', { spec: { bypass_auth: false } }, ['spec.bypass_auth']],
    ['a weight that it gained is not carried over', { spec: { weight: 70 } }, []],
  ])('%s', (_name, change, expected) => {
    expect(drift(edited(STABLE, change))).toEqual(expected);
  });
});

describe('a change of the canary Mapping is drift:', () => {
  test.each<[string, Parameters<typeof edited>[1], string[]]>([
    ['the weight', { spec: { weight: 90 } }, ['spec.weight']],
    ['the weight taken off', { spec: { weight: undefined } }, ['spec.weight']],
    ['the service', { spec: { service: 'https://other.default:8443' } }, ['spec.service']],
    ['a field that the stable Mapping has not', { spec: { headers: { x: 'y' } } }, ['spec.headers']],
    ['a field taken off', { spec: { cors: undefined } }, ['spec.cors']],
    ['a label', { labels: { 'app.kubernetes.io/name': 'other' } }, ['metadata.labels.app.kubernetes.io/name']],
    ['the label of its Rollout', { labels: { 'weir.dev/rollout': undefined } }, ['metadata.labels.weir.dev/rollout']],
    [
      'a tracking label: by that it would be pruned',
      { labels: { 'argocd.argoproj.io/instance': 'x' } },
      ['metadata.labels.argocd.argoproj.io/instance'],
    ],
    ['the owner taken off', { annotations: { 'weir.dev/owner': undefined } }, ['metadata.annotations.weir.dev/owner']],
    [
      'an owner that cannot be read',
      { annotations: { 'weir.dev/owner': '{' } },
      ['metadata.annotations.weir.dev/owner'],
    ],
    [
      'the sequence taken off',
      { annotations: { 'weir.dev/sequence': undefined } },
      ['metadata.annotations.weir.dev/sequence'],
    ],
    [
      'the revision taken off',
      { annotations: { 'weir.dev/canary-revision': undefined } },
      ['metadata.annotations.weir.dev/canary-revision'],
    ],
    [
      'the noted weight taken off',
      { annotations: { 'weir.dev/weight': undefined } },
      ['spec.weight', 'metadata.annotations.weir.dev/weight'],
    ],
    [
      'a noted weight that is no number',
      { annotations: { 'weir.dev/weight': 'many' } },
      ['spec.weight', 'metadata.annotations.weir.dev/weight'],
    ],
    ['another noted weight', { annotations: { 'weir.dev/weight': '90' } }, ['spec.weight']],
  ])('%s', (_name, change, expected) => {
    expect(drift(STABLE, edited(CANARY, change))).toEqual(expected);
  });

  test('the owner reference taken off', () => {
    const { ownerReferences: _, ...metadata } = CANARY.metadata;
    expect(drift(STABLE, { ...CANARY, metadata })).toEqual(['metadata.ownerReferences']);
    expect(drift(STABLE, { ...CANARY, metadata: { ...metadata, ownerReferences: [] } })).toEqual([
      'metadata.ownerReferences',
    ]);
  });

  test('the weight and the note of it together, for a run that knows its weight', () => {
    const both = edited(CANARY, { spec: { weight: 90 }, annotations: { 'weir.dev/weight': '90' } });
    expect(drift(STABLE, both, { weight: 30 })).toEqual(['spec.weight', 'metadata.annotations.weir.dev/weight']);
  });

  test('only the note, for a run that knows its weight', () => {
    const noted = edited(CANARY, { annotations: { 'weir.dev/weight': '90' } });
    expect(drift(STABLE, noted, { weight: 30 })).toEqual(['metadata.annotations.weir.dev/weight']);
  });
});

describe('without a stable Mapping', () => {
  test('the canary is to send its traffic to the stable Service; scheme, namespace and port stay', () => {
    expect(drift(undefined)).toEqual(['spec.service']);
    const wanted = specWanted({
      canary: CANARY,
      rollout: 'app',
      stableService: 'app-stable',
      canaryService: 'app-canary',
    });
    expect(wanted.service).toBe('https://app-stable.default:8443');
    expect(drift(undefined, edited(CANARY, { spec: { service: wanted.service } }))).toEqual([]);
  });

  test('when it is back, the canary is to have its own Service again', () => {
    const diverted = edited(CANARY, { spec: { service: 'https://app-stable.default:8443' } });
    expect(drift(STABLE, diverted)).toEqual(['spec.service']);
  });

  test('a weight that somebody edits is put back all the same', () => {
    const diverted = edited(CANARY, { spec: { service: 'https://app-stable.default:8443', weight: 90 } });
    expect(drift(undefined, diverted)).toEqual(['spec.weight']);
  });

  test('a service that cannot be read stays as it is', () => {
    expect(drift(undefined, edited(CANARY, { spec: { service: 'a b' } }))).toEqual([]);
  });
});

test('a stable Mapping whose service cannot be read is not carried over: traffic goes to the stable Service', () => {
  expect(drift(edited(STABLE, { spec: { service: 'a b', prefix: '/new' } }))).toEqual(['spec.service']);
});
