import { describe, expect, test } from '@jest/globals';
import { Scene } from './testing/scene.ts';
import { pause, setWeight, specWithPods } from './testing/specs.ts';
import type { RolloutSpec, Step } from './types.ts';

const STEPS: readonly Step[] = [setWeight(50), pause()];
const AT_50 = 'wait: step 2: until promoted, at 50 %';

/** v1 is stable, v2 is tried and paused at 50 %. */
function pausedAt50(more: Parameters<typeof specWithPods>[1] = {}, steps = STEPS): Scene {
  return Scene.trying(specWithPods(steps, more));
}

/** The same, and a person has aborted it; its pods are gone and the run is closed. */
function aborted(more: Parameters<typeof specWithPods>[1] = {}): Scene {
  const scene = pausedAt50(more);
  scene.give('abort');
  scene.play();
  scene.pass(30);
  scene.play();
  return scene;
}

describe('what a person aborted', () => {
  const other = (more: Partial<RolloutSpec> = {}): RolloutSpec => ({ ...specWithPods(STEPS), ...more });

  test.each<[string, (scene: Scene) => void]>([
    ['when it is looked at again', (scene) => scene.tell()],
    ['when only the replicas change', (scene) => scene.change({ spec: specWithPods(STEPS, { replicas: 8 }) })],
    ['when pods come and go', (scene) => scene.podsDie('v1', 3)],
    ['when a Mapping is added', (scene) => scene.change({ spec: other({ mappings: ['app', 'third'] }) })],
  ])('is not tried again %s', (_name, happens) => {
    const scene = aborted();
    happens(scene);
    const done = scene.play();
    expect(done).not.toContain('ensureCanaryMappings');
    expect(done.filter((one) => one.includes('v2'))).toEqual([]);
  });

  test('scales in place when only the replicas change, and stays aborted since then', () => {
    const scene = aborted();
    const abortedAtMs = scene.nowMs;
    scene.pass(100);
    scene.change({ spec: specWithPods(STEPS, { replicas: 8 }) });
    expect(scene.play()).toEqual([
      'observeRollout',
      'removeCanaryMappings',
      'releaseRollout',
      'v1: 8 pods',
      'wait: revision 1: 4 of 8 pods available',
    ]);
    expect(scene.run).toMatchObject({
      ending: { outcome: 'aborted', reason: 'RolloutAborted', message: 'aborted by ana', standing: true },
      endingAtMs: abortedAtMs,
    });
  });

  test.each<[string, (scene: Scene) => void]>([
    ['another image is wanted', (scene) => scene.change({ image: 'v3' })],
    ['other steps are wanted', (scene) => scene.change({ spec: specWithPods([setWeight(25), pause()]) })],
  ])('is over when %s', (_name, happens) => {
    const scene = aborted();
    happens(scene);
    scene.play();
    scene.podsComeUp();
    expect(scene.play()).toContain('ensureCanaryMappings');
  });

  test('is tried again from the first step on a retry, while its pods are still there', () => {
    const scene = pausedAt50();
    scene.give('abort');
    scene.play();
    scene.give('retry');
    expect(scene.play()).toEqual([
      'close',
      'observeRollout',
      'v2: 2 pods, no deadline',
      'canary Service -> v2',
      'awaitCanaryEndpoints',
      'ensureCanaryMappings',
      'weight 50',
      AT_50,
    ]);
  });

  test('by abortScaleDownDelaySeconds 0 keeps its pods for ever, and loses them to the next image', () => {
    const scene = pausedAt50({ abortScaleDownDelaySeconds: 0 });
    scene.give('abort');
    expect(scene.play().slice(-2)).toEqual(['canary Service -> v1', 'close']);
    scene.pass(86_400);
    scene.podsDie('v1', 3);
    scene.play();
    scene.podsComeUp();
    expect(scene.play()).toEqual(['close']);
    scene.change({ image: 'v3' });
    expect(scene.play()).toContain('v3: 2 pods, v2: 0 pods');
  });
});

describe('what stood in the way of a try', () => {
  const blocked = (): Scene => {
    const scene = Scene.deployed(specWithPods(STEPS), 'v1');
    scene.besides = { problems: [{ reason: 'AmbassadorMappingNotFound', message: 'no Mapping app' }] };
    scene.change({ image: 'v2' });
    scene.play();
    scene.besides = {};
    return scene;
  };

  test('is looked at anew when the run is told', () => {
    const scene = blocked();
    scene.tell();
    expect(scene.play()).toContain('v2: 2 pods');
  });

  test('is not looked at anew for mere news of pods', () => {
    const scene = blocked();
    scene.podsDie('v1', 3);
    const done = scene.play();
    expect(done.filter((one) => one.includes('v2'))).toEqual([]);
  });
});
