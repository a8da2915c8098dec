import { describe, expect, test } from '@jest/globals';
import { phaseOf } from './phase.ts';
import { Scene } from './testing/scene.ts';
import { pause, setWeight, specWithPods } from './testing/specs.ts';
import type { RolloutSpec, Step, WorkloadSpec } from './types.ts';

const STEPS: readonly Step[] = [setWeight(50), pause(60_000), setWeight(75), pause()];
const HELD = 'wait: held by ana';
const BY_SPEC = { phase: 'Paused', message: 'manually paused' };

const spec = (paused: boolean, more: Partial<WorkloadSpec> = {}): RolloutSpec => ({
  ...specWithPods(STEPS, more),
  ...(paused && { paused }),
});

/** v1 is stable, v2 is tried and paused at 50 % for a minute. */
function pausedAt50(): Scene {
  return Scene.trying(spec(false));
}

describe('the command pause', () => {
  test('holds the rollout at its pods and its weight when the pause of the step is over', () => {
    const scene = pausedAt50();
    scene.give('pause');
    scene.pass(3_600);
    expect(scene.play()).toEqual([HELD]);
    expect(phaseOf(scene.run)).toEqual({ phase: 'Paused', message: 'manually paused by ana' });
    scene.give('resume');
    expect(scene.play()).toEqual(['v2: 3 pods', 'wait: revision 2: 2 of 3 pods available']);
  });

  test('does not keep traffic at a canary that has lost its pods', () => {
    const scene = pausedAt50();
    scene.give('pause');
    scene.podsDie('v2');
    expect(scene.play()).toEqual(['weight 0', HELD]);
    scene.podsComeUp();
    expect(scene.play()).toEqual(['awaitCanaryEndpoints', 'weight 50', HELD]);
  });

  test('does not keep a Rollout from being scaled', () => {
    const scene = pausedAt50();
    scene.give('pause');
    scene.change({ spec: spec(false, { replicas: 8 }) });
    expect(scene.play()).toEqual(['observeRollout', 'v1: 8 pods, v2: 4 pods', HELD]);
  });

  test('holds a first deploy too: its Services wait', () => {
    const scene = new Scene(spec(false), 'v1', () => true);
    scene.tell();
    scene.play();
    scene.give('pause');
    scene.podsComeUp();
    expect(scene.play()).toEqual([HELD]);
    scene.give('resume');
    expect(scene.play()).toContain('stable Service -> v1, canary Service -> v1');
  });

  test('does not hold an abort', () => {
    const scene = pausedAt50();
    scene.give('pause');
    scene.give('abort');
    expect(scene.play()[0]).toBe('weight 0');
  });

  test('while the pods of a step come up takes none away, and keeps the weight when they are there', () => {
    const scene = Scene.deployed(spec(false), 'v1');
    scene.change({ image: 'v2' });
    scene.play();
    scene.give('pause');
    expect(scene.play()).toEqual([HELD]);
    scene.podsComeUp();
    expect(scene.play()).not.toContain('weight 50');
    scene.give('resume');
    expect(scene.play()).toContain('weight 50');
  });

  test('after the last step holds the promotion', () => {
    const scene = Scene.deployed(specWithPods([setWeight(50)]), 'v1');
    scene.change({ image: 'v2' });
    scene.play();
    scene.give('pause');
    scene.podsComeUp();
    scene.play();
    scene.give('skip');
    scene.give('pause');
    expect(scene.play().at(-1)).toBe(HELD);
  });
});

describe('the command skip', () => {
  test('ends a pause', () => {
    const scene = pausedAt50();
    scene.give('skip');
    expect(scene.play()).toEqual(['v2: 3 pods', 'wait: revision 2: 2 of 3 pods available']);
  });

  test('ends a weight step whose pods do not come up; the next step still wants that weight', () => {
    const scene = Scene.deployed(spec(false), 'v1');
    scene.change({ image: 'v2' });
    scene.play();
    scene.give('skip');
    expect(scene.play()).toEqual(['wait: step 2: pause at 0 %']);
    scene.podsComeUp();
    expect(scene.play()).toEqual([
      'canary Service -> v2',
      'awaitCanaryEndpoints',
      'ensureCanaryMappings',
      'weight 50',
      'wait: step 2: pause at 50 %',
    ]);
  });

  test('of the last step begins the promotion', () => {
    const scene = pausedAt50();
    scene.give('skip');
    scene.give('skip');
    scene.give('skip');
    expect(scene.play()).toEqual(['v2: 4 pods', 'wait: revision 2: 2 of 4 pods available']);
  });
});

describe('spec.paused', () => {
  test('holds the steps, and with them the pods of the new revision', () => {
    const scene = Scene.deployed(spec(false), 'v1');
    scene.change({ image: 'v2', spec: spec(true) });
    expect(scene.play().filter((one) => one.startsWith('v2') && one !== 'v2: 0 pods')).toEqual([]);
    expect(phaseOf(scene.run)).toEqual(BY_SPEC);
    scene.change({ spec: spec(false) });
    expect(scene.play()).toContain('v2: 2 pods');
  });

  test('holds a first deploy', () => {
    const scene = new Scene(spec(true), 'v1', () => true);
    scene.tell();
    expect(scene.play()).not.toContain('v1: 4 pods');
    expect(phaseOf(scene.run)).toEqual(BY_SPEC);
    scene.change({ spec: spec(false) });
    expect(scene.play()).toContain('v1: 4 pods');
  });

  test('while the pods of a step come up takes none away', () => {
    const scene = Scene.deployed(spec(false), 'v1');
    scene.change({ image: 'v2' });
    scene.play();
    scene.change({ spec: spec(true) });
    expect(scene.play()).toEqual(['observeRollout', expect.stringMatching(/^wait: spec\.paused/)]);
  });

  test('in mid-run keeps weight and pods where they are', () => {
    const scene = pausedAt50();
    scene.change({ spec: spec(true) });
    scene.pass(3_600);
    expect(scene.play().at(-1)).toMatch(/^wait: spec\.paused/);
    expect(scene.run.writtenWeight).toBe(50);
    expect(phaseOf(scene.run)).toEqual(BY_SPEC);
    scene.change({ spec: spec(false) });
    expect(scene.play()).toContain('v2: 3 pods');
  });

  test('does not hold an abort', () => {
    const scene = pausedAt50();
    scene.change({ spec: spec(true) });
    scene.play();
    scene.give('abort');
    expect(scene.play()[0]).toBe('weight 0');
  });

  test('holds a promotion whose pods come up, until it is false', () => {
    const scene = pausedAt50();
    scene.give('promote', { full: true });
    scene.play();
    scene.change({ spec: spec(true) });
    scene.play();
    scene.podsComeUp();
    expect(scene.play().at(-1)).toMatch(/^wait: spec\.paused/);
    expect(scene.run.writtenWeight).toBe(50);
    scene.change({ spec: spec(false) });
    expect(scene.play()).toContain('stable Service -> v2');
  });

  test('does not keep the stable revision from being scaled', () => {
    const scene = Scene.deployed(spec(false), 'v1');
    scene.change({ spec: spec(true, { replicas: 6 }) });
    expect(scene.play()).toContain('v1: 6 pods');
  });
});
