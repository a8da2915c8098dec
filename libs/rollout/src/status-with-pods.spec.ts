import { describe, expect, test } from '@jest/globals';
import { take } from './commands.ts';
import { renderDetails } from './details.ts';
import { phaseOf, type Phase } from './phase.ts';
import type { RunWithPods } from './pods.ts';
import type { Ending } from './run.ts';
import { abortIn, rolloutStatus, runSummary, timestamp, wasAborted } from './status.ts';
import { stepsHash } from './steps.ts';
import { NOW_MS, abortedRun, promotedRun, revision, tryingRun } from './testing/runs.ts';

type Given = Parameters<typeof tryingRun>[0];

const ROLLED_BACK: Ending = { outcome: 'rolledBack', reason: 'RolloutRolledBack', message: 'wanted again' };
const FAST_PROMOTED: Ending = { outcome: 'fastPromoted', reason: 'RolloutCompleted', message: 'in full' };
const DEPLOYING: Given = { stage: 'deploying', revision: { stable: '', canary: 'v2' }, services: {}, stepIndex: 0 };
const lacking = (more = {}) => [revision('v1'), revision('v2', 4, { available: 3, ready: 3, ...more })];

describe('the phase of a Rollout with pods', () => {
  test.each<[string, RunWithPods, Phase, string]>([
    [
      'is Progressing while the first deploy still makes pods',
      tryingRun({ ...DEPLOYING, revisions: [revision('v2', 4, { pods: 3, available: 0 })] }),
      'Progressing',
      'more replicas need to be updated',
    ],
    [
      'is Progressing while those of the first deploy are not available',
      tryingRun({ ...DEPLOYING, revisions: [revision('v2', 4, { available: 0 })] }),
      'Progressing',
      'updated replicas are still becoming available',
    ],
    [
      'is Progressing while pods are awaited before the promotion',
      tryingRun({ stage: 'promoting', promotion: 'pods', revisions: lacking() }),
      'Progressing',
      'updated replicas are still becoming available',
    ],
    ['is Healthy while old pods wait out their delay', promotedRun(), 'Healthy', ''],
    [
      'is Progressing while the finalizer of a promoted run is taken off',
      promotedRun({ stage: 'releasing' }),
      'Progressing',
      'done',
    ],
    [
      'is Progressing in a weight step, and says which pods that waits for',
      tryingRun({ stepIndex: 0, writtenWeight: 0, revisions: [revision('v1'), revision('v2', 2, { available: 1 })] }),
      'Progressing',
      'step 1 of 2: setWeight 50, 1 of 2 canary pods are available',
    ],
    [
      'is Progressing in a weight step whose pods are there',
      tryingRun({ stepIndex: 0, writtenWeight: 0 }),
      'Progressing',
      'step 1 of 2: setWeight 50',
    ],
    [
      'is Progressing when what serves has lost a pod',
      promotedRun({ revisions: lacking() }),
      'Progressing',
      'updated replicas are still becoming available',
    ],
    [
      'is Progressing when what serves is scaled up',
      promotedRun({ workloadSpec: { replicas: 6 } }),
      'Progressing',
      'more replicas need to be updated',
    ],
    [
      'is Degraded when what serves does not come up in time',
      promotedRun({ revisions: lacking(), deadlineExceeded: true }),
      'Degraded',
      'ProgressDeadlineExceeded: revision 2 made no progress for 600 s',
    ],
    [
      'names the revision that serves when that does not come up in time after a rollback',
      abortedRun({
        ending: ROLLED_BACK,
        deadlineExceeded: true,
        revisions: [revision('v1', 4, { available: 3 }), revision('v2', 0)],
      }),
      'Degraded',
      'ProgressDeadlineExceeded: revision 1 made no progress for 600 s',
    ],
    [
      'is Progressing while pods are restarted',
      promotedRun({
        workloadSpec: { restartAtMs: NOW_MS },
        restart: { left: 3, againAtMs: NOW_MS, awaitsPods: true },
      }),
      'Progressing',
      'restarting: 3 pods are older than restartAt',
    ],
    [
      'is Degraded after an abort, although stable is whole',
      abortedRun(),
      'Degraded',
      'RolloutAborted: aborted by ana',
    ],
    ['is Healthy after a rollback in mid-run', abortedRun({ ending: ROLLED_BACK }), 'Healthy', ''],
    [
      'is Paused by spec.paused, before any step',
      { ...tryingRun(), spec: { ...tryingRun().spec, paused: true } },
      'Paused',
      'manually paused',
    ],
    [
      'is Degraded before it is Paused when pods made no progress',
      tryingRun({ deadlineExceeded: true, held: { actor: 'ana', atMs: NOW_MS } }),
      'Degraded',
      'ProgressDeadlineExceeded: revision 2 made no progress for 600 s',
    ],
  ])('%s', (_name, run, phase, message) => {
    expect(phaseOf(run)).toEqual({ phase, message });
  });

  test.each(['retreating', 'releasing', 'settling', 'closing'] as const)(
    'is Healthy all along when there is nothing to do: %s',
    (stage) => {
      const ending = {
        outcome: 'nothingToDo',
        reason: 'NothingToDo',
        message: 'the wanted revision is stable',
      } as const;
      const run = abortedRun({ stage, ending, revision: { stable: 'v1', canary: 'v1' }, revisions: [revision('v1')] });
      expect(phaseOf(run)).toEqual({ phase: 'Healthy', message: '' });
      const lacksOne = { ...run, workload: { ...run.workload, revisions: [revision('v1', 4, { available: 3 })] } };
      expect(phaseOf(lacksOne).phase).toBe('Progressing');
    },
  );

  test('a pause that was promoted in full is over', () => {
    const run = take(tryingRun(), { name: 'promote', full: true, actor: 'ana' }, NOW_MS);
    expect(phaseOf(run).phase).toBe('Progressing');
    expect(rolloutStatus(run, NOW_MS)).not.toHaveProperty('pauseConditions');
  });
});

