import { describe, expect, test } from '@jest/globals';
import { nextForPods, podsDueAtMs } from './pods-plan.ts';
import { hasPods, type RunWithPods } from './pods.ts';
import { describeAction } from './testing/describe-action.ts';
import { NOW_MS, abortedRun, promotedRun, revision, tryingRun } from './testing/runs.ts';
import { pause, setWeight, specWithPods } from './testing/specs.ts';

type Given = Parameters<typeof tryingRun>[0];

function next(run: RunWithPods): string | undefined {
  const action = nextForPods(run, NOW_MS);
  return action && describeAction(action);
}

describe('the sizes of the revisions', () => {
  const deploying: Given = { stage: 'deploying', revision: { stable: '', canary: 'v2' }, services: {} };
  const promoting: Given = { stage: 'promoting', promotion: 'pods' };

  test.each<[string, RunWithPods, string | undefined]>([
    ['are left alone when they are right', tryingRun(), undefined],
    ['are all pods in the first deploy', tryingRun({ ...deploying, revisions: [] }), 'v2: 4 pods'],
    [
      'of others are left alone in the first deploy: the Services may select them',
      tryingRun({ ...deploying, revisions: [revision('v1'), revision('v2')] }),
      undefined,
    ],
    ['make the ReplicaSet of the canary', tryingRun({ revisions: [revision('v1')] }), 'v2: 2 pods'],
    [
      'make no ReplicaSet of a stable revision whose template nobody has',
      tryingRun({ revisions: [revision('v2', 2)] }),
      undefined,
    ],
    ['follow replicas in mid-run', tryingRun({ workloadSpec: { replicas: 8 } }), 'v1: 8 pods, v2: 4 pods'],
    [
      'put back what somebody else scaled',
      tryingRun({ revisions: [revision('v1', 1), revision('v2', 9)] }),
      'v1: 4 pods, v2: 2 pods',
    ],
    [
      'keep what traffic needs until the weight is lowered',
      tryingRun({
        steps: [setWeight(75), setWeight(25)],
        writtenWeight: 75,
        revisions: [revision('v1'), revision('v2', 3)],
      }),
      undefined,
    ],
    [
      'take the deadline of earlier days off a revision that has a role again',
      tryingRun({ revisions: [revision('v1'), revision('v2', 2, { scaleDownAtMs: NOW_MS })] }),
      'v2: 2 pods, no deadline',
    ],
    [
      'make a revision that is wanted again the newest by number',
      tryingRun({ revisions: [revision('v1'), revision('v2', 2), revision('v3', 0)] }),
      'v2: 2 pods',
    ],
    ['of a canary that is promoted are all pods', tryingRun(promoting), 'v2: 4 pods'],
    [
      'of stable stay all while the canary is promoted: it may have to take everything back',
      tryingRun({ ...promoting, revisions: [revision('v1', 3), revision('v2')] }),
      'v1: 4 pods',
    ],
    [
      'of a stable revision that is smaller by dynamicStableScale stay while the canary is promoted',
      tryingRun({
        ...promoting,
        workloadSpec: { dynamicStableScale: true },
        revisions: [revision('v1', 2), revision('v2')],
      }),
      undefined,
    ],
    [
      'of stable grow while it takes its traffic back',
      tryingRun({ stage: 'retreating', revisions: [revision('v1', 2), revision('v2', 2)] }),
      'v1: 4 pods',
    ],
    [
      'of the promoted revision follow replicas',
      promotedRun({ workloadSpec: { replicas: 6, scaleDownDelaySeconds: 9 }, revisions: [revision('v2')] }),
      'v2: 6 pods',
    ],
    [
      'of stable follow replicas after an abort, and the canary is left to its delay',
      abortedRun({
        workloadSpec: { replicas: 6 },
        revisions: [revision('v1'), revision('v2', 2, { scaleDownAtMs: NOW_MS + 1 })],
      }),
      'v1: 6 pods',
    ],
    [
      'of what nobody needs any more go with those of the others',
      promotedRun({ workloadSpec: { scaleDownDelaySeconds: 0, replicas: 6 } }),
      'v2: 6 pods, v1: 0 pods',
    ],
    [
      'are left alone while Mappings are being removed',
      tryingRun({ stage: 'releasing', revisions: [revision('v1', 1)] }),
      undefined,
    ],
  ])('%s', (_name, run, expected) => {
    expect(next(run)).toBe(expected);
  });

  test('with dynamicStableScale share the pods by weight', () => {
    const run = tryingRun({ workloadSpec: { dynamicStableScale: true }, writtenWeight: 50 });
    expect(next(run)).toBe('v1: 2 pods');
  });

  test('make the stable revision the newest by number when its template is wanted again', () => {
    const nothingToDo = { outcome: 'nothingToDo', reason: 'NothingToDo', message: 'm' } as const;
    const back = abortedRun({
      ending: nothingToDo,
      revision: { stable: 'v1', canary: 'v1' },
      revisions: [revision('v1'), revision('v2', 0)],
    });
    expect(next(back)).toBe('v1: 4 pods');
    expect(
      next({
        ...back,
        workload: { ...back.workload, revisions: [revision('v1', 4, { number: 3 }), revision('v2', 0)] },
      }),
    ).toBeUndefined();
  });
});

