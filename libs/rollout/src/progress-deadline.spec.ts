import { describe, expect, test } from '@jest/globals';
import { phaseOf } from './phase.ts';
import { Scene } from './testing/scene.ts';
import { pause, setWeight, specWithPods } from './testing/specs.ts';
import type { RolloutSpec, Step } from './types.ts';

const STEPS: readonly Step[] = [setWeight(50), pause()];
const EXCEEDED = 'ProgressDeadlineExceeded: revision 2 made no progress for 600 s';
const WAITING = 'wait: revision 2: 0 of 2 pods available';

/** v1 is stable, and the pods of v2 do not come up. */
function stuck(more: Parameters<typeof specWithPods>[1] = {}): Scene {
  const scene = Scene.deployed(specWithPods(STEPS, more), 'v1');
  scene.isGood = (hash) => hash !== 'v2';
  scene.change({ image: 'v2' });
  scene.play();
  return scene;
}

const PAUSED: RolloutSpec = { ...specWithPods(STEPS), paused: true };

describe('pods that make no progress for progressDeadlineSeconds', () => {
  test('make the phase Degraded, and the run goes on waiting for them', () => {
    const scene = stuck();
    scene.pass(599);
    expect(scene.play()).toEqual([WAITING]);
    expect(phaseOf(scene.run).phase).toBe('Progressing');
    scene.pass(1);
    expect(scene.play()).toEqual([WAITING]);
    expect(phaseOf(scene.run)).toEqual({ phase: 'Degraded', message: EXCEEDED });
    expect(scene.notices).toContain(`! ${EXCEEDED}`);
  });

  test('are no longer Degraded when they come up after all', () => {
    const scene = stuck();
    scene.pass(600);
    scene.play();
    scene.isGood = () => true;
    scene.podsComeUp();
    expect(scene.play()).toContain('weight 50');
    expect(phaseOf(scene.run).phase).toBe('Paused');
  });

  test('count from the last pod that came up', () => {
    const scene = stuck();
    scene.pass(599);
    scene.play();
    scene.podsDie('v2', 1);
    scene.pass(599);
    expect(scene.play().at(-1)).toBe('wait: revision 2: 1 of 2 pods available');
    expect(phaseOf(scene.run).phase).toBe('Progressing');
    scene.pass(1);
    scene.play();
    expect(phaseOf(scene.run).phase).toBe('Degraded');
  });

  test.each<[string, (scene: Scene) => void]>([
    ['the run looks at the cluster', (scene) => scene.tell()],
    ['a pod of stable is lost', (scene) => scene.podsDie('v1', 3)],
    ['a pod of theirs is lost', (scene) => scene.podsDie('v2', 0)],
  ])('count on when %s', (_name, happens) => {
    const scene = stuck();
    scene.podsDie('v2', 1);
    scene.play();
    scene.pass(599);
    happens(scene);
    scene.play();
    scene.pass(1);
    scene.play();
    expect(phaseOf(scene.run).phase).toBe('Degraded');
  });

  test('count from the beginning of the step that needs them', () => {
    const scene = Scene.deployed(specWithPods([setWeight(25), pause(), setWeight(75)]), 'v1');
    scene.change({ image: 'v2' });
    scene.play();
    scene.podsComeUp();
    scene.play();
    scene.pass(10_000);
    scene.give('promote');
    scene.play();
    expect(phaseOf(scene.run).phase).toBe('Progressing');
  });

  test('are tried again by the next image', () => {
    const scene = stuck();
    scene.pass(600);
    scene.play();
    scene.change({ image: 'v3' });
    scene.play();
    expect(phaseOf(scene.run).phase).toBe('Progressing');
  });

  test('abort the update with progressDeadlineAbort, for good', () => {
    const scene = stuck({ progressDeadlineAbort: true });
    scene.pass(600);
    expect(scene.play().slice(0, 2)).toEqual(['removeCanaryMappings', 'releaseRollout']);
    expect(phaseOf(scene.run).phase).toBe('Degraded');
    expect(scene.run.ending).toMatchObject({ outcome: 'aborted', reason: 'RolloutAborted' });
  });

  test('do not abort a first deploy: there is nothing to go back to', () => {
    const scene = new Scene(specWithPods(STEPS, { progressDeadlineAbort: true }), 'v1', () => false);
    scene.tell();
    scene.play();
    scene.pass(600);
    expect(scene.play()).toEqual(['wait: revision 1: 0 of 4 pods available']);
    expect(phaseOf(scene.run).phase).toBe('Degraded');
    scene.isGood = () => true;
    scene.podsComeUp();
    expect(scene.play()).toContain('stable Service -> v1, canary Service -> v1');
  });

  test('count before the promotion too', () => {
    const scene = Scene.deployed(specWithPods(STEPS), 'v1');
    scene.change({ image: 'v2' });
    scene.play();
    scene.podsComeUp();
    scene.play();
    scene.give('promote');
    scene.play();
    scene.pass(600);
    scene.play();
    expect(phaseOf(scene.run)).toEqual({ phase: 'Degraded', message: EXCEEDED });
  });
});

