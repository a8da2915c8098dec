import { describe, expect, test } from '@jest/globals';
import { Scene } from './testing/scene.ts';
import { pause, setWeight, specWithPods } from './testing/specs.ts';
import type { Step, WorkloadSpec } from './types.ts';

const UP: readonly Step[] = [setWeight(25), pause(), setWeight(75), pause()];
const DOWN: readonly Step[] = [setWeight(75), pause(), setWeight(25), pause()];
const dynamic = (steps: readonly Step[], more: Partial<WorkloadSpec> = {}) =>
  specWithPods(steps, { dynamicStableScale: true, ...more });

/** v1 is stable, v2 is tried and paused at its first weight; all pods that are wanted are available. */
function pausedAt(steps: readonly Step[], more: Partial<WorkloadSpec> = {}): Scene {
  const scene = Scene.deployed(dynamic(steps, more), 'v1');
  scene.change({ image: 'v2' });
  scene.play();
  scene.podsComeUp();
  scene.play();
  return scene;
}

/** Three of four pods are v2's. */
const at75 = (): Scene => pausedAt(DOWN);

describe('with dynamicStableScale', () => {
  test('stable loses pods only when the weight has been raised', () => {
    const scene = Scene.deployed(dynamic(UP), 'v1');
    scene.change({ image: 'v2' });
    expect(scene.play()).toEqual(['observeRollout', 'v2: 1 pods', 'wait: revision 2: 0 of 1 pods available']);
    scene.podsComeUp();
    expect(scene.play().slice(-3)).toEqual(['weight 25', 'v1: 3 pods', 'wait: step 2: until promoted, at 25 %']);
    scene.give('promote');
    expect(scene.play()).toEqual(['v2: 3 pods', 'wait: revision 2: 1 of 3 pods available']);
    scene.podsComeUp();
    expect(scene.play()).toEqual(['weight 75', 'v1: 1 pods', 'wait: step 4: until promoted, at 75 %']);
  });

  test('a lower weight waits for the pods of stable, and follows them', () => {
    const scene = at75();
    scene.give('promote');
    expect(scene.play()).toEqual(['v1: 3 pods', 'wait: revision 1: 1 of 3 pods available']);
    scene.podsDie('v1', 2);
    expect(scene.play()).toEqual(['weight 50', 'v2: 2 pods', 'wait: revision 1: 2 of 3 pods available']);
    scene.podsDie('v1', 3);
    expect(scene.play()).toEqual(['weight 25', 'v2: 1 pods', 'wait: step 4: until promoted, at 25 %']);
  });

  test('stable keeps what it has until the new revision serves, and goes as soon as the gateway lets it', () => {
    const scene = pausedAt([setWeight(75), pause()]);
    scene.give('promote');
    expect(scene.play()).toEqual(['v2: 4 pods', 'wait: revision 2: 3 of 4 pods available']);
    scene.podsComeUp();
    expect(scene.play()).toEqual([
      'weight 100',
      'stable Service -> v2',
      'awaitStableEndpoints',
      'removeCanaryMappings',
      'releaseRollout',
      'wait: pods of other revisions are kept until then',
    ]);
    scene.pass(5);
    expect(scene.play()).toEqual(['v1: 0 pods', 'close']);
  });

  test('a hold while the weight goes down does not raise it again', () => {
    const scene = at75();
    scene.give('promote');
    scene.play();
    scene.podsDie('v1', 2);
    scene.play();
    scene.give('pause');
    const done = scene.play();
    scene.podsComeUp();
    expect([...done, ...scene.play()].filter((one) => one.startsWith('weight 7'))).toEqual([]);
  });
});

