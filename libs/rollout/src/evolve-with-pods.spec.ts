import { describe, expect, test } from '@jest/globals';
import { evolve, type RunEvent } from './evolve.ts';
import type { Action } from './actions.ts';
import { nextAction } from './planner.ts';
import type { RunWithPods } from './pods.ts';
import { newRun, type Observation, type Run } from './run.ts';
import { NOW_MS, promotedRun, revision, tryingRun } from './testing/runs.ts';
import { pause, setWeight } from './testing/specs.ts';
import type { Revision } from './workload.ts';

const evolveAll = (run: Run, ...events: RunEvent[]): Run =>
  events.reduce((now, event) => evolve(now, event, NOW_MS), run);
const failed = (reason: string): RunEvent => ({ kind: 'failed', problem: { reason, message: 'm' } });
const heard = (uid: string, ...revisions: ReturnType<typeof revision>[]): RunEvent => ({
  kind: 'podsHeard',
  wanted: { uid, generation: 1 },
  revisions,
});
const newer = { resourceVersion: '2' };
const availableOf = (run: Run, hash: string) => run.workload?.revisions.find((one) => one.hash === hash)?.available;

describe('what fails for good', () => {
  test.each<[string, RunWithPods, string, Partial<Run>]>([
    ['in mid-run takes traffic home', tryingRun(), 'Forbidden', { stage: 'retreating' }],
    [
      'while pods are awaited for the promotion takes traffic home',
      tryingRun({ stage: 'promoting', promotion: 'pods' }),
      'Forbidden',
      { stage: 'retreating' },
    ],
    [
      'after the switch is tried again',
      tryingRun({ stage: 'promoting', promotion: 'endpoints' }),
      'Forbidden',
      { stage: 'promoting' },
    ],
    [
      'while pods settle makes the run look again',
      promotedRun(),
      'ReplicaSetNotOurs',
      { stage: 'settling', lookAgain: true },
    ],
  ])('%s', (_name, run, reason, expected) => {
    expect(evolve(run, failed(reason), NOW_MS)).toMatchObject(expected);
  });

  test.each([
    ['aborted, with its reason', 'Forbidden', 'aborted'],
    ['superseded, when what was to be done is no longer wanted', 'RolloutSuperseded', 'superseded'],
  ])('ends a run as %s', (_name, reason, outcome) => {
    expect(evolve(tryingRun(), failed(reason), NOW_MS).ending).toMatchObject({ outcome, reason });
  });

  test('on the way home puts back a canary Mapping that stable cannot do without, once, and then gives up waiting for stable', () => {
    const retreating = tryingRun({
      stage: 'retreating',
      workloadSpec: { dynamicStableScale: true },
      revisions: [revision('v1', 2), revision('v2', 2)],
    });
    expect(nextAction(retreating, NOW_MS).kind).toBe('scaleReplicaSets');
    const once = evolve(retreating, failed('CanaryMappingGone'), NOW_MS);
    expect(nextAction(once, NOW_MS)).toEqual({ kind: 'repairCanaryMappings' });
    const twice = evolve(evolve(once, { kind: 'repairStarted' }, NOW_MS), failed('CanaryMappingGone'), NOW_MS);
    expect(nextAction(twice, NOW_MS)).toEqual({ kind: 'setCanaryWeight', weight: 0 });
  });

  test('of what no traffic depends on is left for a while, and the run goes on', () => {
    const run = tryingRun({ workloadSpec: { canaryMetadata: { labels: { a: 'b' } } } });
    const postponed = evolve(run, { kind: 'postponed', action: 'labelPods', message: 'forbidden' }, NOW_MS);
    expect(nextAction(run, NOW_MS).kind).toBe('labelPods');
    expect(nextAction(postponed, NOW_MS)).toMatchObject({ kind: 'wait', untilMs: NOW_MS + 30_000 });
    expect(nextAction(postponed, NOW_MS + 30_000).kind).toBe('labelPods');
  });
});

