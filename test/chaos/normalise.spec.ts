import { describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '@weir/kubernetes';
import { differences, normalised, withoutRunNote, type Objects } from './normalise.ts';

const HASH = 'rollouts-pod-template-hash';

/** A Rollout of one run of a scenario, as the API server would give it. */
function objects(run: string, change: object = {}, pods = 1): Objects {
  const rollout = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: {
      name: 'someapp',
      namespace: `chaos-${run}`,
      uid: `${run}-1111-2222-3333-444455556666`,
      resourceVersion: run,
      generation: 2,
      creationTimestamp: '2026-11-23T10:00:00Z',
      managedFields: [{ manager: run }],
      annotations: {
        'weir.dev/run': `{"runId":"${run}-aaaa-bbbb-cccc-ddddeeeeffff","atMs":1795428000123,"weight":60}`,
      },
    },
    status: {
      phase: 'Healthy',
      message: `chaos-${run}/someapp is well`,
      conditions: [
        { type: 'Progressing', status: 'True', lastTransitionTime: '2026-11-23T10:00:01Z' },
        { type: 'Available', status: 'True' },
      ],
      ...change,
    },
  } as KubernetesObject;
  const pod = { metadata: { name: `pod-${run}`, labels: { [HASH]: 'abc' } } };
  return normalised(
    [{ kind: 'Rollout', items: [rollout] }],
    Array.from({ length: pods }, () => pod),
    `chaos-${run}`,
  );
}

const reference = objects('12345678');
const compared = (change: object, pods?: number): string[] => differences(reference, objects('87654321', change, pods));

describe('given the objects of two runs', () => {
  test('when they differ only in names, uids, versions and times, then they are the same', () => {
    expect(compared({})).toEqual([]);
  });

  test.each<[string, object, string]>([
    [
      'a field has another value',
      { phase: 'Degraded' },
      'Rollout someapp.status.phase is "Degraded" instead of "Healthy"',
    ],
    ['a field is missing', { phase: undefined }, 'Rollout someapp.status.phase is undefined instead of "Healthy"'],
    ['there is one more field', { abort: true }, 'Rollout someapp.status.abort is true instead of undefined'],
    [
      'a condition is another one',
      { conditions: [{ type: 'Available', status: 'False' }] },
      'Rollout someapp.status.conditions.Available.status is "False" instead of "True"',
    ],
  ])('when %s, then that is said', (_, change, sentence) => {
    expect(compared(change)).toContain(sentence);
  });

  test('when conditions come in another order, then they are the same', () => {
    const conditions = [
      { type: 'Available', status: 'True' },
      { type: 'Progressing', status: 'True', lastTransitionTime: '2026-11-23T11:22:33Z' },
    ];
    expect(compared({ conditions })).toEqual([]);
  });

  test('when a time is missing, then that is said', () => {
    const conditions = [
      { type: 'Progressing', status: 'True' },
      { type: 'Available', status: 'True' },
    ];
    expect(compared({ conditions })).toEqual([
      'Rollout someapp.status.conditions.Progressing.lastTransitionTime is undefined instead of "<time>"',
    ]);
  });

  test('when a revision has more pods, then that is said', () => {
    expect(compared({}, 2)).toEqual(['Pods of abc is 2 instead of 1']);
  });

  test('when a number in an annotation differs, then that is said', () => {
    const key = 'Rollout someapp.metadata.annotations.weir.dev/run.weight';
    expect(reference[key]).toBe(60);
    expect(differences(reference, { ...reference, [key]: 30 })).toEqual([`${key} is 30 instead of 60`]);
  });
});

test('without the note of the last run everything else is still compared', () => {
  const paths = Object.keys(withoutRunNote(reference));
  expect(paths).toContain('Rollout someapp.status.phase');
  expect(paths.filter((path) => path.includes('annotations'))).toEqual([]);
  expect(Object.keys(reference).filter((path) => path.includes('annotations')).length).toBeGreaterThan(0);
});

test('how often a ReplicaSet was scaled is not compared, and how often a Rollout was changed is', () => {
  const withGeneration = (kind: string, generation: number): Objects =>
    normalised([{ kind, items: [{ metadata: { name: 'a', generation } }] }], [], 'chaos');
  expect(differences(withGeneration('ReplicaSet', 1), withGeneration('ReplicaSet', 2))).toEqual([]);
  expect(differences(withGeneration('Rollout', 1), withGeneration('Rollout', 2))).toHaveLength(1);
});
