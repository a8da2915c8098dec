import { describe, expect, test } from '@jest/globals';
import { phaseOf } from './phase.ts';
import { Scene } from './testing/scene.ts';
import { pause, setWeight, specWithPods } from './testing/specs.ts';
import type { Step } from './types.ts';

describe('an update', () => {
  test('brings up the pods of a step first, and then raises the weight', () => {
    const scene = Scene.deployed(specWithPods([setWeight(30), pause(), setWeight(60), pause()]), 'v1');
    scene.change({ image: 'v2' });
    expect(scene.play()).toEqual(['observeRollout', 'v2: 2 pods', 'wait: revision 2: 0 of 2 pods available']);
    scene.podsComeUp();
    expect(scene.play()).toEqual([
      'canary Service -> v2',
      'awaitCanaryEndpoints',
      'ensureCanaryMappings',
      'weight 30',
      'wait: step 2: until promoted, at 30 %',
    ]);
    scene.give('promote');
    expect(scene.play()).toEqual(['v2: 3 pods', 'wait: revision 2: 2 of 3 pods available']);
    scene.podsComeUp();
    expect(scene.play()).toEqual(['weight 60', 'wait: step 4: until promoted, at 60 %']);
  });

  test('lowers the weight first, and then takes pods away', () => {
    const scene = pausedAt([setWeight(75), pause(), setWeight(25), pause()]);
    scene.give('promote');
    expect(scene.play()).toEqual(['weight 25', 'v2: 1 pods', 'wait: step 4: until promoted, at 25 %']);
  });

  test('raises nothing while only some of the pods of a step are available', () => {
    const scene = Scene.deployed(specWithPods([setWeight(75), pause()]), 'v1');
    scene.change({ image: 'v2' });
    scene.play();
    scene.podsDie('v2', 2);
    expect(scene.play()).toEqual(['canary Service -> v2', 'wait: revision 2: 2 of 3 pods available']);
  });

  test.each([
    ['percent', { percent: 50 }],
    ['pods', { pods: 2 }],
  ])('raises the weight when the replicaProgressThreshold in %s is reached', (_name, replicaProgressThreshold) => {
    const scene = Scene.deployed(specWithPods([setWeight(75), pause()], { replicaProgressThreshold }), 'v1');
    scene.change({ image: 'v2' });
    scene.play();
    scene.podsDie('v2', 1);
    expect(scene.play()).toEqual(['canary Service -> v2', 'wait: revision 2: 1 of 3 pods available']);
    scene.podsDie('v2', 2);
    expect(scene.play()).toContain('weight 75');
  });

  test('takes the weight to 0 when the canary has lost all its pods, and back when it has some', () => {
    const scene = pausedAt([setWeight(50), pause(60_000), setWeight(75), pause()]);
    const deadlineMs = scene.run.pauseDeadlineMs;
    scene.podsDie('v2');
    expect(scene.play()).toEqual(['weight 0', 'wait: step 2: pause at 0 %']);
    scene.podsDie('v2', 1);
    expect(scene.play()).toEqual(['wait: step 2: pause at 0 %']);
    scene.podsComeUp();
    expect(scene.play()).toEqual(['awaitCanaryEndpoints', 'weight 50', 'wait: step 2: pause at 50 %']);
    expect(scene.run.pauseDeadlineMs).toBe(deadlineMs);
  });

  test('stays at its weight when the canary has lost some of its pods', () => {
    const scene = pausedAt([setWeight(50), pause()]);
    scene.podsDie('v2', 1);
    expect(scene.play()).toEqual(['wait: step 2: until promoted, at 50 %']);
  });

  test('has pods of the canary apart from its weight where setCanaryScale says so', () => {
    const scale = (more: Omit<Extract<Step, { kind: 'setCanaryScale' }>, 'kind'>): Step => ({
      kind: 'setCanaryScale',
      ...more,
    });
    const scene = Scene.deployed(
      specWithPods([
        pause(),
        ...[scale({ weight: 25 }), pause()],
        ...[setWeight(50), pause()],
        ...[scale({ replicas: 3 }), pause()],
        ...[scale({ matchTrafficWeight: true }), pause()],
      ]),
      'v1',
    );
    scene.change({ image: 'v2' });
    const podsAndWeights = Array.from({ length: 5 }, () => {
      for (let rounds = 2; rounds > 0; rounds--) {
        scene.play();
        scene.podsComeUp();
      }
      const pods = Object.fromEntries(
        scene.run.workload?.revisions.map(({ hash, replicas }) => [hash, replicas]) ?? [],
      );
      scene.give('promote');
      return { canary: pods['v2'], stable: pods['v1'], weight: scene.run.writtenWeight };
    });
    expect(podsAndWeights).toEqual([
      { canary: 0, stable: 4, weight: 0 },
      { canary: 1, stable: 4, weight: 0 },
      { canary: 1, stable: 4, weight: 50 },
      { canary: 3, stable: 4, weight: 50 },
      { canary: 2, stable: 4, weight: 50 },
    ]);
  });

  test('without steps brings the canary to full size, and then gives it everything', () => {
    const scene = Scene.deployed(specWithPods([]), 'v1');
    scene.change({ image: 'v2' });
    expect(scene.play()).toEqual(['observeRollout', 'v2: 4 pods', 'wait: revision 2: 0 of 4 pods available']);
    scene.podsComeUp();
    expect(scene.play().slice(0, 5)).toEqual([
      'canary Service -> v2',
      'awaitCanaryEndpoints',
      'ensureCanaryMappings',
      'weight 100',
      'stable Service -> v2',
    ]);
  });

  test('of a Rollout that wants no pods points the Services and creates no canary Mapping', () => {
    const scene = Scene.deployed(specWithPods([setWeight(50), pause()], { replicas: 0 }), 'v1');
    scene.change({ image: 'v2' });
    expect(scene.play()).toEqual([
      'observeRollout',
      'v2: 0 pods',
      'stable Service -> v2',
      'removeCanaryMappings',
      'releaseRollout',
      'canary Service -> v2',
      'close',
    ]);
  });
});