describe('news of pods', () => {
  test('changes what the run knows, without a look', () => {
    const run = evolve(tryingRun(), heard('u', revision('v2', 2, { ...newer, available: 1 })), NOW_MS);
    expect(availableOf(run, 'v2')).toBe(1);
    expect(nextAction(run, NOW_MS).kind).toBe('wait');
  });

  test('of another object is a reason to look, and nothing more', () => {
    const run = evolve(tryingRun(), heard('other', revision('v2', 2, { ...newer, available: 1 })), NOW_MS);
    expect(availableOf(run, 'v2')).toBe(2);
    expect(nextAction(run, NOW_MS).kind).toBe('observeRollout');
  });

  test('that is older than what the run knows changes nothing', () => {
    const run = tryingRun({ revisions: [revision('v1'), revision('v2', 2, { resourceVersion: '9' })] });
    expect(availableOf(evolve(run, heard('u', revision('v2', 2, { ...newer, available: 0 })), NOW_MS), 'v2')).toBe(2);
  });

  test('that overtakes the first look is not lost', () => {
    const seen: Observation = {
      rollout: {
        uid: 'u',
        generation: 1,
        deleting: false,
        owned: true,
        spec: tryingRun().spec,
        aborted: false,
        conditions: [],
      },
      revision: { stable: 'v1', canary: 'v2' },
      problems: [],
      workload: tryingRun().workload,
    };
    const run = evolveAll(
      newRun(),
      { kind: 'observationStarted' },
      heard('u', revision('v2', 2, { ...newer, available: 1 })),
      { kind: 'observed', observation: seen },
    );
    expect(availableOf(run, 'v2')).toBe(1);
  });

  test.each<[string, Partial<Revision>, boolean]>([
    ['a pod more is', { pods: 2 }, true],
    ['a pod more that is ready is', { ready: 1 }, true],
    ['a pod more that is available is', { available: 1 }, true],
    ['a pod less is not', { pods: 0 }, false],
    ['nothing but another resourceVersion is not', {}, false],
  ])('is progress or not: %s', (_name, more, isProgress) => {
    const counts = { pods: 1, ready: 0, available: 0 };
    const run = tryingRun({
      revisions: [revision('v1'), revision('v2', 2, counts)],
      progressAtMs: 0,
      deadlineExceeded: true,
    });
    const after = evolve(run, heard('u', revision('v2', 2, { ...counts, ...newer, ...more })), NOW_MS);
    expect(after).toMatchObject({ progressAtMs: isProgress ? NOW_MS : 0, deadlineExceeded: !isProgress });
  });

  test('of a canary without pods means that its endpoints are awaited anew', () => {
    const gone = evolve(tryingRun(), heard('u', revision('v2', 2, { ...newer, available: 0 })), NOW_MS);
    expect(gone.canaryEndpointsReady).toBe(false);
    const fewer = evolve(tryingRun(), heard('u', revision('v2', 2, { ...newer, available: 1 })), NOW_MS);
    expect(fewer.canaryEndpointsReady).toBe(true);
  });

  test('asks for no new try of what was aborted; a word about the Rollout does', () => {
    const told: RunEvent = { kind: 'told', wanted: { uid: 'u', generation: 1 }, lookAgain: false };
    expect(evolve(newRun(), heard('u'), NOW_MS).askedAnew).toBeUndefined();
    expect(evolve(newRun(), told, NOW_MS).askedAnew).toBe(true);
  });
});

