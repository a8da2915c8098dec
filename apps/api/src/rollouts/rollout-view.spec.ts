import { describe, expect, test } from '@jest/globals';
import { aManifestWithPods, aRollout } from '../testing/builders.ts';
import { rolloutSummary, rolloutView } from './rollout-view.ts';

const NOW_MS = Date.parse('2026-11-23T10:00:18Z');
const PAUSED = { phase: 'Paused', message: 'CanaryPauseStep', observedGeneration: '1', currentStepIndex: 1 };
const PAUSE = { startedAt: '2026-11-23T10:00:00Z', deadline: '2026-11-23T10:01:00.000Z' };

describe('where a Rollout stands', () => {
  test.each<[string, Parameters<typeof aRollout>[0], object]>([
    [
      'one that no run has seen is Progressing',
      {},
      { phase: 'Progressing', message: 'generation 1 has not been taken up yet', step: { index: 0, count: 4 } },
    ],
    [
      'one that was changed since is Progressing, whatever its status says',
      { generation: 2, status: { ...PAUSED, phase: 'Healthy' } },
      { phase: 'Progressing', message: 'generation 2 has not been taken up yet' },
    ],
    [
      'a pause counts down to its deadline',
      { status: PAUSED, note: { weight: { intended: 30, written: 30 }, pause: PAUSE } },
      {
        phase: 'Paused',
        message: 'CanaryPauseStep',
        step: { index: 1, count: 4, description: 'pause 1m' },
        weight: { intended: 30, written: 30 },
        pause: { ...PAUSE, remainingSeconds: 42 },
      },
    ],
    [
      'a pause until promoted has no deadline',
      { status: PAUSED, note: { pause: { startedAt: PAUSE.startedAt } } },
      { pause: { startedAt: PAUSE.startedAt, deadline: null, remainingSeconds: null } },
    ],
    [
      'a pause that is over has nothing left',
      { status: PAUSED, note: { pause: { ...PAUSE, deadline: '2026-11-23T10:00:10Z' } } },
      { pause: { remainingSeconds: 0 } },
    ],
    [
      'one that is held says by whom',
      { status: PAUSED, note: { held: { actor: 'ada', reason: 'lunch' } } },
      { held: { actor: 'ada', reason: 'lunch' } },
    ],
    [
      'one that is promoted has no step left',
      {
        status: { phase: 'Healthy', observedGeneration: '1', currentStepIndex: 4 },
        note: { outcome: 'promoted', reason: 'RolloutCompleted' },
      },
      { phase: 'Healthy', message: '', step: { index: 4, count: 4, description: null }, outcome: 'promoted' },
    ],
    [
      'one that is being deleted says so',
      { status: PAUSED, metadata: { deletionTimestamp: '2026-11-23T10:00:00Z' } },
      { deleting: true, phase: 'Progressing', message: 'the Rollout is being deleted' },
    ],
    [
      'a status and a note that are not ours are as good as none',
      { status: { phase: 'Whatever', conditions: 'x' }, metadata: { annotations: { 'weir.dev/run': '{not JSON' } } },
      { phase: 'Progressing', weight: { intended: 0, written: 0 }, outcome: null },
    ],
    [
      'without a note the weight is the one of the status',
      { status: { ...PAUSED, canary: { weights: { canary: { weight: 30 } } } } },
      { weight: { intended: 30, written: 30, served: null }, served: null },
    ],
    [
      'what the gateway serves is apart from what is written',
      {
        status: PAUSED,
        note: {
          weight: { intended: 60, written: 60, served: 30 },
          served: { state: 'notServed', message: 'gw-1: 30' },
        },
      },
      { weight: { intended: 60, written: 60, served: 30 }, served: { state: 'notServed', message: 'gw-1: 30' } },
    ],
    [
      'a note of another version about the gateway leaves the weight as it is',
      { status: PAUSED, note: { weight: { intended: 60, written: 60, served: 'all' }, served: { state: 'maybe' } } },
      { weight: { intended: 60, written: 60, served: null }, served: null },
    ],
  ])('%s', (_, parts, expected) => {
    expect(rolloutSummary(aRollout(parts), NOW_MS)).toMatchObject(expected);
  });
});

