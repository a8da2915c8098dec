import { describe, expect, test } from '@jest/globals';
import { Scene } from './testing/scene.ts';
import { pause, setWeight, specWithPods } from './testing/specs.ts';
import type { Step } from './types.ts';

const STEPS: readonly Step[] = [setWeight(50), pause()];
const KEPT = 'wait: pods of other revisions are kept until then';
const AT_50 = 'wait: step 2: until promoted, at 50 %';

/** v1 is stable, v2 is tried and paused at 50 %. */
function pausedAt50(more: Parameters<typeof specWithPods>[1] = {}, steps = STEPS): Scene {
  return Scene.trying(specWithPods(steps, more));
}

describe('while the pods settle', () => {
  const promoted = (): Scene => {
    const scene = pausedAt50();
    scene.give('promote');
    scene.play();
    scene.podsComeUp();
    scene.play();
    return scene;
  };

  test('another image is tried at once by the next run, and the old revision keeps its delay', () => {
    const scene = promoted();
    scene.pass(10);
    scene.change({ image: 'v3' });
    expect(scene.play()).toEqual([
      'observeRollout',
      'close',
      'observeRollout',
      'v3: 2 pods',
      'wait: revision 3: 0 of 2 pods available',
    ]);
    scene.pass(19);
    expect(scene.play()).toEqual(['wait: revision 3: 0 of 2 pods available']);
    scene.pass(1);
    expect(scene.play()).toEqual(['v1: 0 pods, no deadline', 'wait: revision 3: 0 of 2 pods available']);
  });

  test('another image that comes before the delay was noted does not cut it short', () => {
    const scene = pausedAt50();
    scene.give('promote');
    scene.play();
    scene.podsComeUp();
    while (scene.run.stage !== 'settling') {
      scene.step();
    }
    scene.change({ image: 'v3' });
    const done = scene.play();
    const closing = done.indexOf('close');
    expect(done.slice(closing - 2, closing)).toEqual(['observeRollout', 'v1: 4 pods, with a deadline']);
    scene.pass(29);
    expect(scene.play()).not.toContain('v1: 0 pods, no deadline');
  });

  test('a ReplicaSet that was deleted by hand is not scaled for ever', () => {
    const scene = promoted();
    scene.pass(30);
    const { workload } = scene.run;
    const revisions = workload?.revisions.filter(({ hash }) => hash !== 'v1') ?? [];
    scene.evolve({ kind: 'replicaSetsScaled', revisions, scalings: [], missing: ['v1'] });
    expect(scene.play()).toEqual(['close']);
  });

  test('back to the revision before finds its pods still there', () => {
    const scene = promoted();
    scene.change({ image: 'v1' });
    expect(scene.play().slice(2)).toEqual([
      'observeRollout',
      'v1: 2 pods, no deadline',
      'canary Service -> v1',
      'awaitCanaryEndpoints',
      'ensureCanaryMappings',
      'weight 50',
      AT_50,
    ]);
  });

  test('other replicas are followed in place', () => {
    const scene = promoted();
    scene.change({ spec: specWithPods(STEPS, { replicas: 6 }) });
    expect(scene.play()).toEqual(['observeRollout', 'v2: 6 pods', 'wait: revision 2: 4 of 6 pods available']);
    scene.podsComeUp();
    expect(scene.play()).toEqual([KEPT]);
  });

  test('other steps are for the next update', () => {
    const scene = promoted();
    scene.change({ spec: specWithPods([setWeight(10)]) });
    const done = scene.play();
    expect(done).not.toContain('ensureCanaryMappings');
    scene.pass(30);
    scene.play();
    expect(scene.isIdle).toBe(true);
  });

  test('a Rollout that is deleted ends the run', () => {
    const scene = promoted();
    scene.delete();
    expect(scene.play()).toEqual(['observeRollout', 'close']);
  });

  test('nothing is done while the label is off', () => {
    const scene = promoted();
    scene.besides = { rollout: { owned: false } };
    scene.tell();
    scene.play();
    scene.pass(60);
    expect(scene.play()).toEqual(['wait: waiting for the instance-id label to come back']);
    scene.besides = {};
    scene.tell();
    expect(scene.play()).toEqual(['observeRollout', 'v1: 0 pods, no deadline', 'close']);
  });
});

test('revisions beyond revisionHistoryLimit are deleted, oldest first', () => {
  const scene = Scene.deployed(specWithPods(STEPS, { revisionHistoryLimit: 2 }), 'v1', 'v2', 'v3', 'v4', 'v5');
  expect(scene.hashes()).toEqual(['v3', 'v4', 'v5']);
});