describe('the status of a Rollout with pods', () => {
  test('counts the pods of all revisions, and those of the wanted one', () => {
    const revisions = [
      revision('v1', 4, { ready: 3, available: 2 }),
      revision('v2', 2, { ready: 1, available: 1 }),
      revision('v0', 0, { pods: 1, ready: 1, available: 1 }),
    ];
    expect(rolloutStatus(tryingRun({ revisions }), NOW_MS)).toMatchObject({
      replicas: 7,
      updatedReplicas: 2,
      readyReplicas: 5,
      availableReplicas: 4,
      HPAReplicas: 7,
      selector: 'app=app',
      currentPodHash: 'v2',
      stableRS: 'v1',
      currentStepHash: stepsHash(tryingRun().spec.steps),
    });
  });

  test('of traffic only has no such counts', () => {
    const { workload: _pods, ...run } = tryingRun();
    const { workload: _workload, ...spec } = run.spec;
    const status = rolloutStatus({ ...run, spec }, NOW_MS);
    expect(Object.keys(status)).not.toContain('replicas');
    expect(Object.keys(status)).not.toContain('selector');
  });

  test.each<[string, RunWithPods, string, string, number]>([
    ['in mid-run', tryingRun(), 'v2', 'v1', 1],
    ['in a first deploy, past its steps', tryingRun(DEPLOYING), 'v2', '', 2],
    ['in a rollback within the window, past its steps', tryingRun({ isRollback: true, stepIndex: 0 }), 'v2', 'v1', 2],
    [
      'while the switched Service gets its endpoints',
      tryingRun({ stage: 'promoting', promotion: 'endpoints' }),
      'v2',
      'v1',
      1,
    ],
    ['after a promotion', promotedRun(), 'v2', 'v2', 2],
    ['after a promotion in full', promotedRun({ ending: FAST_PROMOTED }), 'v2', 'v2', 2],
    ['after an abort', abortedRun(), 'v2', 'v1', 0],
    ['after a rollback in mid-run', abortedRun({ ending: ROLLED_BACK }), 'v1', 'v1', 2],
  ])('names the wanted and the stable revision, and the step: %s', (_name, run, wanted, stable, step) => {
    expect(rolloutStatus(run, NOW_MS)).toMatchObject({
      currentPodHash: wanted,
      stableRS: stable,
      currentStepIndex: step,
    });
  });

  test('says when pods were restarted, and which Deployment was read', () => {
    const run = tryingRun({ restartedAtMs: NOW_MS, referenced: { generation: 7, replicas: 0 } });
    expect(rolloutStatus(run, NOW_MS)).toMatchObject({
      restartedAt: timestamp(NOW_MS),
      workloadObservedGeneration: '7',
    });
    expect(Object.keys(rolloutStatus(tryingRun(), NOW_MS))).not.toContain('restartedAt');
  });

  test('says of an exceeded progress deadline why it is not Progressing', () => {
    for (const run of [
      tryingRun({ stepIndex: 0, deadlineExceeded: true }),
      promotedRun({ revisions: lacking(), deadlineExceeded: true }),
    ]) {
      expect(rolloutStatus(run, NOW_MS).conditions[0]).toMatchObject({
        type: 'Progressing',
        status: 'False',
        reason: 'ProgressDeadlineExceeded',
      });
    }
  });
});

