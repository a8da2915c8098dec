import { describe, expect, test } from '@jest/globals';
import { Scene } from './testing/scene.ts';
import { pause, setWeight, specWithPods } from './testing/specs.ts';
import type { Step } from './types.ts';

const STEPS: readonly Step[] = [setWeight(50), pause()];
const HOME = ['weight 0', 'removeCanaryMappings', 'releaseRollout'];
const AT_50 = 'wait: step 2: until promoted, at 50 %';

/** v1 is stable, v2 is tried and paused at 50 %. */
function pausedAt50(more: Parameters<typeof specWithPods>[1] = {}, steps = STEPS): Scene {
  return Scene.trying(specWithPods(steps, more));
}

const replicasOf = (scene: Scene): Record<string, number> =>
  Object.fromEntries(scene.run.workload?.revisions.map(({ hash, replicas }) => [hash, replicas]) ?? []);

describe('a change in mid-run', () => {
  test('to a third image takes the weight to 0 before anything is re-pointed, and begins anew from the first step', () => {
    const scene = pausedAt50();
    scene.change({ image: 'v3' });
    expect(scene.play()).toEqual([
      'observeRollout',
      ...HOME,
      'close',
      'observeRollout',
      'v3: 2 pods',
      'wait: revision 3: 0 of 2 pods available',
    ]);
    scene.pass(60);
    expect(scene.play()).toEqual(['wait: revision 3: 0 of 2 pods available']); // v2 keeps its pods: the canary Service selects it.
    scene.podsComeUp();
    expect(scene.play()).toEqual([
      'canary Service -> v3',
      'v2: 0 pods',
      'awaitCanaryEndpoints',
      'ensureCanaryMappings',
      'weight 50',
      AT_50,
    ]);
    expect(replicasOf(scene)).toEqual({ v1: 4, v2: 0, v3: 2 });
  });

  test('of the steps alone begins anew from the first one', () => {
    const scene = pausedAt50();
    scene.change({ spec: specWithPods([setWeight(25), pause()]) });
    expect(scene.play()).toEqual([
      'observeRollout',
      ...HOME,
      'close',
      'observeRollout',
      'v2: 1 pods',
      'awaitCanaryEndpoints',
      'ensureCanaryMappings',
      'weight 25',
      'wait: step 2: until promoted, at 25 %',
    ]);
  });

  test('back to the stable image takes everything home at once, without steps', () => {
    const scene = pausedAt50();
    scene.change({ image: 'v1' });
    // By the way it becomes the newest revision by its number.
    expect(scene.play().slice(0, 6)).toEqual(['observeRollout', ...HOME, 'v1: 4 pods', 'canary Service -> v1']);
    expect(scene.run.ending).toMatchObject({ outcome: 'rolledBack', reason: 'RolloutRolledBack' });
    scene.pass(5);
    scene.play();
    expect(scene.isIdle).toBe(true);
  });

  test('back to the stable image with other replicas scales it too', () => {
    const scene = pausedAt50();
    scene.change({ image: 'v1', spec: specWithPods(STEPS, { replicas: 6 }) });
    expect(scene.play()).toContain('v1: 6 pods');
  });

  test('of the replicas alone scales both revisions in place', () => {
    const scene = pausedAt50();
    scene.change({ spec: specWithPods(STEPS, { replicas: 8 }) });
    expect(scene.play()).toEqual(['observeRollout', 'v1: 8 pods, v2: 4 pods', AT_50]);
    scene.podsComeUp();
    expect(scene.play()).toEqual([AT_50]);
  });

  test('of image and replicas at the same time tries the new image at the new size', () => {
    const scene = pausedAt50();
    scene.change({ image: 'v3', spec: specWithPods(STEPS, { replicas: 8 }) });
    expect(scene.play().slice(-3)).toEqual([
      'observeRollout',
      'v1: 8 pods, v3: 4 pods',
      'wait: revision 3: 0 of 4 pods available',
    ]);
  });

  test('that adds a Mapping gives it a canary at 0, and then the weight of the others', () => {
    const scene = pausedAt50();
    scene.change({ spec: specWithPods(STEPS, {}, ['app', 'other']) });
    expect(scene.play()).toEqual(['observeRollout', 'ensureCanaryMappings', 'weight 50', AT_50]);
  });

  test('that takes a Mapping away drops its canary, and the others go on', () => {
    const scene = Scene.deployed(specWithPods(STEPS, {}, ['app', 'other']), 'v1');
    scene.change({ image: 'v2' });
    scene.play();
    scene.podsComeUp();
    scene.play();
    scene.change({ spec: specWithPods(STEPS, {}, ['other']) });
    expect(scene.play()).toEqual(['observeRollout', 'dropCanaryMappings', AT_50]);
  });

  test('that adds a Mapping which is not fit takes everything home', () => {
    const scene = pausedAt50();
    scene.besides = { problems: [{ reason: 'AmbassadorMappingNotFound', message: 'no Mapping other' }] };
    scene.change({ spec: specWithPods(STEPS, {}, ['app', 'other']) });
    expect(scene.play().slice(0, 4)).toEqual(['observeRollout', ...HOME]);
    expect(scene.run.ending).toMatchObject({ outcome: 'aborted', reason: 'AmbassadorMappingNotFound' });
  });

  test('that adds an unfit Mapping and other replicas scales stable all the same', () => {
    const scene = pausedAt50();
    scene.besides = { problems: [{ reason: 'AmbassadorMappingNotFound', message: 'no Mapping other' }] };
    scene.change({ spec: specWithPods(STEPS, { replicas: 6 }, ['app', 'other']) });
    expect(scene.play()).toContain('v1: 6 pods');
  });

  test('of something that no pod and no Mapping depends on changes nothing', () => {
    const scene = pausedAt50();
    scene.change({});
    expect(scene.play()).toEqual(['observeRollout', AT_50]);
  });

  test('whose look finds an obstacle on a Mapping that is in use goes on', () => {
    const scene = pausedAt50();
    scene.besides = { problems: [{ reason: 'MappingHasWeight', message: 'the stable Mapping has a weight' }] };
    scene.change({});
    expect(scene.play()).toEqual(['observeRollout', AT_50]);
  });

  test('that deletes the Rollout takes traffic home and leaves the pods to the garbage collector', () => {
    const scene = pausedAt50();
    scene.delete();
    expect(scene.play()).toEqual(['observeRollout', ...HOME, 'close']);
  });

  test('to a third image while stable waits for its new endpoints goes on from the image that serves', () => {
    const scene = pausedAt50();
    scene.give('promote');
    scene.play();
    scene.podsComeUp();
    while (scene.run.promotion !== 'endpoints') {
      scene.step();
    }
    scene.change({ image: 'v3' });
    expect(scene.play()).toContain('v3: 2 pods');
    expect(scene.run.revision).toEqual({ stable: 'v2', canary: 'v3' });
  });
});

