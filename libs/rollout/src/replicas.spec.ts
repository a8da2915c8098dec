import { describe, expect, test } from '@jest/globals';
import {
  canaryReplicas,
  isEnough,
  leastWeightOnAbort,
  plannedWeight,
  restartBatch,
  scaleInForce,
  stableReplicas,
} from './replicas.ts';
import { pause, setWeight, specWithPods, workloadSpec } from './testing/specs.ts';
import type { SetCanaryScaleStep, Step, WorkloadSpec } from './types.ts';

const setCanaryScale = (scale: Omit<SetCanaryScaleStep, 'kind'>): Step => ({ kind: 'setCanaryScale', ...scale });

/** As of the scenario of Argo's tests that has all forms of setCanaryScale. */
const SCALES: readonly Step[] = [
  pause(),
  setCanaryScale({ weight: 25 }),
  setWeight(50),
  setCanaryScale({ replicas: 3 }),
  setCanaryScale({ matchTrafficWeight: true }),
];

describe('the planned weight', () => {
  test.each([
    ['is 0 before the first setWeight', 0, 0],
    ['is that of the step itself', 1, 30],
    ['stays in the steps after it', 2, 30],
    ['is the last one of several', 3, 10],
    ['stays after the last step', 9, 10],
    ['is 0 before the first step', -1, 0],
  ])('%s', (_name, stepIndex, weight) => {
    expect(plannedWeight([pause(), setWeight(30), pause(), setWeight(10)], stepIndex)).toBe(weight);
  });
});

describe('the setCanaryScale in force', () => {
  test.each<[string, number, number | undefined]>([
    ['is none before the first', 0, undefined],
    ['holds from its step on', 1, 25],
    ['holds over later setWeights', 2, 25],
    ['ends with matchTrafficWeight', 4, undefined],
  ])('%s', (_name, stepIndex, weight) => {
    expect(scaleInForce(SCALES, stepIndex)).toEqual(weight === undefined ? undefined : setCanaryScale({ weight }));
  });
});

describe('the pods of the canary', () => {
  const at = (weight: number, replicas: number, more: Partial<WorkloadSpec> = {}, written = 0): number =>
    canaryReplicas(specWithPods([setWeight(weight)], { replicas, ...more }), 0, written);

  test.each([
    ['are none at weight 0', at(0, 4), 0],
    ['are its share', at(50, 4), 2],
    ['are rounded up', at(30, 4), 2],
    ['are at least one at any weight', at(1, 4), 1],
    ['are all at weight 100', at(100, 7), 7],
    ['are what the exact share says, without errors of floating point', at(7, 100), 7],
    ['are none of none', at(50, 0), 0],
    ['are at least minPodsPerReplicaSet', at(10, 10, { minPodsPerReplicaSet: 3 }), 3],
    ['are none at weight 0 whatever minPodsPerReplicaSet says', at(0, 10, { minPodsPerReplicaSet: 3 }), 0],
    ['are never more than the Rollout has for minPodsPerReplicaSet', at(10, 2, { minPodsPerReplicaSet: 3 }), 2],
    ['are those of the weight that it still has, until that is lowered', at(20, 10, {}, 50), 5],
    ['do not follow dynamicStableScale', at(30, 10, { dynamicStableScale: true }), 3],
  ])('%s', (_name, pods, expected) => {
    expect(pods).toBe(expected);
  });

  test.each([
    ['in a pause before all else: none', 0, 0],
    ['at setCanaryScale weight 25: one', 1, 1],
    ['at setWeight 50 after it: still one', 2, 1],
    ['at setCanaryScale replicas 3: three', 3, 3],
    ['at matchTrafficWeight: two, as the weight says', 4, 2],
  ])('are, of four replicas, %s', (_name, stepIndex, canary) => {
    const spec = specWithPods(SCALES);
    expect([canaryReplicas(spec, stepIndex, 0), stableReplicas(spec, stepIndex, 0)]).toEqual([canary, 4]);
  });

  test('may be more than the Rollout has, where setCanaryScale says so', () => {
    expect(canaryReplicas(specWithPods([setCanaryScale({ replicas: 6 })]), 0, 0)).toBe(6);
  });

  test('of a setCanaryScale weight have the floor of minPodsPerReplicaSet, of replicas not', () => {
    const floor = { replicas: 10, minPodsPerReplicaSet: 3 };
    expect(canaryReplicas(specWithPods([setCanaryScale({ weight: 10 })], floor), 0, 0)).toBe(3);
    expect(canaryReplicas(specWithPods([setCanaryScale({ replicas: 1 })], floor), 0, 0)).toBe(1);
  });
});