describe('an abort with dynamicStableScale', () => {
  test('takes home what the pods of stable can carry, and the rest as they come up', () => {
    const scene = at75();
    scene.give('abort');
    expect(scene.play()).toEqual(['v1: 4 pods', 'wait: stable has pods for 25 % of the traffic']);
    scene.podsDie('v1', 2);
    expect(scene.play()).toEqual(['weight 50', 'wait: stable has pods for 50 % of the traffic']);
    scene.podsComeUp();
    expect(scene.play().slice(0, 4)).toEqual([
      'weight 0',
      'removeCanaryMappings',
      'releaseRollout',
      'canary Service -> v1',
    ]);
  });

  test('is at once where stable has pods to spare', () => {
    const scene = pausedAt([setWeight(25), pause()]);
    scene.podsDie('v1', 4);
    scene.give('abort');
    expect(scene.play().slice(0, 2)).toEqual(['weight 0', 'removeCanaryMappings']);
  });

  test('leaves no traffic to a canary without pods, whatever stable can carry', () => {
    const scene = at75();
    scene.give('abort');
    scene.play();
    scene.podsDie('v2');
    expect(scene.play().slice(0, 2)).toEqual(['weight 0', 'removeCanaryMappings']);
  });

  test('does not give stable more traffic again when it loses pods on the way', () => {
    const scene = at75();
    scene.give('abort');
    scene.play();
    scene.podsDie('v1', 2);
    scene.play();
    scene.podsDie('v1', 1);
    expect(scene.play()).toEqual(['wait: stable has pods for 50 % of the traffic']);
  });

  test('at weight 100, before the Service is switched, walks all the way home', () => {
    const scene = pausedAt([setWeight(100), pause()]);
    scene.give('abort');
    expect(scene.play()).toEqual(['weight 75', 'v1: 4 pods', 'wait: stable has pods for 25 % of the traffic']);
  });

  test('takes the change of the replicas that comes meanwhile over when traffic is home', () => {
    const scene = at75();
    scene.give('abort');
    scene.play();
    scene.change({ spec: dynamic(DOWN, { replicas: 6 }) });
    expect(scene.play()).toEqual(['observeRollout', 'wait: stable has pods for 25 % of the traffic']);
    scene.podsComeUp();
    expect(scene.play()).toContain('v1: 6 pods');
    expect(scene.run.ending).toMatchObject({ outcome: 'aborted', reason: 'RolloutAborted' });
  });
});

test('a look on the way home with dynamicStableScale that finds nothing new starts nothing new', () => {
  const scene = at75();
  scene.give('abort');
  scene.play();
  scene.tell();
  expect(scene.play()).toEqual(['observeRollout', 'wait: stable has pods for 25 % of the traffic']);
  scene.podsComeUp();
  expect(scene.play().at(-1)).toBe('wait: pods of other revisions are kept until then');
});

describe('all ways home with dynamicStableScale', () => {
  test.each<[string, (scene: Scene) => void, string]>([
    ['a third image', (scene) => scene.change({ image: 'v3' }), 'v3: 3 pods'],
    ['other steps', (scene) => scene.change({ spec: dynamic(UP) }), 'v2: 1 pods'],
    ['the stable image', (scene) => scene.change({ image: 'v1' }), 'canary Service -> v1'],
  ])('wait for the pods of stable before %s is turned to', (_name, happens, then) => {
    const scene = at75();
    happens(scene);
    expect(scene.play()).toEqual(['observeRollout', 'v1: 4 pods', 'wait: stable has pods for 25 % of the traffic']);
    scene.podsComeUp();
    const done = scene.play();
    expect(done.slice(0, 2)).toEqual(['weight 0', 'removeCanaryMappings']);
    expect(done).toContain(then);
  });

  test('do not wait when the Rollout is deleted: nobody will run those pods', () => {
    const scene = at75();
    scene.delete();
    expect(scene.play()).toEqual(['observeRollout', 'weight 0', 'removeCanaryMappings', 'releaseRollout', 'close']);
  });

  test('wait no longer when the Rollout is deleted meanwhile', () => {
    const scene = at75();
    scene.give('abort');
    scene.play();
    scene.delete();
    expect(scene.play()).toEqual(['observeRollout', 'weight 0', 'removeCanaryMappings', 'releaseRollout', 'close']);
  });
});
