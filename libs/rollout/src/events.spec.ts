import { describe, expect, test } from '@jest/globals';
import { noticesOf } from './events.ts';
import { Scene } from './testing/scene.ts';
import { NOW_MS, tryingRun } from './testing/runs.ts';
import { pause, setWeight, specWithPods } from './testing/specs.ts';
import type { Step } from './types.ts';

const STEPS: readonly Step[] = [setWeight(50), pause()];

/** What was told since the last time. */
const told = (scene: Scene): string[] => scene.notices.splice(0);

/** v1 is stable, v2 is tried and paused at 50 %; what was told of that is forgotten. */
function pausedAt50(more: Parameters<typeof specWithPods>[1] = {}): Scene {
  const scene = Scene.trying(specWithPods(STEPS, more));
  told(scene);
  return scene;
}

describe('the Events of', () => {
  test('a first deploy', () => {
    const scene = new Scene(specWithPods(STEPS), 'v1', () => true);
    scene.tell();
    scene.play();
    scene.podsComeUp();
    scene.play();
    expect(told(scene)).toEqual([
      'RolloutUpdated: revision v1 is wanted',
      'NewReplicaSetCreated: ReplicaSet app-v1 is revision 1',
      'ScalingReplicaSet: ReplicaSet app-v1 (revision 1) scaled up from 0 to 4',
      'SwitchService: Service app-stable selects revision 1 (v1)',
      'SwitchService: Service app-canary selects revision 1 (v1)',
      'RolloutCompleted: revision 1 is stable: the first deploy',
    ]);
  });

  test('an update, from the new template to the last old pod', () => {
    const scene = Scene.deployed(specWithPods(STEPS), 'v1');
    scene.change({ image: 'v2' });
    scene.play();
    scene.podsComeUp();
    scene.play();
    expect(told(scene)).toEqual([
      'RolloutUpdated: revision v2 is wanted',
      'NewReplicaSetCreated: ReplicaSet app-v2 is revision 2',
      'ScalingReplicaSet: ReplicaSet app-v2 (revision 2) scaled up from 0 to 2',
      'SwitchService: Service app-canary selects revision 2 (v2)',
      'CanaryMappingWeightUpdate: canary weight 50',
      'RolloutStepCompleted: step 1 of 2 completed (setWeight 50)',
      'RolloutPaused: step 2: paused at 50 %',
    ]);
    scene.give('promote');
    scene.play();
    scene.podsComeUp();
    scene.play();
    scene.pass(30);
    scene.play();
    expect(told(scene)).toEqual([
      'RolloutStepCompleted: step 2 of 2 completed (pause until promoted)',
      'RolloutResumed: the pause of step 2 is over',
      'ScalingReplicaSet: ReplicaSet app-v2 (revision 2) scaled up from 2 to 4',
      'CanaryMappingWeightUpdate: canary weight 100',
      'SwitchService: Service app-stable selects revision 2 (v2)',
      'RolloutCompleted: revision 2 is stable: all 2 steps are done',
      'ScalingReplicaSet: ReplicaSet app-v1 (revision 1) scaled down from 4 to 0',
    ]);
  });

  test('an abort and a retry', () => {
    const scene = pausedAt50();
    scene.give('abort', { reason: 'errors' });
    scene.play();
    scene.pass(30);
    scene.play();
    expect(told(scene)).toEqual([
      '! RolloutAborted: aborted by ana: errors',
      'CanaryMappingWeightUpdate: canary weight 0',
      'SwitchService: Service app-canary selects revision 1 (v1)',
      'ScalingReplicaSet: ReplicaSet app-v2 (revision 2) scaled down from 2 to 0',
    ]);
    scene.tell();
    scene.give('retry');
    scene.play();
    expect(told(scene)).toEqual([
      'RolloutRetry: revision 2 is tried again',
      'ScalingReplicaSet: ReplicaSet app-v2 (revision 2) scaled up from 0 to 2',
    ]);
  });

  test('a hold and a resume', () => {
    const scene = pausedAt50();
    scene.give('pause');
    scene.play();
    scene.give('resume');
    scene.play();
    expect(told(scene)).toEqual(['RolloutPaused: paused by ana', 'RolloutResumed: no longer held']);
  });

  test('spec.paused, and its end', () => {
    const scene = pausedAt50();
    scene.change({ spec: { ...specWithPods(STEPS), paused: true } });
    scene.play();
    expect(told(scene)).toEqual([expect.stringMatching(/^RolloutPaused: .*spec\.paused/)]);
    scene.change({ spec: specWithPods(STEPS) });
    scene.play();
    expect(told(scene)).toEqual([expect.stringMatching(/^RolloutResumed: /)]);
  });

  test('a promote in full out of a pause', () => {
    const scene = pausedAt50();
    scene.give('promote', { full: true });
    scene.play();
    expect(told(scene)).toEqual([
      'RolloutStepCompleted: step 2 of 2 completed (pause until promoted)',
      'RolloutResumed: the pause of step 2 is over',
      'ScalingReplicaSet: ReplicaSet app-v2 (revision 2) scaled up from 2 to 4',
    ]);
  });

  test('a progress deadline that is exceeded, with the abort that it is for', () => {
    const scene = Scene.deployed(specWithPods(STEPS, { progressDeadlineAbort: true }), 'v1');
    scene.change({ image: 'v2' });
    scene.play();
    told(scene);
    scene.pass(600);
    scene.play();
    expect(told(scene).slice(0, 2)).toEqual([
      '! ProgressDeadlineExceeded: revision 2 made no progress for 600 s',
      '! RolloutAborted: aborted by progressDeadlineAbort: no progress for 600 s',
    ]);
  });

  test('a third image in mid-run', () => {
    const scene = pausedAt50();
    scene.change({ image: 'v3' });
    scene.play();
    expect(told(scene)).toEqual([
      'RolloutSuperseded: another revision or other steps are wanted: starting over with them',
      'CanaryMappingWeightUpdate: canary weight 0',
      'RolloutUpdated: revision v3 is wanted',
      'NewReplicaSetCreated: ReplicaSet app-v3 is revision 3',
      'ScalingReplicaSet: ReplicaSet app-v3 (revision 3) scaled up from 0 to 2',
    ]);
  });

  test('the stable image in mid-run', () => {
    const scene = pausedAt50();
    scene.change({ image: 'v1' });
    scene.play();
    expect(told(scene).slice(0, 2)).toEqual([
      'RolloutRolledBack: the stable revision is wanted again',
      'CanaryMappingWeightUpdate: canary weight 0',
    ]);
  });

  test('a rollback within the window', () => {
    const scene = Scene.deployed(specWithPods(STEPS, { rollbackWindowRevisions: 1 }), 'v1', 'v2');
    scene.change({ image: 'v1' });
    scene.play();
    scene.podsComeUp();
    scene.play();
    const events = told(scene);
    expect(events[1]).toBe('SkipSteps: revision 1 is within the rollbackWindow: its steps are skipped');
    expect(events).toContain('RolloutCompleted: revision 3 is stable: a rollback within the rollbackWindow');
  });
});