test('another image that comes while a first deploy waits for its endpoints is tried', () => {
  const scene = new Scene(specWithPods(STEPS), 'v1', () => true);
  scene.tell();
  scene.play();
  scene.podsComeUp();
  while (scene.run.promotion !== 'endpoints') {
    scene.step();
  }
  scene.change({ image: 'v2' });
  expect(scene.play()).toContain('v2: 2 pods');
});

describe('a change while pods are awaited before the promotion', () => {
  const promoting = (): Scene => {
    const scene = pausedAt50();
    scene.give('promote');
    scene.play();
    return scene;
  };

  test('back to the stable image takes everything home', () => {
    const scene = promoting();
    scene.change({ image: 'v1' });
    expect(scene.play().slice(0, 4)).toEqual(['observeRollout', ...HOME]);
    expect(scene.run.ending?.outcome).toBe('rolledBack');
  });

  test('of the replicas is taken over: the promotion waits for all of them', () => {
    const scene = promoting();
    scene.change({ spec: specWithPods(STEPS, { replicas: 5 }) });
    expect(scene.play()).toEqual([
      'observeRollout',
      'v1: 5 pods, v2: 5 pods',
      'wait: revision 2: 2 of 5 pods available',
    ]);
  });
});

describe('a rollback within the rollbackWindow', () => {
  const window = { rollbackWindowRevisions: 2 };

  test('skips the steps: full size, all traffic, the Service', () => {
    const scene = Scene.deployed(specWithPods(STEPS, window), 'v1', 'v2', 'v3');
    scene.change({ image: 'v1' });
    expect(scene.play()).toEqual(['observeRollout', 'v1: 4 pods', 'wait: revision 4: 0 of 4 pods available']);
    scene.podsComeUp();
    expect(scene.play().slice(0, 5)).toEqual([
      'canary Service -> v1',
      'awaitCanaryEndpoints',
      'ensureCanaryMappings',
      'weight 100',
      'stable Service -> v1',
    ]);
    expect(scene.run.ending).toMatchObject({ outcome: 'rolledBack', reason: 'RolloutCompleted' });
  });

  test('does not skip them beyond the window', () => {
    const scene = Scene.deployed(specWithPods(STEPS, window), 'v1', 'v2', 'v3', 'v4');
    scene.change({ image: 'v1' });
    expect(scene.play()).toEqual(['observeRollout', 'v1: 2 pods', 'wait: revision 5: 0 of 2 pods available']);
  });

  test('waits while spec.paused is true', () => {
    const scene = Scene.deployed(specWithPods(STEPS, window), 'v1', 'v2');
    scene.change({ image: 'v1', spec: { ...specWithPods(STEPS, window), paused: true } });
    scene.play();
    scene.podsComeUp();
    expect(scene.play()).not.toContain('stable Service -> v1');
    scene.change({ spec: specWithPods(STEPS, window) });
    scene.play();
    scene.podsComeUp();
    expect(scene.play()).toContain('stable Service -> v1');
  });
});

describe('what is wanted while an abort looks whether the Service was switched', () => {
  test('is not forgotten', () => {
    const scene = new Scene(specWithPods(STEPS), 'bad', (hash) => hash !== 'bad');
    scene.tell();
    scene.play();
    scene.give('abort');
    scene.change({ image: 'v2' });
    expect(scene.play()).toContain('v2: 4 pods');
  });
});

describe('canary Mappings that a terminated run left behind', () => {
  const canaryMappings = [{ stableName: 'app', name: 'app0-canary', weight: 30 }];

  test('go before a revision is tried that would get their traffic', () => {
    const scene = Scene.deployed(specWithPods(STEPS), 'v1');
    scene.besides = { canaryMappings };
    scene.change({ image: 'v2' });
    expect(scene.play()).toEqual([
      'observeRollout',
      'dropCanaryMappings',
      'v2: 2 pods',
      'wait: revision 2: 0 of 2 pods available',
    ]);
  });

  test('go when there is nothing else to do', () => {
    const scene = Scene.deployed(specWithPods(STEPS), 'v1');
    scene.besides = { canaryMappings };
    scene.tell();
    expect(scene.play()).toEqual(['observeRollout', 'removeCanaryMappings', 'releaseRollout', 'close']);
  });

  test('stay while the label is off', () => {
    const scene = Scene.deployed(specWithPods(STEPS), 'v1');
    scene.besides = { canaryMappings, rollout: { owned: false } };
    scene.change({ image: 'v2' });
    expect(scene.play()).toEqual(['observeRollout', 'wait: waiting for the instance-id label to come back']);
  });
});
