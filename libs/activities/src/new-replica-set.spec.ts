import { describe, expect, test } from '@jest/globals';
import { newReplicaSet, type NewReplicaSet } from './new-replica-set.ts';

const TEMPLATE = {
  metadata: { labels: { app: 'web', tier: 'x' }, annotations: { note: 'user' } },
  spec: { containers: [{ name: 'web', image: 'web:2' }] },
};

function made(more: Partial<NewReplicaSet> = {}) {
  return newReplicaSet({
    rollout: { namespace: 'ns', name: 'web', uid: 'u' },
    source: { template: TEMPLATE, selector: { matchLabels: { app: 'web' } } },
    hash: 'abc',
    number: 3,
    replicas: 2,
    ...more,
  });
}

/** Of the pods that the ReplicaSet makes. */
const affinityOf = (more: Partial<NewReplicaSet>): unknown => made(more).spec.template.spec?.['affinity'];

const OTHER_POD = {
  labelSelector: { matchExpressions: [{ key: 'rollouts-pod-template-hash', operator: 'In', values: ['old'] }] },
  topologyKey: 'kubernetes.io/hostname',
};

describe('the ReplicaSet of a new revision', () => {
  test('is the Rollout’s: it goes when the Rollout goes, and no other controller takes it', () => {
    expect(made().metadata.ownerReferences).toEqual([
      {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Rollout',
        name: 'web',
        uid: 'u',
        controller: true,
        blockOwnerDeletion: true,
      },
    ]);
  });

  test('is found by the hash: in its name, its labels, its selector, and on its pods', () => {
    const { metadata, spec } = made();
    const hash = { 'rollouts-pod-template-hash': 'abc' };
    expect(metadata).toMatchObject({ name: 'web-abc', namespace: 'ns', labels: { app: 'web', tier: 'x', ...hash } });
    expect(spec.selector.matchLabels).toEqual({ app: 'web', ...hash });
    expect(spec.template.metadata?.labels).toEqual({ app: 'web', tier: 'x', ...hash });
  });

  test('has its number, its size and the time that a pod must be ready', () => {
    const { metadata, spec } = made({ minReadySeconds: 10 });
    expect(metadata.annotations?.['rollout.argoproj.io/revision']).toBe('3');
    expect(spec).toMatchObject({ replicas: 2, minReadySeconds: 10 });
    expect(made().spec).not.toHaveProperty('minReadySeconds');
  });

  test('has the pods of the template, and leaves that as it is', () => {
    const before = structuredClone(TEMPLATE);
    const { template } = made({ antiAffinity: { kind: 'required', against: 'old' } }).spec;
    expect(template).toMatchObject({ metadata: { annotations: { note: 'user' } }, spec: TEMPLATE.spec });
    expect(TEMPLATE).toEqual(before);
  });

  test('keeps the expressions of the selector', () => {
    const matchExpressions = [{ key: 'app', operator: 'Exists' as const }];
    const { selector } = made({ source: { template: TEMPLATE, selector: { matchExpressions } } }).spec;
    expect(selector).toEqual({ matchExpressions, matchLabels: { 'rollouts-pod-template-hash': 'abc' } });
  });

  test('has a name that fits, whatever the Rollout is called: the hash is never cut', () => {
    const { name } = made({ rollout: { namespace: 'ns', name: 'a'.repeat(253), uid: 'u' } }).metadata;
    expect(name).toHaveLength(253);
    expect(name).toMatch(/-abc$/);
  });
});

describe('the metadata of its role', () => {
  const metadata = { labels: { role: 'canary' }, annotations: { team: 'b' } };

  test('is on the pods besides the template’s, and noted on the ReplicaSet', () => {
    const replicaSet = made({ metadata });
    expect(replicaSet.spec.template.metadata).toEqual({
      labels: { app: 'web', tier: 'x', role: 'canary', 'rollouts-pod-template-hash': 'abc' },
      annotations: { note: 'user', team: 'b' },
    });
    expect(Object.values(replicaSet.metadata.annotations ?? {})).toContain(JSON.stringify(metadata));
  });

  test('is not in the selector, which cannot change when the role does', () => {
    expect(made({ metadata }).spec.selector.matchLabels).not.toHaveProperty('role');
  });

  test('cannot take the hash away', () => {
    const { template } = made({ metadata: { labels: { 'rollouts-pod-template-hash': 'mine' } } }).spec;
    expect(template.metadata?.labels?.['rollouts-pod-template-hash']).toBe('abc');
  });
});

describe('the antiAffinity', () => {
  test('is none by default', () => {
    expect(affinityOf({})).toBeUndefined();
  });

  test('that is required keeps its pods off the nodes of the old revision', () => {
    expect(affinityOf({ antiAffinity: { kind: 'required', against: 'old' } })).toEqual({
      podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [OTHER_POD] },
    });
  });

  test('that is preferred has its weight', () => {
    expect(affinityOf({ antiAffinity: { kind: 'preferred', weight: 7, against: 'old' } })).toEqual({
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 7, podAffinityTerm: OTHER_POD }],
      },
    });
  });

  test('comes besides what the template has', () => {
    const mine = { topologyKey: 'zone' };
    const affinity = {
      nodeAffinity: { a: 1 },
      podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [mine] },
    };
    const template = { ...TEMPLATE, spec: { ...TEMPLATE.spec, affinity } };
    const source = { template, selector: { matchLabels: { app: 'web' } } };
    expect(affinityOf({ source, antiAffinity: { kind: 'required', against: 'old' } })).toEqual({
      nodeAffinity: { a: 1 },
      podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [mine, OTHER_POD] },
    });
  });
});