describe('the Services', () => {
  test.each<[string, RunWithPods, string | undefined]>([
    [
      'canary is pointed at a canary with available pods',
      tryingRun({ services: { stable: 'v1', canary: 'v1' } }),
      'canary Service -> v2',
    ],
    [
      'canary stays where it is while the canary has none',
      tryingRun({
        services: { stable: 'v1', canary: 'v1' },
        revisions: [revision('v1'), revision('v2', 2, { available: 0 })],
      }),
      undefined,
    ],
    [
      'stable is put back when somebody took its hash off',
      tryingRun({ services: { canary: 'v2' } }),
      'stable Service -> v1',
    ],
    [
      'both select the promoted revision in the end',
      promotedRun({ services: { stable: 'v2', canary: 'v3' }, revisions: [revision('v1', 0), revision('v2')] }),
      'canary Service -> v2',
    ],
    [
      'both select the stable revision after an abort',
      abortedRun({ services: { stable: 'v1', canary: 'v2' } }),
      'canary Service -> v1',
    ],
    [
      'are pointed home even at a revision without available pods, before pods go',
      abortedRun({
        services: { stable: 'v1', canary: 'v2' },
        revisions: [revision('v1', 4, { available: 0 }), revision('v2', 2)],
      }),
      'canary Service -> v1',
    ],
    [
      'are left alone when nothing ever was stable',
      abortedRun({ revision: { stable: '', canary: 'v2' }, services: {}, revisions: [revision('v2')] }),
      undefined,
    ],
  ])('%s', (_name, run, expected) => {
    expect(next(run)).toBe(expected);
  });
});

describe('when something is due although nothing happens until then', () => {
  test.each<[string, RunWithPods, number | undefined]>([
    ['is never without a reason', tryingRun(), undefined],
    ['is when the old pods go', promotedRun(), NOW_MS + 30_000],
    [
      'is the earliest of several',
      promotedRun({ lastMappingWriteMs: NOW_MS, revisions: [revision('v2'), revision('v1'), revision('v0')] }),
      NOW_MS + 5_000,
    ],
    ['is never what is past', promotedRun({ settlingSinceMs: NOW_MS - 40_000 }), undefined],
    ['is the hour of a restart', tryingRun({ workloadSpec: { restartAtMs: NOW_MS + 9_000 } }), NOW_MS + 9_000],
    [
      'is when a restart goes on',
      tryingRun({
        workloadSpec: { restartAtMs: NOW_MS },
        restart: { left: 1, againAtMs: NOW_MS + 10_000, awaitsPods: true },
      }),
      NOW_MS + 10_000,
    ],
  ])('%s', (_name, run, expected) => {
    expect(podsDueAtMs(run, NOW_MS)).toBe(expected);
  });
});

test('a run has pods when its manifest has and they were looked at', () => {
  const { workload: _workload, ...spec } = specWithPods([setWeight(50), pause()]);
  const { workload: _pods, ...notLooked } = tryingRun();
  expect(hasPods(tryingRun())).toBe(true);
  expect(hasPods({ ...tryingRun(), spec })).toBe(false);
  expect(hasPods(notLooked)).toBe(false);
});