describe('the pods of stable', () => {
  const at = (planned: number, written: number, more: Partial<WorkloadSpec> = {}): number =>
    stableReplicas(specWithPods([setWeight(planned)], { replicas: 10, ...more }), 0, written);
  const dynamic = { dynamicStableScale: true };

  test.each([
    ['are all of them, whatever the weight', at(90, 90), 10],
    ['with dynamicStableScale are what the rest of the traffic needs', at(30, 30, dynamic), 7],
    ['with dynamicStableScale are rounded up', at(25, 25, { ...dynamic, replicas: 5 }), 4],
    ['with dynamicStableScale stay until the weight is raised', at(60, 30, dynamic), 7],
    ['with dynamicStableScale come before the weight is lowered', at(30, 60, dynamic), 7],
    [
      'with dynamicStableScale are at least minPodsPerReplicaSet',
      at(90, 90, { ...dynamic, minPodsPerReplicaSet: 2 }),
      2,
    ],
    ['with dynamicStableScale are one at weight 100: somebody may abort', at(100, 100, dynamic), 1],
    ['with dynamicStableScale are none of none', at(50, 50, { ...dynamic, replicas: 0 }), 0],
  ])('%s', (_name, pods, expected) => {
    expect(pods).toBe(expected);
  });
});

describe('the least weight on an abort', () => {
  const dynamic = workloadSpec({ dynamicStableScale: true });
  test.each([
    ['is 0, however few stable pods are available', leastWeightOnAbort(workloadSpec(), 0), 0],
    ['with dynamicStableScale is 0 when stable has all its pods', leastWeightOnAbort(dynamic, 4), 0],
    ['with dynamicStableScale is what the available stable pods cannot carry', leastWeightOnAbort(dynamic, 3), 25],
    ['with dynamicStableScale is all without stable pods', leastWeightOnAbort(dynamic, 0), 100],
    [
      'with dynamicStableScale is rounded up: stable gets no more than it can carry',
      leastWeightOnAbort({ ...dynamic, replicas: 3 }, 2),
      34,
    ],
    ['with dynamicStableScale is 0 when stable has more than the Rollout wants', leastWeightOnAbort(dynamic, 9), 0],
    ['with dynamicStableScale is 0 of no replicas', leastWeightOnAbort({ ...dynamic, replicas: 0 }, 0), 0],
  ])('%s', (_name, weight, expected) => {
    expect(weight).toBe(expected);
  });
});

describe('the pods of a step are enough', () => {
  test.each<[string, Partial<WorkloadSpec>, number, number, boolean]>([
    ['when all are available', {}, 4, 4, true],
    ['not when one is missing', {}, 3, 4, false],
    ['when none are wanted', {}, 0, 0, true],
    ['at the percentage of the threshold', { replicaProgressThreshold: { percent: 50 } }, 2, 4, true],
    ['not below the percentage of the threshold', { replicaProgressThreshold: { percent: 50 } }, 1, 4, false],
    ['not below a percentage that is rounded up', { replicaProgressThreshold: { percent: 50 } }, 1, 3, false],
    ['at the pods of the threshold', { replicaProgressThreshold: { pods: 2 } }, 2, 4, true],
    ['not below the pods of the threshold', { replicaProgressThreshold: { pods: 2 } }, 1, 4, false],
    [
      'when all are available, although the threshold has more pods',
      { replicaProgressThreshold: { pods: 9 } },
      4,
      4,
      true,
    ],
  ])('%s', (_name, threshold, available, wanted, enough) => {
    expect(isEnough(workloadSpec(threshold), available, wanted)).toBe(enough);
  });
});

describe('a restart takes away at once', () => {
  test.each<[string, Partial<WorkloadSpec>, number]>([
    ['a quarter, unless the manifest says otherwise', { replicas: 8 }, 2],
    ['maxUnavailable percent, rounded down', { replicas: 10, maxUnavailable: { percent: 25 } }, 2],
    ['maxUnavailable pods', { replicas: 10, maxUnavailable: { pods: 4 } }, 4],
    ['at least one, of a percentage that is less', { replicas: 2, maxUnavailable: { percent: 25 } }, 1],
    ['at least one, of maxUnavailable 0', { replicas: 2, maxUnavailable: { pods: 0 } }, 1],
  ])('%s', (_name, more, expected) => {
    expect(restartBatch(workloadSpec(more))).toBe(expected);
  });
});
