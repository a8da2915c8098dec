import { describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '@weir/kubernetes';
import { hashOf, ownedBy, readRoleMetadata, toRevision, type ReplicaSetObject } from './replica-sets.ts';

const METADATA = {
  name: 'web-abc',
  namespace: 'ns',
  uid: 'rs',
  resourceVersion: '42',
  creationTimestamp: '2026-01-01T00:00:00Z',
  labels: { 'rollouts-pod-template-hash': 'abc' },
  annotations: { 'rollout.argoproj.io/revision': '3' },
};
const ROLLOUT = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'web', uid: 'u', controller: true };

function replicaSet(
  metadata: Partial<typeof METADATA> & object = {},
  more: Partial<ReplicaSetObject> = {},
): ReplicaSetObject {
  return {
    metadata: { ...METADATA, ...metadata },
    spec: { replicas: 4, selector: {}, template: {} },
    status: { replicas: 3, readyReplicas: 2, availableReplicas: 1 },
    ...more,
  };
}

describe('what a run knows of a ReplicaSet', () => {
  test('is its counts, its number and its age', () => {
    expect(toRevision(replicaSet())).toEqual({
      hash: 'abc',
      name: 'web-abc',
      number: 3,
      createdAtMs: Date.UTC(2026, 0, 1),
      replicas: 4,
      pods: 3,
      ready: 2,
      available: 1,
      resourceVersion: '42',
    });
  });

  test('is no pods where the ReplicaSet controller has not come yet', () => {
    const { status: _status, ...fresh } = replicaSet();
    expect(toRevision(fresh)).toMatchObject({ replicas: 4, pods: 0, ready: 0, available: 0 });
    expect(toRevision({ ...fresh, status: { replicas: 4 } })).toMatchObject({ pods: 4, ready: 0, available: 0 });
  });

  test('is one replica where none is said, as Kubernetes has it', () => {
    expect(toRevision(replicaSet({}, { spec: { selector: {}, template: {} } })).replicas).toBe(1);
  });

  test.each<[string, object, number]>([
    ['its number', { 'rollout.argoproj.io/revision': '12' }, 12],
    ['0 without the annotation', {}, 0],
    ['0 of text that is no number', { 'rollout.argoproj.io/revision': 'x' }, 0],
    ['0 of a fraction', { 'rollout.argoproj.io/revision': '1.5' }, 0],
  ])('is of its revision annotation %s', (_name, annotations, number) => {
    expect(toRevision(replicaSet({ annotations } as Partial<typeof METADATA>)).number).toBe(number);
  });

  test.each<[string, string, number | undefined]>([
    ['the time, as an Argo controller writes it too', '2026-01-01T12:00:00Z', Date.UTC(2026, 0, 1, 12)],
    ['nothing when nobody can read it', 'soon', undefined],
    ['nothing when it is empty', '', undefined],
  ])('is of its scale-down-deadline %s', (_name, deadline, expected) => {
    const annotations = { ...METADATA.annotations, 'scale-down-deadline': deadline };
    expect(toRevision(replicaSet({ annotations })).scaleDownAtMs).toBe(expected);
  });

  test.each<[string, string, string | undefined]>([
    [
      'as text that is the same whatever the order of its keys',
      '{"labels":{"b":"2","a":"1"}}',
      '{"labels":{"a":"1","b":"2"}}',
    ],
    ['not at all when it is empty', '{}', undefined],
    ['not at all when nobody can read it', '{', undefined],
    ['not at all when it is no object', 'null', undefined],
  ])('has the metadata of its role %s', (_name, note, expected) => {
    const annotations = { ...METADATA.annotations, 'rollout.argoproj.io/ephemeral-metadata': note };
    expect(toRevision(replicaSet({ annotations })).roleMetadata).toBe(expected);
  });

  test('has no metadata of a role when none was noted', () => {
    expect(readRoleMetadata(replicaSet())).toEqual({});
    expect(toRevision(replicaSet())).not.toHaveProperty('roleMetadata');
  });
});

describe('an object is a Rollout’s', () => {
  const owned = (...ownerReferences: object[]): KubernetesObject =>
    ({ metadata: { ...METADATA, ownerReferences } }) as unknown as KubernetesObject;

  test.each<[string, KubernetesObject, string | undefined]>([
    ['when the Rollout controls it', owned({ ...ROLLOUT, kind: 'Other', controller: false, uid: 'x' }, ROLLOUT), 'u'],
    ['not when the Rollout only owns it', owned({ ...ROLLOUT, controller: false }), undefined],
    ['not when something else controls it', owned({ ...ROLLOUT, kind: 'Deployment' }), undefined],
    ['not when nobody does', { metadata: METADATA }, undefined],
  ])('%s', (_name, object, uid) => {
    expect(ownedBy(object)).toBe(uid);
  });
});

test('the hash is the label, and nothing where there is none', () => {
  expect(hashOf(replicaSet())).toBe('abc');
  expect(hashOf({ metadata: { name: 'x' } })).toBe('');
});
