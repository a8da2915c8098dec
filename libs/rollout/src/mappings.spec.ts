import { describe, expect, test } from '@jest/globals';
import type { Repaired } from './mappings.ts';
import { phaseOf } from './phase.ts';
import { nextAction } from './planner.ts';
import type { Repair } from './run.ts';
import { Scene } from './testing/scene.ts';
import { pause, setWeight, specWithPods } from './testing/specs.ts';
import type { RolloutSpec } from './types.ts';

const SPEC: RolloutSpec = specWithPods([setWeight(30), pause(60_000), setWeight(60), pause()]);
const WAITING = 'wait: step 2: pause at 30 %';
const EDITED: Repair = {
  mapping: 'app0-canary',
  what: 'canaryEdited',
  fields: ['spec.weight'],
  manager: 'kubectl-edit',
};

/** v2 is paused at 30 %, and the watch says that something about its Mappings is not as it is to be. */
function drifting(found: Partial<Repaired>, spec = SPEC): Scene {
  const scene = Scene.trying(spec);
  scene.notices.length = 0;
  scene.repaired = found;
  scene.hearOfMappings();
  return scene;
}

describe('Mappings that somebody else changed in mid-run', () => {
  test.each<[Repair, string]>([
    [EDITED, '! CanaryMappingRepaired: canary Mapping app0-canary was changed by kubectl-edit: spec.weight put back'],
    [
      { mapping: 'app0-canary', what: 'canaryDeleted', fields: [] },
      '! CanaryMappingRepaired: canary Mapping app0-canary was deleted: put back',
    ],
    [
      { mapping: 'app0-canary', what: 'stableEdited', fields: ['spec.circuit_breakers'], manager: 'helm' },
      'StableMappingChanged: the stable Mapping of app0-canary was changed by helm: spec.circuit_breakers carried over to the canary',
    ],
  ])('are put right, and an Event says by whom: %j', (repair, notice) => {
    const scene = drifting({ repairs: [repair] });
    expect(scene.play()).toEqual(['repairCanaryMappings', WAITING]);
    expect(scene.notices).toEqual([notice]);
  });

  test('hold the run under the policy pause, until somebody resumes it', () => {
    const scene = drifting({ repairs: [EDITED] }, { ...SPEC, driftPolicy: 'pause' });
    expect(scene.play()).toEqual(['repairCanaryMappings', 'wait: held by the drift policy']);
    expect(phaseOf(scene.run)).toEqual({ phase: 'Paused', message: 'manually paused by the drift policy' });
    scene.give('resume');
    expect(scene.play()).toEqual([WAITING]);
  });

  test('abort the run when the activity says that the policy is abort, or that the stable Mapping is unfit', () => {
    const scene = Scene.trying(SPEC);
    scene.evolve({ kind: 'failed', problem: { reason: 'MappingDrifted', message: 'changed by helm' } });
    expect(scene.play().slice(0, 2)).toEqual(['weight 0', 'removeCanaryMappings']);
    expect(scene.notices).toContain('! MappingDrifted: changed by helm');
  });

  test("are deleted at their weight once they send their share to stable, because a lower one would be nobody's", () => {
    const scene = Scene.trying(SPEC);
    const problem = { reason: 'AmbassadorMappingConfigError', message: 'has a weight', diverted: ['app0-canary'] };
    scene.evolve({ kind: 'failed', problem });
    expect(nextAction(scene.run, scene.nowMs)).toEqual({ kind: 'removeCanaryMappings' });
    expect(scene.notices).toContain('! AmbassadorMappingConfigError: has a weight');
  });

  test('are given up when somebody changes them again and again', () => {
    const scene = drifting({ repairs: [EDITED] });
    for (let times = 0; times < 100; times++) {
      scene.play();
      scene.pass(0.1);
      scene.hearOfMappings();
    }
    expect(scene.play()).toContain('removeCanaryMappings');
    expect(phaseOf(scene.run).message).toMatch(/^MappingContested: .* 101 times within a minute/);
  });

  test('are put right as often as it takes when it is not more than twice a minute', () => {
    const scene = drifting({ repairs: [EDITED] });
    for (let times = 0; times < 150; times++) {
      scene.play();
      scene.pass(0.7);
      scene.hearOfMappings();
    }
    expect(scene.run.ending).toBeUndefined();
  });

  test('that are as they should be cost a look and nothing else', () => {
    const scene = drifting({});
    expect(scene.play()).toEqual(['repairCanaryMappings', WAITING]);
    expect(scene.notices).toEqual([]);
  });

  test('are not looked at for another Rollout of the same name', () => {
    const scene = Scene.trying(SPEC);
    scene.evolve({ kind: 'mappingsHeard', wanted: { uid: 'another', generation: 1 } });
    expect(scene.play()).toEqual([WAITING]);
  });

  test('are put back before the raise is tried again that found its canary Mapping gone', () => {
    const scene = Scene.trying(SPEC);
    scene.pass(60);
    scene.evolve({ kind: 'failed', problem: { reason: 'CanaryMappingGone', message: 'gone' } });
    const course = scene.play();
    expect(course[0]).toBe('repairCanaryMappings');
    expect(scene.run.ending).toBeUndefined();
  });

  test('are looked at after an abort too, while the canary has traffic for want of stable pods', () => {
    const scene = Scene.trying(specWithPods([setWeight(75), pause()], { dynamicStableScale: true }));
    scene.give('abort');
    scene.play();
    expect(scene.run.writtenWeight).toBeGreaterThan(0);
    scene.hearOfMappings();
    expect(scene.play()[0]).toBe('repairCanaryMappings');
  });
});

