import { describe, expect, test } from '@jest/globals';
import { writtenTemplate } from './written-template.ts';

const HASH = 'rollouts-pod-template-hash';
const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';

const CONTAINERS = [{ name: 'someapp', image: 'someapp:1' }];
const ours = {
  labelSelector: { matchExpressions: [{ key: HASH, operator: 'In', values: ['b'] }] },
  topologyKey: 'kubernetes.io/hostname',
};
const theirs = { labelSelector: { matchLabels: { app: 'db' } }, topologyKey: 'zone' };

describe('the pod template of a ReplicaSet, as its user wrote it', () => {
  test('has no label of its revision, and no date', () => {
    const metadata = { creationTimestamp: null, labels: { app: 'someapp', [HASH]: 'a' } };
    expect(writtenTemplate({ metadata, spec: { containers: CONTAINERS } })).toEqual({
      metadata: { labels: { app: 'someapp' } },
      spec: { containers: CONTAINERS },
    });
  });

  test('has no metadata of its role', () => {
    const metadata = {
      name: 'x',
      labels: { app: 'someapp', role: 'canary', tier: 'gold' },
      annotations: { note: 'stable' },
    };
    const role = { labels: { role: 'canary', tier: 'gold' }, annotations: { note: 'stable' } };
    expect(writtenTemplate({ metadata, spec: {} }, role).metadata).toEqual({ name: 'x', labels: { app: 'someapp' } });
  });

  test('keeps a label of that name when no role has it', () => {
    const metadata = { labels: { role: 'canary' } };
    expect(writtenTemplate({ metadata }, { annotations: { role: 'x' } }).metadata).toEqual(metadata);
  });

  test.each<[string, object, object]>([
    ['our term, required', { podAntiAffinity: { [REQUIRED]: [ours] } }, {}],
    ['our term, preferred', { podAntiAffinity: { [PREFERRED]: [{ weight: 5, podAffinityTerm: ours }] } }, {}],
    [
      'our term, and not theirs',
      {
        nodeAffinity: { a: 1 },
        podAntiAffinity: { [REQUIRED]: [theirs, ours], [PREFERRED]: [{ weight: 5, podAffinityTerm: ours }] },
      },
      { affinity: { nodeAffinity: { a: 1 }, podAntiAffinity: { [REQUIRED]: [theirs] } } },
    ],
    [
      'nothing where there is nothing of ours',
      { podAntiAffinity: { [PREFERRED]: [{ weight: 5, podAffinityTerm: theirs }] } },
      { affinity: { podAntiAffinity: { [PREFERRED]: [{ weight: 5, podAffinityTerm: theirs }] } } },
    ],
  ])('loses %s', (_, affinity, left) => {
    expect(writtenTemplate({ spec: { containers: CONTAINERS, affinity } }).spec).toEqual({
      containers: CONTAINERS,
      ...left,
    });
  });
});
