import { describe, expect, test } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/common';
import { SIGNALS } from '@weir/contract';
import type { Condition, Step } from '@weir/rollout';
import { FakeCluster, finalFailure } from '../support/fake-cluster.ts';
import { eventually } from '../support/wait.ts';
import { useRuns } from './given-run.ts';

const TEST_TIMEOUT_MS = 60_000;
const UNTIL_PROMOTED: Step = { kind: 'pause' };
const weight = (value: number): Step => ({ kind: 'setWeight', weight: value });
const pause = (durationMs: number): Step => ({ kind: 'pause', durationMs });

const HEALTHY_FOR_LONG: Condition = {
  type: 'Healthy',
  status: 'True',
  reason: 'RolloutHealthy',
  message: '',
  lastUpdateTime: '2026-01-01T00:00:00Z',
  lastTransitionTime: '2026-01-01T00:00:00Z',
};

const given = useRuns();

describe('a run', () => {
  test(
    'goes through its steps and is promoted',
    async () => {
      const cluster = new FakeCluster([weight(30), pause(200), weight(60), pause(200)]);
      await given(cluster, async ({ result }) => {
        expect(await result()).toMatchObject({ outcome: 'promoted', reason: 'RolloutCompleted' });
        expect(cluster.calls).toEqual([
          'create',
          'weight 30',
          'weight 60',
          'weight 100',
          'switch',
          'endpoints',
          'remove',
          'release',
        ]);
        expect(cluster.reports.at(-1)?.status).toMatchObject({ phase: 'Healthy', currentStepIndex: 4 });
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'pauses for no less than it was told to',
    async () => {
      const cluster = new FakeCluster([weight(30), pause(1_000), weight(60)]);
      const atMs: Record<string, number> = {};
      cluster.before = (call) => void (atMs[call] ??= Date.now());
      await given(cluster, async ({ result }) => {
        await result();
        expect((atMs['weight 60'] ?? 0) - (atMs['weight 30'] ?? 0)).toBeGreaterThanOrEqual(1_000);
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'promotes at once when it has no steps',
    async () => {
      const cluster = new FakeCluster([]);
      await given(cluster, async ({ result }) => {
        expect(await result()).toMatchObject({ outcome: 'promoted' });
        expect(cluster.calls).toEqual(['create', 'weight 100', 'switch', 'endpoints', 'remove', 'release']);
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'creates nothing when preflight finds a problem, and says so in a Warning Event',
    async () => {
      const cluster = new FakeCluster([weight(30)]);
      cluster.observation = {
        ...cluster.observation,
        problems: [{ reason: 'AmbassadorMappingNotFound', message: 'no Mapping app' }],
      };
      await given(cluster, async ({ result }) => {
        expect(await result()).toMatchObject({ outcome: 'aborted', reason: 'AmbassadorMappingNotFound' });
        expect(cluster.calls).toEqual(['remove', 'release']);
        expect(cluster.reports.flatMap(({ events }) => events)).toMatchObject([
          { type: 'Warning', reason: 'AmbassadorMappingNotFound', message: 'no Mapping app' },
        ]);
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'goes home when a step fails for good',
    async () => {
      const cluster = new FakeCluster([weight(30), weight(60)]);
      cluster.before = (call) => {
        if (call === 'weight 60') {
          throw finalFailure({ reason: 'KubernetesForbidden', message: 'no right to patch' });
        }
      };
      await given(cluster, async ({ result }) => {
        expect(await result()).toMatchObject({ outcome: 'aborted', reason: 'KubernetesForbidden' });
        expect(cluster.calls).toEqual(['create', 'weight 30', 'weight 0', 'remove', 'release']);
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'retries what may yet succeed, and writes a weight once',
    async () => {
      const cluster = new FakeCluster([weight(30)]);
      let failures = 3;
      cluster.before = (call) => {
        if (call === 'weight 30' && failures-- > 0) {
          throw ApplicationFailure.retryable('429', 'Kubernetes.unavailable');
        }
      };
      await given(cluster, async ({ result }) => {
        expect(await result()).toMatchObject({ outcome: 'promoted' });
        expect(cluster.calls.filter((call) => call === 'weight 30')).toHaveLength(1);
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'ends with the state that it has although the status cannot be written',
    async () => {
      const cluster = new FakeCluster([weight(30)]);
      cluster.before = (call) => {
        if (call === 'report') {
          throw finalFailure({ reason: 'KubernetesForbidden', message: 'no right to patch status' });
        }
      };
      await given(cluster, async ({ result }) => {
        expect(await result()).toMatchObject({ outcome: 'promoted' });
      });
    },
    TEST_TIMEOUT_MS,
  );
});

describe('what changes in mid-run', () => {
  test(
    'a third revision supersedes the one under way, and is tried from step 0',
    async () => {
      const cluster = new FakeCluster([weight(30), UNTIL_PROMOTED]);
      await given(cluster, async ({ handle, waitsAt, result, state }) => {
        await waitsAt(1);
        cluster.observation = { ...cluster.observation, revision: { stable: 'old', canary: 'third' } };
        await handle.signal(SIGNALS.specChanged, { uid: 'uid-1', generation: 1, lookAgain: true });
        await eventually(
          'the third is tried',
          async () => (await state()).revision.canary === 'third' && (await state()).stepIndex === 1,
        );
        expect(cluster.calls).toEqual(['create', 'weight 30', 'weight 0', 'remove', 'release', 'create', 'weight 30']);
        await handle.signal(SIGNALS.abort);
        await result();
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'deletion takes traffic home and then lets the Rollout go',
    async () => {
      const cluster = new FakeCluster([weight(30), UNTIL_PROMOTED]);
      await given(cluster, async ({ handle, waitsAt, result }) => {
        await waitsAt(1);
        cluster.changeRollout({ deleting: true, generation: 2 });
        await handle.signal(SIGNALS.specChanged, { uid: 'uid-1', generation: 2 });
        expect(await result()).toMatchObject({ outcome: 'deleted' });
        expect(cluster.calls).toEqual(['create', 'weight 30', 'weight 0', 'remove', 'release']);
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'cancelling is an abort with cleanup',
    async () => {
      const cluster = new FakeCluster([weight(30), UNTIL_PROMOTED]);
      await given(cluster, async ({ handle, waitsAt, result }) => {
        await waitsAt(1);
        await handle.cancel();
        await expect(result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
        expect(cluster.calls).toEqual(['create', 'weight 30', 'weight 0', 'remove', 'release']);
        expect(cluster.reports.at(-1)?.status).toMatchObject({ phase: 'Degraded', abort: true });
      });
    },
    TEST_TIMEOUT_MS,
  );
});

describe('continue-as-new', () => {
  test(
    'carries the deadline of a pause over, and does nothing twice',
    async () => {
      const cluster = new FakeCluster([weight(30), pause(1_500), weight(60), pause(200)]);
      const atMs: Record<string, number> = {};
      cluster.before = (call) => void (atMs[call] ??= Date.now());
      await given(
        cluster,
        async ({ handle, result }) => {
          const { runId: first } = await handle.describe();
          expect(await result()).toMatchObject({ outcome: 'promoted' });
          expect((await handle.describe()).runId).not.toBe(first);
          expect(cluster.calls).toEqual([
            'create',
            'weight 30',
            'weight 60',
            'weight 100',
            'switch',
            'endpoints',
            'remove',
            'release',
          ]);
          const pausedMs = (atMs['weight 60'] ?? 0) - (atMs['weight 30'] ?? 0);
          expect(pausedMs).toBeGreaterThanOrEqual(1_500);
          expect(new Set(cluster.reports.map(({ runId }) => runId))).toEqual(new Set([first]));
        },
        { input: { continueAsNewAfterEvents: 20 } },
      );
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'carries over since when each condition is so, which goes by what was reported last and not by what a run began with',
    async () => {
      const cluster = new FakeCluster([weight(30), pause(1_500), weight(60), pause(1_500)]);
      cluster.changeRollout({ conditions: [HEALTHY_FOR_LONG] });
      await given(
        cluster,
        async ({ handle, result }) => {
          const { runId: first } = await handle.describe();
          await result();
          expect((await handle.describe()).runId).not.toBe(first);
          const healthy = cluster.reports.map(({ status }) => status.conditions.find(({ type }) => type === 'Healthy'));
          const [begun, ...others] = healthy.filter((one) => one?.status === 'False');
          expect(begun?.lastTransitionTime).toBe(begun?.lastUpdateTime);
          expect(new Set(others.map((one) => one?.lastTransitionTime))).toEqual(new Set([begun?.lastTransitionTime]));
          expect(others.at(-1)?.lastUpdateTime).not.toBe(begun?.lastTransitionTime);
          const promoted = healthy.find((one) => one?.status === 'True');
          expect(promoted?.lastTransitionTime).toBe(promoted?.lastUpdateTime);
        },
        { input: { continueAsNewAfterEvents: 20 } },
      );
    },
    TEST_TIMEOUT_MS,
  );
});