describe('the end of an update', () => {
  const promoted = (more = {}): Scene => {
    const scene = pausedAt([setWeight(50), pause()], more);
    scene.give('promote');
    return scene;
  };

  test('is full size, weight 100, the Service, its endpoints, the Mappings, and then the old pods', () => {
    const scene = promoted();
    expect(scene.play()).toEqual(['v2: 4 pods', 'wait: revision 2: 2 of 4 pods available']);
    scene.podsComeUp();
    expect(scene.play()).toEqual([
      'weight 100',
      'stable Service -> v2',
      'awaitStableEndpoints',
      'removeCanaryMappings',
      'releaseRollout',
      'v1: 4 pods, with a deadline',
      'wait: pods of other revisions are kept until then',
    ]);
    expect(phaseOf(scene.run)).toEqual({ phase: 'Healthy', message: '' });
    scene.pass(29);
    expect(scene.play()).toEqual(['wait: pods of other revisions are kept until then']);
    scene.pass(1);
    expect(scene.play()).toEqual(['v1: 0 pods, no deadline', 'close']);
  });

  test('takes the weight away again when the canary loses its pods before the switch', () => {
    const scene = promoted();
    scene.play();
    scene.podsDie('v2');
    expect(scene.play()).toEqual(['weight 0', 'wait: revision 2: 0 of 4 pods available']);
    scene.podsComeUp();
    expect(scene.play().slice(0, 3)).toEqual(['awaitCanaryEndpoints', 'weight 100', 'stable Service -> v2']);
  });

  test('looks at the cluster before it undoes anything when an abort meets the switch', () => {
    const scene = promoted();
    scene.play();
    scene.podsComeUp();
    scene.step();
    expect(scene.run.writtenWeight).toBe(100);
    scene.give('abort');
    expect(scene.play().slice(0, 3)).toEqual(['weight 100', 'observeRollout', 'weight 0']);
  });

  test('by promote in full brings the canary to full size at the weight that stands', () => {
    const scene = pausedAt([setWeight(50), pause(), setWeight(75), pause()]);
    scene.give('promote', { full: true });
    expect(scene.play()).toEqual(['v2: 4 pods', 'wait: revision 2: 2 of 4 pods available']);
    scene.podsComeUp();
    expect(scene.play().slice(0, 2)).toEqual(['weight 100', 'stable Service -> v2']);
    expect(scene.run.ending?.outcome).toBe('fastPromoted');
  });
});

describe('an abort', () => {
  test('is weight 0, the Mappings, the canary Service back, and then the pods of the canary', () => {
    const scene = pausedAt([setWeight(50), pause()]);
    scene.give('abort');
    expect(scene.play()).toEqual([
      'weight 0',
      'removeCanaryMappings',
      'releaseRollout',
      'canary Service -> v1',
      'v2: 2 pods, with a deadline',
      'wait: pods of other revisions are kept until then',
    ]);
    scene.pass(30);
    expect(scene.play()).toEqual(['v2: 0 pods, no deadline', 'close']);
  });

  test('does not ask how many stable pods are ready', () => {
    const scene = pausedAt([setWeight(50), pause()]);
    scene.podsDie('v1', 0);
    scene.give('abort');
    expect(scene.play().slice(0, 2)).toEqual(['weight 0', 'removeCanaryMappings']);
  });

  test('wins over promote in full', () => {
    const scene = pausedAt([setWeight(50), pause()]);
    scene.give('promote', { full: true });
    scene.play();
    scene.give('abort');
    expect(scene.play().slice(0, 2)).toEqual(['weight 0', 'removeCanaryMappings']);
    expect(scene.run.ending?.outcome).toBe('aborted');
  });

  test('before the first weight leaves the canary Service where it is', () => {
    const scene = Scene.deployed(specWithPods([setWeight(50), pause()]), 'v1');
    scene.change({ image: 'v2' });
    scene.play();
    scene.give('abort');
    expect(scene.play()).toEqual([
      'removeCanaryMappings',
      'releaseRollout',
      'v2: 2 pods, with a deadline',
      'wait: pods of other revisions are kept until then',
    ]);
  });
});

/** v1 is stable, v2 is tried, and its first `setWeight` is done. */
function pausedAt(steps: readonly Step[], more = {}): Scene {
  const scene = Scene.deployed(specWithPods(steps, more), 'v1');
  scene.change({ image: 'v2' });
  scene.play();
  scene.podsComeUp();
  scene.play();
  return scene;
}
