import { describe, expect, test } from '@jest/globals';
import { describeStep, stepsHash, weightBeforeStep } from './steps.ts';
import { pause, setWeight } from './testing/specs.ts';
import type { Step } from './types.ts';

describe('a step in the words of the manifest', () => {
  test.each<[string, Step]>([
    ['setWeight 30', setWeight(30)],
    ['pause 1m30s', pause(90_000)],
    ['pause until promoted', pause()],
    ['setCanaryScale replicas 3', { kind: 'setCanaryScale', replicas: 3 }],
    ['setCanaryScale replicas 0', { kind: 'setCanaryScale', replicas: 0 }],
    ['setCanaryScale weight 25', { kind: 'setCanaryScale', weight: 25 }],
    ['setCanaryScale matchTrafficWeight', { kind: 'setCanaryScale', matchTrafficWeight: true }],
  ])('is %s', (words, step) => {
    expect(describeStep(step)).toBe(words);
  });
});

describe('the weight before a step', () => {
  const steps: readonly Step[] = [setWeight(30), pause(), setWeight(60), { kind: 'setCanaryScale', weight: 90 }];
  test.each([
    ['is 0 before the first', 0, 0],
    ['is that of the setWeight before it', 1, 30],
    ['is not its own', 2, 30],
    ['is the last of several', 3, 60],
    ['after all steps is the last, whatever setCanaryScale says', 4, 60],
  ])('%s', (_name, stepIndex, weight) => {
    expect(weightBeforeStep(steps, stepIndex)).toBe(weight);
  });
});

describe('the hash of the steps', () => {
  test('is the same for the same steps, and another for any other', () => {
    const lists: Step[][] = [
      [],
      [setWeight(30)],
      [setWeight(31)],
      [setWeight(30), pause()],
      [pause(), setWeight(30)],
      [setWeight(30), pause(1_000)],
      [{ kind: 'setCanaryScale', replicas: 1 }],
      [{ kind: 'setCanaryScale', weight: 1 }],
    ];
    expect(new Set(lists.map(stepsHash)).size).toBe(lists.length);
    expect(stepsHash([setWeight(30), pause()])).toBe(stepsHash([setWeight(30), pause()]));
  });
});