describe('the clock of the progress deadline stands still', () => {
  test('in a pause, however long', () => {
    const scene = Scene.deployed(specWithPods(STEPS, { progressDeadlineAbort: true }), 'v1');
    scene.change({ image: 'v2' });
    scene.play();
    scene.podsComeUp();
    scene.play();
    scene.pass(10_000);
    expect(scene.play()).toEqual(['wait: step 2: until promoted, at 50 %']);
    expect(phaseOf(scene.run)).toEqual({ phase: 'Paused', message: 'CanaryPauseStep' });
  });

  test.each<[string, (scene: Scene) => void]>([
    ['resumes it', (scene) => scene.give('resume')],
    ['promotes it', (scene) => scene.give('promote')],
  ])('while a person holds the rollout, until somebody %s', (_name, letGo) => {
    const scene = stuck();
    scene.give('pause');
    scene.pass(10_000);
    scene.play();
    expect(phaseOf(scene.run).phase).toBe('Paused');
    letGo(scene);
    scene.play();
    expect(phaseOf(scene.run).phase).toBe('Progressing');
  });

  test('while spec.paused holds it, until that is false', () => {
    const scene = stuck();
    scene.change({ spec: PAUSED });
    scene.play();
    scene.pass(10_000);
    scene.play();
    expect(phaseOf(scene.run)).toEqual({ phase: 'Paused', message: 'manually paused' });
    scene.change({ spec: specWithPods(STEPS) });
    scene.play();
    expect(phaseOf(scene.run).phase).toBe('Progressing');
  });

  test('while the instance-id label is off, until it is back', () => {
    const scene = stuck();
    scene.besides = { rollout: { owned: false } };
    scene.tell();
    scene.pass(10_000);
    scene.play();
    scene.besides = {};
    scene.tell();
    scene.play();
    expect(phaseOf(scene.run).phase).toBe('Progressing');
  });
});

test('pods that stable has to get back after a rollback have the whole deadline from then', () => {
  const scene = Scene.deployed(specWithPods(STEPS), 'v1');
  scene.change({ image: 'v2' });
  scene.play();
  scene.podsComeUp();
  scene.podsDie('v1', 3);
  scene.play();
  scene.pass(10_000);
  scene.change({ image: 'v1' });
  scene.play();
  expect(phaseOf(scene.run).phase).toBe('Progressing');
});

describe('while old pods wait out a delay that is longer than the progress deadline', () => {
  const HOUR = { scaleDownDelaySeconds: 3_600 };
  const settled = (): Scene => {
    const scene = Scene.deployed(specWithPods(STEPS), 'v1');
    scene.change({ image: 'v2', spec: specWithPods(STEPS, HOUR) });
    scene.play();
    scene.podsComeUp();
    scene.give('promote', { full: true });
    scene.play();
    scene.podsComeUp();
    scene.play();
    scene.pass(1_200);
    scene.play();
    return scene;
  };

  test.each<[string, (scene: Scene) => void]>([
    ['a pod that is lost', (scene) => scene.podsDie('v2', 3)],
    ['a Rollout that is scaled up', (scene) => scene.change({ spec: specWithPods(STEPS, { ...HOUR, replicas: 6 }) })],
  ])('%s has the whole deadline to come back', (_name, happens) => {
    const scene = settled();
    expect(phaseOf(scene.run).phase).toBe('Healthy');
    happens(scene);
    scene.play();
    expect(phaseOf(scene.run).phase).toBe('Progressing');
    expect(scene.notices.filter((notice) => notice.startsWith('!'))).toEqual([]);
    scene.pass(600);
    scene.play();
    expect(phaseOf(scene.run).phase).toBe('Degraded');
  });
});
