import { describe, expect, test } from '@jest/globals';
import { SIGNALS } from '@weir/contract';
import type { Step } from '@weir/rollout';
import { FakeCluster } from '../support/fake-cluster.ts';
import { eventually } from '../support/wait.ts';
import { useRuns } from './given-run.ts';

const TEST_TIMEOUT_MS = 60_000;
const UNTIL_PROMOTED: Step = { kind: 'pause' };
const weight = (value: number): Step => ({ kind: 'setWeight', weight: value });
const pause = (durationMs: number): Step => ({ kind: 'pause', durationMs });
const ABORT = { actor: 'ana', reason: 'latency' };
/** What precedes the first weight of an update whose pods come up at once. */
const PREPARED = ['app-canary -> v2', 'endpoints of app-canary', 'create'];

const given = useRuns();

describe('given a Rollout that was never deployed', () => {
  test(
    'when all of its pods are available, then both Services select them, and no step is taken',
    async () => {
      const cluster = FakeCluster.withPods([weight(30), UNTIL_PROMOTED]);
      await given(cluster, async ({ result }) => {
        expect(await result()).toEqual({
          outcome: 'promoted',
          reason: 'RolloutCompleted',
          message: 'revision 1 is stable: the first deploy',
        });
        expect(cluster.calls).toEqual(['v1: 4', 'app-stable -> v1, app-canary -> v1', 'endpoints']);
        expect(cluster.reports.at(-1)?.status).toMatchObject({
          phase: 'Healthy',
          currentStepIndex: 2,
          stableRS: 'v1',
          currentPodHash: 'v1',
          availableReplicas: 4,
        });
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when its pods do not come up, then no Service selects them, and another template is deployed instead',
    async () => {
      const cluster = FakeCluster.withPods([weight(30)], { progressDeadlineSeconds: 1 });
      cluster.pods.comeUpAtOnce = false;
      await given(cluster, async ({ until, result }) => {
        await until('no progress', ({ deadlineExceeded }) => deadlineExceeded === true);
        await eventually('Degraded', async () => cluster.reports.at(-1)?.status.phase === 'Degraded');
        expect(cluster.calls).toEqual(['v1: 4']);
        cluster.pods.comeUpAtOnce = true;
        await cluster.apply({ revision: 'v2' });
        expect(await result()).toMatchObject({
          outcome: 'promoted',
          message: 'revision 2 is stable: the first deploy',
        });
        expect(cluster.calls).toEqual([
          'v1: 4',
          'remove',
          'release',
          'v2: 4',
          'app-stable -> v2, app-canary -> v2',
          'endpoints',
          'v1: 0',
        ]);
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when it is aborted, then no Service selects its pods, and they are kept',
    async () => {
      const cluster = FakeCluster.withPods([]);
      cluster.pods.comeUpAtOnce = false;
      await given(cluster, async ({ handle, until, result }) => {
        await until(
          'pods are awaited',
          ({ stage, workload }) => stage === 'deploying' && !!workload?.revisions[0]?.pods,
        );
        await handle.signal(SIGNALS.abort, ABORT);
        expect(await result()).toMatchObject({ outcome: 'aborted', message: 'aborted by ana: latency' });
        expect(cluster.calls).toEqual(['v1: 4', 'remove', 'release']);
        expect(cluster.reports.at(-1)?.status).toMatchObject({ phase: 'Degraded', abort: true, stableRS: '' });
      });
    },
    TEST_TIMEOUT_MS,
  );
});

describe('given an update', () => {
  test(
    'when it goes through its steps, then pods come before weights and go after them',
    async () => {
      const cluster = FakeCluster.withUpdate([weight(60), pause(200), weight(20), pause(200)]);
      await given(cluster, async ({ result }) => {
        expect(await result()).toEqual({
          outcome: 'promoted',
          reason: 'RolloutCompleted',
          message: 'revision 2 is stable: all 4 steps are done',
        });
        expect(cluster.calls).toEqual([
          'v2: 3',
          ...PREPARED,
          'weight 60',
          'weight 20',
          'v2: 1',
          'v2: 4',
          'weight 100',
          'app-stable -> v2',
          'endpoints',
          'remove',
          'release',
          'v1: 4 for now',
          'v1: 0',
        ]);
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when its pods are slow, then the weight waits for all of the step, and progressDeadlineSeconds are told of',
    async () => {
      const cluster = FakeCluster.withUpdate([weight(50), UNTIL_PROMOTED], { progressDeadlineSeconds: 1 });
      cluster.pods.comeUpAtOnce = false;
      await given(cluster, async ({ waitsAt, until }) => {
        await until('no progress', ({ deadlineExceeded }) => deadlineExceeded === true);
        await eventually('Degraded', async () => cluster.reports.at(-1)?.status.phase === 'Degraded');
        expect(cluster.reports.at(-1)?.status.message).toMatch(/^ProgressDeadlineExceeded: revision 2 /);
        expect(cluster.calls).toEqual(['v2: 2']);
        cluster.pods.follow(true);
        await cluster.tellOfPods();
        await waitsAt(1);
        expect(cluster.calls).toEqual(['v2: 2', ...PREPARED, 'weight 50']);
        await eventually('Paused', async () => cluster.reports.at(-1)?.status.phase === 'Paused');
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when its pods are too slow for progressDeadlineAbort, then it is aborted by it',
    async () => {
      const deadline = { progressDeadlineSeconds: 1, progressDeadlineAbort: true };
      const cluster = FakeCluster.withUpdate([weight(50)], deadline);
      cluster.pods.comeUpAtOnce = false;
      await given(cluster, async ({ result }) => {
        expect(await result()).toMatchObject({
          outcome: 'aborted',
          reason: 'RolloutAborted',
          message: 'aborted by progressDeadlineAbort: no progress for 1 s',
        });
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when it is aborted in a pause, then traffic goes home before the canary Service, and its pods last',
    async () => {
      const cluster = FakeCluster.withUpdate([weight(60), UNTIL_PROMOTED]);
      await given(cluster, async ({ handle, waitsAt, result }) => {
        await waitsAt(1);
        await handle.signal(SIGNALS.abort, ABORT);
        expect(await result()).toMatchObject({ outcome: 'aborted', message: 'aborted by ana: latency' });
        expect(cluster.calls).toEqual([
          'v2: 3',
          ...PREPARED,
          'weight 60',
          'weight 0',
          'remove',
          'release',
          'app-canary -> v1',
          'v2: 3 for now',
          'v2: 0',
        ]);
        expect(cluster.reports.at(-1)?.status).toMatchObject({ phase: 'Degraded', abort: true, stableRS: 'v1' });
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when it is aborted in a step that waits for pods, then no weight is ever written',
    async () => {
      const cluster = FakeCluster.withUpdate([weight(60)]);
      cluster.pods.comeUpAtOnce = false;
      await given(cluster, async ({ handle, until, result }) => {
        await until(
          'pods are awaited',
          ({ workload }) => workload?.revisions.find(({ hash }) => hash === 'v2')?.pods === 3,
        );
        await handle.signal(SIGNALS.abort, ABORT);
        expect(await result()).toMatchObject({ outcome: 'aborted' });
        expect(cluster.calls).toEqual(['v2: 3', 'remove', 'release', 'v2: 3 for now', 'v2: 0']);
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when only replicas change in a pause, then both revisions are scaled, and neither weight nor pause is touched',
    async () => {
      const cluster = FakeCluster.withUpdate([weight(60), UNTIL_PROMOTED]);
      await given(cluster, async ({ waitsAt, until }) => {
        const { stepRecords } = await waitsAt(1);
        await cluster.apply({ workload: { replicas: 10 } });
        const counts = ({ revisions = [] }: { revisions?: readonly { available: number }[] } = {}) =>
          revisions.map(({ available }) => available);
        const run = await until('16 pods', ({ workload }) => String(counts(workload)) === '10,6');
        expect(run).toMatchObject({ stage: 'stepping', stepIndex: 1, writtenWeight: 60, stepRecords });
        expect(cluster.calls).toEqual(['v2: 3', ...PREPARED, 'weight 60', 'v1: 10, v2: 6']);
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when the canary loses all of its pods in a pause, then its traffic goes home until they are back',
    async () => {
      const cluster = FakeCluster.withUpdate([weight(60), UNTIL_PROMOTED]);
      await given(cluster, async ({ waitsAt, until }) => {
        const { stepRecords } = await waitsAt(1);
        cluster.pods.lose('v2');
        await cluster.tellOfPods();
        await until('weight 0', ({ writtenWeight }) => writtenWeight === 0);
        cluster.pods.follow(true);
        await cluster.tellOfPods();
        const run = await until('weight 60', ({ writtenWeight }) => writtenWeight === 60);
        expect(run).toMatchObject({ stepIndex: 1, stepRecords });
        expect(cluster.calls.slice(-3)).toEqual(['weight 0', 'endpoints of app-canary', 'weight 60']);
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when a restart is asked for in a pause, then pods are evicted and the pause goes on',
    async () => {
      const cluster = FakeCluster.withUpdate([weight(60), UNTIL_PROMOTED]);
      await given(cluster, async ({ waitsAt, until }) => {
        await waitsAt(1);
        const restartAtMs = Date.now();
        await cluster.apply({ workload: { restartAtMs } });
        const run = await until('restarted', ({ restartedAtMs }) => restartedAtMs === restartAtMs);
        expect(run).toMatchObject({ stage: 'stepping', stepIndex: 1, writtenWeight: 60 });
        expect(cluster.calls.at(-1)).toBe('restart 1');
      });
    },
    TEST_TIMEOUT_MS,
  );
});