test("somebody else's Mapping on the route aborts a run that looks at it", () => {
  const scene = Scene.trying(SPEC);
  scene.besides = { problems: [{ reason: 'AmbassadorMappingShared', message: 'Mapping z shares the traffic' }] };
  scene.tell();
  expect(scene.play().slice(0, 3)).toEqual(['observeRollout', 'weight 0', 'removeCanaryMappings']);
  expect(scene.notices).toContain('! AmbassadorMappingShared: Mapping z shares the traffic');
});

describe('a stable Mapping that is gone', () => {
  const gone: Partial<Repaired> = {
    missingStable: ['app'],
    repairs: [{ mapping: 'app', what: 'stableGone', fields: ['spec.service'] }],
  };

  test('holds the run, whatever its pause says, and is told of', () => {
    const scene = drifting(gone);
    scene.pass(3_600);
    expect(scene.play()).toEqual(['repairCanaryMappings', 'wait: until Mapping app is back']);
    expect(phaseOf(scene.run)).toEqual({
      phase: 'Degraded',
      message:
        'AmbassadorMappingNotFound: Mapping app is gone; until it is back its canary sends all traffic to the stable Service',
    });
    expect(scene.notices[0]).toMatch(/^! AmbassadorMappingNotFound: /);
  });

  test('lets the run go on when it is back', () => {
    const scene = drifting(gone);
    scene.play();
    scene.repaired = { repairs: [{ mapping: 'app', what: 'stableBack', fields: ['spec.service'] }] };
    scene.hearOfMappings();
    expect(scene.play()).toEqual(['repairCanaryMappings', WAITING]);
    expect(phaseOf(scene.run).phase).toBe('Paused');
  });

  test.each(['promote', 'skip'] as const)(
    'lets nobody %s: what comes next would be given to nobody knows whom',
    (name) => {
      const scene = drifting(gone);
      scene.play();
      scene.give(name);
      expect(scene.run.stepIndex).toBe(1);
      expect(scene.play()).toEqual(['wait: until Mapping app is back']);
    },
  );

  test('does not hold an abort', () => {
    const scene = drifting(gone);
    scene.play();
    scene.give('abort');
    expect(scene.play().slice(0, 2)).toEqual(['weight 0', 'removeCanaryMappings']);
  });

  test('is not waited for once the Rollout no longer lists it', () => {
    const scene = Scene.trying({ ...SPEC, mappings: ['app', 'other'] });
    scene.repaired = gone;
    scene.hearOfMappings();
    scene.play();
    scene.change({ spec: { ...SPEC, mappings: ['other'] } });
    expect(scene.play()).toEqual(['observeRollout', 'dropCanaryMappings', WAITING]);
  });
});

describe("the brake's order", () => {
  const order = { actor: 'ana', reason: 'errors', at: '2026-01-01T12:00:00Z', key: 'k' };

  test('that is found on a Mapping aborts the run in the name of who gave it', () => {
    const scene = drifting({ order });
    expect(scene.play().slice(0, 3)).toEqual(['repairCanaryMappings', 'weight 0', 'removeCanaryMappings']);
    expect(scene.notices).toContain('! RolloutAborted: aborted by ana: errors');
    expect(scene.run.ending?.by).toEqual({ actor: 'ana', reason: 'errors' });
  });

  test('that is found on the Rollout aborts a run before it creates anything', () => {
    const scene = Scene.deployed(SPEC, 'v1');
    scene.besides = { rollout: { order } };
    scene.change({ image: 'v2' });
    expect(scene.play()).not.toContain('ensureCanaryMappings');
    expect(scene.run.ending?.message ?? scene.notices.join()).toContain('aborted by ana: errors');
  });

  test('that is found on the Rollout when nothing is to be done has nothing to abort', () => {
    const scene = Scene.deployed(SPEC, 'v1');
    scene.besides = { rollout: { order } };
    scene.tell();
    scene.play();
    expect(scene.notices.join()).not.toContain('aborted');
  });
});

describe('canary Mappings of an Argo controller', () => {
  test('are taken home before the first of ours is made, and an Event says what they had', () => {
    const scene = Scene.deployed(SPEC, 'v1');
    scene.besides = { adoptable: ['app-canary'] };
    scene.change({ image: 'v2' });
    const course = scene.play();
    expect(course[0]).toBe('observeRollout');
    expect(course[1]).toBe('adoptCanaryMappings');
    expect(course.filter((one) => one === 'adoptCanaryMappings')).toHaveLength(1);
    expect(scene.notices).toContain(
      'CanaryMappingAdopted: Mapping app-canary of Argo Rollouts was at weight 25: taken home and deleted',
    );
  });
});