describe('the pods of a Rollout', () => {
  const spec = aManifestWithPods()['spec'] as object;
  const revision = (hash: string, number: number, more: object = {}) => ({
    hash,
    number,
    name: `someapp-${hash}`,
    replicas: 1,
    pods: 1,
    ready: 1,
    available: 0,
    resourceVersion: '9',
    ...more,
  });
  const STATUS = { stableRS: 'a', currentPodHash: 'b', updatedReplicas: 1, readyReplicas: 5, availableReplicas: 4 };

  test('are counted, and each revision has its role, newest first', () => {
    const scaleDownAtMs = Date.parse('2026-11-23T10:00:30Z');
    const note = { revisions: [revision('old', 1, { scaleDownAtMs }), revision('a', 2), revision('b', 3)] };
    const summary = rolloutSummary(aRollout({ spec, status: STATUS, note }), NOW_MS);
    expect(summary.replicas).toEqual({ desired: 4, updated: 1, ready: 5, available: 4 });
    const counts = { replicas: 1, pods: 1, ready: 1, available: 0 };
    expect(summary.revisions).toEqual([
      { podTemplateHash: 'b', number: 3, role: 'canary', ...counts },
      { podTemplateHash: 'a', number: 2, role: 'stable', ...counts },
      { podTemplateHash: 'old', number: 1, role: 'old', ...counts, scaleDownAt: '2026-11-23T10:00:30.000Z' },
    ]);
  });

  test.each<[string, Parameters<typeof aRollout>[0], object]>([
    [
      'are none before a run has looked',
      { spec },
      { replicas: { desired: 4, updated: 0, ready: 0, available: 0 }, revisions: [] },
    ],
    ['are one by default', { spec: { ...spec, replicas: undefined } }, { replicas: { desired: 1 } }],
    [
      'may be those of a Deployment',
      { spec: { workloadRef: { kind: 'Deployment', name: 'x' } } },
      { replicas: { desired: 1 }, revisions: [] },
    ],
    ['are somebody else’s when traffic is all that is moved', {}, { replicas: null, revisions: null }],
    ['are not told from a note that is not ours', { spec, note: { revisions: [{ hash: 1 }] } }, { revisions: [] }],
  ])('%s', (_, parts, expected) => {
    expect(rolloutSummary(aRollout(parts), NOW_MS)).toMatchObject(expected);
  });
});

describe('the view of a Rollout', () => {
  test('says who changed it last by a command, and not in its annotations', () => {
    const change = { command: 'undo', actor: 'ada', at: '2026-11-23T10:00:00Z', key: 'undo:k', revision: 2 };
    const annotations = { 'weir.dev/change': JSON.stringify(change), team: 'shop' };
    const view = rolloutView(aRollout({ metadata: { annotations } }), null, NOW_MS);
    expect(view.change).toEqual({ command: 'undo', actor: 'ada', reason: null, at: '2026-11-23T10:00:00Z' });
    expect(view.manifest.metadata.annotations).toEqual({ team: 'shop' });
  });

  test.each(['{not JSON', '{"command":"x"}', 'null'])('takes the change %s as none', (text) => {
    expect(rolloutView(aRollout({ metadata: { annotations: { 'weir.dev/change': text } } }), null, NOW_MS).change).toBe(
      null,
    );
  });

  test('shows what the user stored, without the note of the worker', () => {
    const { manifest } = rolloutView(aRollout({ note: { outcome: 'aborted' } }), null, NOW_MS);
    expect(manifest.metadata).toEqual({
      name: 'someapp',
      namespace: 'default',
      labels: { 'argo-rollouts.argoproj.io/controller-instance-id': 'weir' },
      annotations: {},
    });
  });

  test('says that there is no run', () => {
    expect(rolloutView(aRollout(), null, NOW_MS)).not.toHaveProperty('runUnavailable');
  });

  test('says that Temporal could not be asked for the run', () => {
    expect(rolloutView(aRollout(), undefined, NOW_MS)).toMatchObject({ run: null, runUnavailable: true });
  });
});
