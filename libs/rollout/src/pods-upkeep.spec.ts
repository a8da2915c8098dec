import { describe, expect, test } from '@jest/globals';
import { nextForPods } from './pods-plan.ts';
import type { RunWithPods } from './pods.ts';
import { canonical } from './revision.ts';
import { describeAction } from './testing/describe-action.ts';
import { NOW_MS, abortedRun, promotedRun, revision, tryingRun } from './testing/runs.ts';
import type { WorkloadSpec } from './types.ts';

type Given = Parameters<typeof tryingRun>[0];

function next(run: RunWithPods): string | undefined {
  const action = nextForPods(run, NOW_MS);
  return action && describeAction(action);
}

describe('a restart', () => {
  const restartAtMs = NOW_MS - 1_000;
  const asked: Given = { workloadSpec: { restartAtMs } };
  const again: Given = { ...asked, restart: { left: 3, againAtMs: NOW_MS + 10_000, awaitsPods: true } };

  test.each<[string, RunWithPods, string | undefined]>([
    ['takes pods away in mid-run', tryingRun(asked), 'restartPods'],
    [
      'takes pods away when nothing else is under way',
      abortedRun({ ...asked, revisions: [revision('v1')] }),
      'restartPods',
    ],
    ['that is done is not done again', tryingRun({ ...asked, restartedAtMs: restartAtMs }), undefined],
    ['of a later hour waits for it', tryingRun({ workloadSpec: { restartAtMs: NOW_MS + 1 } }), undefined],
    ['waits for pods to come back before it takes more', tryingRun(again), undefined],
    [
      'goes on when pods have changed',
      tryingRun({ ...again, restart: { left: 3, againAtMs: NOW_MS + 10_000, awaitsPods: false } }),
      'restartPods',
    ],
    [
      'goes on after a while: a PodDisruptionBudget may have let go',
      tryingRun({ ...again, restart: { left: 3, againAtMs: NOW_MS, awaitsPods: true } }),
      'restartPods',
    ],
    ['waits while traffic goes home', tryingRun({ ...asked, stage: 'retreating' }), undefined],
    [
      'waits while the canary is promoted',
      tryingRun({ ...asked, stage: 'promoting', promotion: 'pods', revisions: [revision('v1'), revision('v2')] }),
      undefined,
    ],
  ])('%s', (_name, run, expected) => {
    expect(next(run)).toBe(expected);
  });

  test('takes those that are older than restartAt, maxUnavailable at once', () => {
    const run = tryingRun({ workloadSpec: { restartAtMs, maxUnavailable: { pods: 2 } } });
    expect(nextForPods(run, NOW_MS)).toEqual({ kind: 'restartPods', beforeMs: restartAtMs, atMost: 2 });
  });
});

describe('the Deployment that workloadRef names', () => {
  const ref = (scaleDown: 'never' | 'onsuccess' | 'progressively'): Partial<WorkloadSpec> => ({
    ref: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'app', scaleDown },
  });
  const referenced = { generation: 1, replicas: 4 };
  const first: Given = { stage: 'deploying', revision: { stable: '', canary: 'v1' }, services: {}, referenced };
  const firstPods = (ready: number) => [revision('v1', 4, { ready, available: ready })];
  const there: Given = {
    revision: { stable: '', canary: 'v1' },
    services: { stable: 'v1', canary: 'v1' },
    revisions: [revision('v1')],
    referenced,
  };
  const failed: Given = {
    ...first,
    stage: 'settling',
    revisions: firstPods(1),
    referenced: { generation: 1, replicas: 3 },
  };

  const scaled = (run: RunWithPods): number | undefined => {
    const action = nextForPods(run, NOW_MS);
    return action?.kind === 'scaleReferenced' ? action.replicas : undefined;
  };

  test.each<[string, RunWithPods, number | undefined]>([
    ['is never touched by default', promotedRun({ ...there, workloadSpec: ref('never') }), undefined],
    [
      'onsuccess keeps its pods during the first deploy',
      tryingRun({ ...first, revisions: firstPods(2), workloadSpec: ref('onsuccess') }),
      undefined,
    ],
    ['onsuccess loses them when that is done', promotedRun({ ...there, workloadSpec: ref('onsuccess') }), 0],
    [
      'progressively makes room for each pod that is ready',
      tryingRun({ ...first, revisions: firstPods(3), workloadSpec: ref('progressively') }),
      1,
    ],
    [
      'progressively keeps all while none is ready',
      tryingRun({ ...first, revisions: firstPods(0), workloadSpec: ref('progressively') }),
      undefined,
    ],
    [
      'progressively loses the rest when that is done',
      promotedRun({ ...there, workloadSpec: ref('progressively') }),
      0,
    ],
    [
      'progressively gets its pods back when the first deploy makes no progress',
      tryingRun({
        ...first,
        revisions: firstPods(1),
        referenced: { generation: 1, replicas: 3 },
        deadlineExceeded: true,
        workloadSpec: ref('progressively'),
      }),
      4,
    ],
    [
      'progressively gets its pods back when the first deploy is aborted',
      abortedRun({ ...failed, workloadSpec: ref('progressively') }),
      4,
    ],
    [
      'onsuccess keeps its pods when the first deploy is aborted',
      abortedRun({ ...failed, workloadSpec: ref('onsuccess') }),
      undefined,
    ],
    [
      'is left alone by later revisions',
      promotedRun({
        referenced,
        workloadSpec: { ...ref('onsuccess'), scaleDownDelaySeconds: 0 },
        revisions: [revision('v2')],
      }),
      undefined,
    ],
    [
      'is left alone while another revision is tried',
      tryingRun({ referenced, workloadSpec: ref('progressively') }),
      undefined,
    ],
  ])('%s', (_name, run, expected) => {
    expect(scaled(run)).toBe(expected);
  });
});