describe('a restart', () => {
  const asked = tryingRun({ workloadSpec: { restartAtMs: NOW_MS } });
  const begun = evolve(asked, { kind: 'podsRestarted', evicted: 1, left: 5 }, NOW_MS);

  test('waits for pods, and goes on when some are back', () => {
    expect(nextAction(begun, NOW_MS)).toMatchObject({ kind: 'wait', untilMs: NOW_MS + 10_000 });
    const back = evolve(begun, heard('u', revision('v1', 4, newer)), NOW_MS);
    expect(nextAction(back, NOW_MS).kind).toBe('restartPods');
  });

  test('goes on after ten seconds, because nobody hears of a PodDisruptionBudget that lets go', () => {
    expect(nextAction(begun, NOW_MS + 9_999).kind).toBe('wait');
    expect(nextAction(begun, NOW_MS + 10_000).kind).toBe('restartPods');
  });

  test('is done when no pod is older, and not done again', () => {
    const done = evolve(begun, { kind: 'podsRestarted', evicted: 1, left: 0 }, NOW_MS);
    expect(done).toMatchObject({ restartedAtMs: NOW_MS, restart: undefined });
    expect(nextAction(done, NOW_MS + 60_000)).toEqual({ kind: 'wait', why: 'step 2: until promoted, at 50 %' });
  });
});

describe('a wait', () => {
  const waits = (durationMs: number, scaleDownAtMs: number): Action =>
    nextAction(
      tryingRun({
        steps: [setWeight(50), pause(durationMs)],
        pauseDeadlineMs: NOW_MS + durationMs,
        revisions: [revision('v0', 1, { scaleDownAtMs }), revision('v1'), revision('v2', 2)],
      }),
      NOW_MS,
    );

  test('ends when old pods are due to go, although the pause goes on', () => {
    expect(waits(60_000, NOW_MS + 30_000)).toMatchObject({ kind: 'wait', untilMs: NOW_MS + 30_000 });
  });

  test('ends with the pause, although old pods stay longer', () => {
    expect(waits(10_000, NOW_MS + 30_000)).toMatchObject({ kind: 'wait', untilMs: NOW_MS + 10_000 });
  });
});

describe('what the run remembers of the cluster', () => {
  test('is a Service that it pointed, whose endpoints it has not seen yet', () => {
    const run = evolve(tryingRun(), { kind: 'servicesPointed', services: { canary: 'v2' } }, NOW_MS);
    expect(run).toMatchObject({ canaryEndpointsReady: false, workload: { services: { stable: 'v1', canary: 'v2' } } });
  });

  test('is a Deployment that it scaled, and ReplicaSets that it deleted', () => {
    const run = evolveAll(
      tryingRun({ referenced: { generation: 3, replicas: 4 } }),
      { kind: 'referencedScaled', replicas: 1 },
      { kind: 'revisionsTrimmed', names: ['app-v1'] },
    );
    expect(run.workload?.referenced).toEqual({ generation: 3, replicas: 1 });
    expect(run.workload?.revisions.map(({ hash }) => hash)).toEqual(['v2']);
  });

  test('is no canary Mapping that was dropped', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((stableName) => ({ stableName, name: `${stableName}0-canary` }));
    const run = tryingRun({ canaryMappings: [a, b, c].filter((one) => one !== undefined) });
    const dropped = [a, c].filter((one) => one !== undefined);
    expect(evolve(run, { kind: 'canaryMappingsDropped', canaryMappings: dropped }, NOW_MS).canaryMappings).toEqual([b]);
  });

  test('is when the gateway was last told something: by a weight, a Mapping made or removed, but not by nothing', () => {
    const later = NOW_MS + 1_000;
    const { canaryMappings } = tryingRun();
    for (const event of [
      { kind: 'weightWritten', weight: 10, canaryMappings },
      { kind: 'canaryMappingsEnsured', canaryMappings },
      { kind: 'canaryMappingsDropped', canaryMappings },
      { kind: 'canaryMappingsRemoved' },
    ] as const) {
      expect(evolve(tryingRun(), event, later).lastMappingWriteMs).toBe(later);
    }
    const none = tryingRun({ canaryMappings: [] });
    const left = { ...none, leftovers: canaryMappings };
    expect(evolve(left, { kind: 'canaryMappingsRemoved' }, later).lastMappingWriteMs).toBe(later);
    expect(evolve(none, { kind: 'canaryMappingsRemoved' }, later).lastMappingWriteMs).toBeUndefined();
  });
});