describe('nothing is told', () => {
  test.each<[string, (scene: Scene) => void]>([
    ['of an abort that stands when it is looked at again', (scene) => scene.tell()],
    ['of a pod that is lost and comes back', (scene) => (scene.podsDie('v1', 3), scene.play(), scene.podsComeUp())],
  ])('%s', (_name, happens) => {
    const scene = pausedAt50();
    scene.give('abort');
    scene.play();
    scene.pass(30);
    scene.play();
    told(scene);
    happens(scene);
    scene.play();
    expect(told(scene)).toEqual([]);
  });

  test('of a rollout that is scaled, but the scaling', () => {
    const scene = Scene.deployed(specWithPods(STEPS), 'v1');
    scene.change({ spec: specWithPods(STEPS, { replicas: 5 }) });
    scene.play();
    expect(told(scene)).toEqual(['ScalingReplicaSet: ReplicaSet app-v1 (revision 1) scaled up from 4 to 5']);
  });
});

describe('a single Event', () => {
  const run = tryingRun();

  test('says how many pods a restart has evicted, and nothing when it was none', () => {
    const told2 = noticesOf(run, run, { kind: 'podsRestarted', evicted: 2, left: 1 });
    expect(told2).toEqual([
      { type: 'Normal', reason: 'PodsRestarted', message: '2 pods were evicted, 1 are left to restart' },
    ]);
    expect(noticesOf(run, run, { kind: 'podsRestarted', evicted: 0, left: 3 })).toEqual([]);
  });

  test.each([
    ['restart', { command: 'restart', actor: 'ana', at: 't1' }, 'RolloutRestart', 'restart by ana'],
    ['undo', { command: 'undo', actor: 'ana', reason: 'errors', at: 't1' }, 'RolloutUndo', 'undo by ana: errors'],
  ])('says who asked for a %s, once', (_name, change, reason, message) => {
    const after = { ...run, change };
    expect(noticesOf(run, after)).toEqual([{ type: 'Normal', reason, message }]);
    expect(noticesOf(after, { ...after, stepIndex: 0 })).not.toContainEqual({ type: 'Normal', reason, message });
    expect(noticesOf(after, { ...after, change: { ...change, at: 't2' } })).toHaveLength(1);
  });

  test('says nothing of a ReplicaSet that only got another deadline', () => {
    const scalings = [{ name: 'app-v1', number: 1, from: 4, to: 4 }];
    expect(noticesOf(run, run, { kind: 'replicaSetsScaled', revisions: [], scalings })).toEqual([]);
  });

  test('does not count a step as completed that an abort cut short', () => {
    const after = {
      ...run,
      stage: 'retreating' as const,
      stepRecords: [run.stepRecords[0] ?? {}, { startedAtMs: NOW_MS, endedAtMs: NOW_MS }],
    };
    expect(noticesOf(run, after)).toEqual([]);
  });
});