describe('the metadata of a role', () => {
  const canaryMetadata = { labels: { role: 'canary' } };
  const stableMetadata = { labels: { role: 'stable' }, annotations: { tier: '1' } };
  const both = { workloadSpec: { canaryMetadata, stableMetadata } };
  const asStable = { roleMetadata: canonical(stableMetadata) };
  const asCanary = { roleMetadata: canonical(canaryMetadata) };

  const labelled = (run: RunWithPods): [string, object][] => {
    const action = nextForPods(run, NOW_MS);
    const revisions = action?.kind === 'labelPods' ? action.revisions : [];
    return revisions.map(({ podTemplateHash, metadata }) => [podTemplateHash, metadata]);
  };

  test.each<[string, RunWithPods, [string, object][]]>([
    [
      'is put on both revisions while one is tried',
      tryingRun(both),
      [
        ['v1', stableMetadata],
        ['v2', canaryMetadata],
      ],
    ],
    [
      'is put only on the revision that does not have it',
      tryingRun({ ...both, revisions: [revision('v1', 4, asStable), revision('v2', 2)] }),
      [['v2', canaryMetadata]],
    ],
    [
      'is put on once',
      tryingRun({ ...both, revisions: [revision('v1', 4, asStable), revision('v2', 2, asCanary)] }),
      [],
    ],
    [
      'moves with the role when the canary is promoted',
      promotedRun({ ...both, revisions: [revision('v2', 4, asCanary)] }),
      [['v2', stableMetadata]],
    ],
    [
      'is taken off a canary that is promoted when stable has none',
      promotedRun({ workloadSpec: { canaryMetadata }, revisions: [revision('v2', 4, asCanary)] }),
      [['v2', {}]],
    ],
    [
      'is taken off when the manifest has it no longer',
      tryingRun({ revisions: [revision('v1'), revision('v2', 2, asCanary)] }),
      [['v2', {}]],
    ],
    ['is nothing to do where the manifest has none', tryingRun(), []],
  ])('%s', (_name, run, expected) => {
    expect(labelled(run)).toEqual(expected);
  });
});

describe('the history', () => {
  const old = ['v1', 'v3', 'v2', 'v4'].map((hash) => revision(hash, 0));
  const run = (revisionHistoryLimit: number, revisions = old): RunWithPods =>
    promotedRun({
      revision: { stable: 'v4', canary: 'v5' },
      services: { stable: 'v5', canary: 'v5' },
      revisions: [...revisions, revision('v5')],
      workloadSpec: { revisionHistoryLimit },
    });
  const trimmed = (given: RunWithPods): readonly string[] => {
    const action = nextForPods(given, NOW_MS);
    return action?.kind === 'trimRevisions' ? action.names : [];
  };

  test.each<[string, RunWithPods, string[]]>([
    ['is kept up to revisionHistoryLimit', run(4), []],
    ['loses the oldest beyond it', run(2), ['app-v2', 'app-v1']],
    ['is nothing but what serves when the limit is 0', run(0), ['app-v4', 'app-v3', 'app-v2', 'app-v1']],
    ['keeps one that still has pods, although they are to go', run(0, [revision('v1', 0, { pods: 1 })]), []],
    [
      'keeps what a person aborted: it may be retried',
      abortedRun({ revisions: [revision('v1'), revision('v2', 0)], workloadSpec: { revisionHistoryLimit: 0 } }),
      [],
    ],
    [
      'is left alone while another revision is tried',
      tryingRun({
        revisions: [revision('v1'), revision('v0', 0), revision('v2', 2)],
        workloadSpec: { revisionHistoryLimit: 0 },
      }),
      [],
    ],
  ])('%s', (_name, given, names) => {
    expect(trimmed(given)).toEqual(names);
  });
});