describe('the condition Progressing', () => {
  test.each<[string, RunWithPods, string, string]>([
    ['in a pause is false', tryingRun(), 'False', 'RolloutPaused'],
    ['in a weight step is true', tryingRun({ stepIndex: 0 }), 'True', 'RolloutProgressing'],
    ['after a promotion is true, as Argo has it', promotedRun(), 'True', 'RolloutCompleted'],
    ['after an abort is false', abortedRun(), 'False', 'RolloutAborted'],
  ])('%s, and says why', (_name, run, status, reason) => {
    expect(rolloutStatus(run, NOW_MS).conditions[0]).toMatchObject({ type: 'Progressing', status, reason });
  });
});

describe('what a status tells the next run of an abort', () => {
  const stored = (run: RunWithPods) => rolloutStatus(run, NOW_MS);
  const blocked: Ending = { outcome: 'aborted', reason: 'NoReadyEndpoints', message: 'NoReadyEndpoints of app' };

  test('is its reason, its words and its time', () => {
    expect(abortIn(stored(abortedRun({ endingAtMs: NOW_MS })))).toEqual({
      reason: 'RolloutAborted',
      message: 'aborted by ana',
      atMs: NOW_MS,
    });
    expect(abortIn(stored(abortedRun({ ending: blocked })))?.message).toBe('NoReadyEndpoints of app');
  });

  test('has no time where the status has none that can be read', () => {
    expect(abortIn({ abort: true, abortedAt: 'then' })?.atMs).toBe(0);
  });

  test.each<[string, boolean, boolean, unknown]>([
    ['by a person', true, true, stored(abortedRun())],
    ['for an obstacle, which a person did not ask for', true, false, stored(abortedRun({ ending: blocked }))],
    ['never, after a promotion', false, false, stored(promotedRun())],
    ['never, where there is no status', false, false, undefined],
    ['in no words of ours', true, false, { abort: true, conditions: 'none', message: 7 }],
  ])('%s', (_name, isAborted, byPerson, status) => {
    expect(abortIn(status as Parameters<typeof abortIn>[0]) !== undefined).toBe(isAborted);
    expect(wasAborted(status as Parameters<typeof wasAborted>[0])).toBe(byPerson);
  });
});

test('the summary has the revisions that have pods or a role, newest first', () => {
  const revisions = [revision('v0', 0), revision('v1'), revision('v3', 0, { pods: 1 }), revision('v2', 0)];
  expect(runSummary(tryingRun({ revisions })).revisions?.map(({ hash }) => hash)).toEqual(['v3', 'v2', 'v1']);
});

test('the details in the Temporal UI have a table of the revisions', () => {
  const run = tryingRun({ revisions: [revision('v0', 3), revision('v1'), revision('v2', 2, { available: 1 })] });
  expect(renderDetails(run).split('\n').slice(-5)).toEqual([
    '| revision | role | pods | available | ReplicaSet |',
    '|---|---|---|---|---|',
    '| 2 | canary | 2 | 1 | app-v2 |',
    '| 1 | stable | 4 | 4 | app-v1 |',
    '| 0 | old | 3 | 3 | app-v0 |',
  ]);
});
