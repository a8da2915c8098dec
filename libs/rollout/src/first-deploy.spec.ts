import { describe, expect, test } from '@jest/globals';
import { Scene } from './testing/scene.ts';
import { pause, setWeight, specWithPods } from './testing/specs.ts';
import type { WorkloadRef } from './types.ts';

const DEPLOY = ['observeRollout', 'v1: 4 pods', 'wait: revision 1: 0 of 4 pods available'];
const SWITCH_BOTH = ['stable Service -> v1, canary Service -> v1', 'awaitStableEndpoints'];

describe('the first deploy', () => {
  test('brings up all pods and then points both Services, without steps and without canary Mappings', () => {
    const scene = new Scene(specWithPods([setWeight(30), pause()]), 'v1', () => true);
    scene.tell();
    expect(scene.play()).toEqual(DEPLOY);
    scene.podsComeUp();
    expect(scene.play()).toEqual([...SWITCH_BOTH, 'close']);
  });

  test('does not need the Mappings, which it does not touch', () => {
    const scene = new Scene(specWithPods([setWeight(30)]), 'v1', () => true);
    scene.besides = { problems: [{ reason: 'AmbassadorMappingNotFound', message: 'no Mapping app' }] };
    scene.tell();
    expect(scene.play()).toEqual(DEPLOY);
  });

  test('of a Rollout that lists no Mappings makes no pods', () => {
    const scene = new Scene(specWithPods([setWeight(30)], {}, []), 'v1', () => true);
    scene.besides = { problems: [{ reason: 'AmbassadorMappingNotFound', message: 'mappings is empty' }] };
    scene.tell();
    expect(scene.play()).toEqual(['observeRollout', 'removeCanaryMappings', 'releaseRollout', 'close']);
    expect(scene.notices).toEqual(['! AmbassadorMappingNotFound: mappings is empty']);
  });

  test('of no pods at all points both Services and waits for no endpoints', () => {
    const scene = new Scene(specWithPods([setWeight(30)], { replicas: 0 }), 'v1', () => true);
    scene.tell();
    expect(scene.play()).toEqual(['observeRollout', 'v1: 0 pods', SWITCH_BOTH[0], 'close']);
  });

  test('begins anew with a second image that comes before the first one serves, whose pods then go', () => {
    const scene = new Scene(specWithPods([setWeight(30)]), 'bad', (hash) => hash !== 'bad');
    scene.tell();
    scene.play();
    scene.change({ image: 'v2' });
    expect(scene.play().slice(-2)).toEqual(['v2: 4 pods', 'wait: revision 2: 0 of 4 pods available']);
    scene.podsComeUp();
    expect(scene.play()).toEqual([
      'stable Service -> v2, canary Service -> v2',
      'awaitStableEndpoints',
      'bad: 0 pods',
      'close',
    ]);
  });

  test('keeps its pods and touches no Service when it is aborted', () => {
    const scene = new Scene(specWithPods([setWeight(30)]), 'v1', () => false);
    scene.tell();
    scene.play();
    scene.give('abort');
    expect(scene.play()).toEqual(['observeRollout', 'removeCanaryMappings', 'releaseRollout', 'close']);
  });

  test('is not undone when an abort finds that the Services are pointed already', () => {
    const scene = new Scene(specWithPods([setWeight(30)]), 'v1', () => true);
    scene.tell();
    scene.play();
    scene.podsComeUp();
    const { run } = scene;
    scene.step();
    scene.run = run; // The Services are pointed, but the answer is lost.
    scene.give('abort');
    expect(scene.play()).toEqual([SWITCH_BOTH[0], 'observeRollout', 'awaitStableEndpoints', 'close']);
  });
});

describe('the first deploy of the pods of a Deployment', () => {
  const deploying = (scaleDown: WorkloadRef['scaleDown']): Scene => {
    const ref = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'app', scaleDown } as const;
    const scene = new Scene(specWithPods([setWeight(30)], { ref }), 'v1', () => true);
    scene.besides = { referenced: { generation: 1, replicas: 4 } };
    scene.tell();
    scene.play();
    return scene;
  };

  test('progressively takes away as many of its own as are ready', () => {
    const scene = deploying('progressively');
    scene.podsDie('v1', 1);
    expect(scene.play()).toEqual(['Deployment app: 3 pods', 'wait: revision 1: 1 of 4 pods available']);
    scene.podsComeUp();
    expect(scene.play()).toEqual(['Deployment app: 0 pods', ...SWITCH_BOTH, 'close']);
  });

  test('progressively gives its own back when it makes no progress', () => {
    const scene = deploying('progressively');
    scene.podsDie('v1', 1);
    scene.play();
    scene.pass(600);
    expect(scene.play()).toEqual(['Deployment app: 4 pods', 'wait: revision 1: 1 of 4 pods available']);
  });

  test('onsuccess takes its own away when the Services select the new ones', () => {
    const scene = deploying('onsuccess');
    scene.podsDie('v1', 3);
    expect(scene.play()).toEqual(['wait: revision 1: 3 of 4 pods available']);
    scene.podsComeUp();
    expect(scene.play()).toEqual([...SWITCH_BOTH, 'Deployment app: 0 pods', 'close']);
  });

  test('never takes its own away by default', () => {
    const scene = deploying('never');
    scene.podsComeUp();
    expect(scene.play()).toEqual([...SWITCH_BOTH, 'close']);
  });
});
