import { describe, expect, test } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/common';
import { SIGNALS, UPDATES } from '@weir/contract';
import type { Run, Step } from '@weir/rollout';
import { FakeCluster } from '../support/fake-cluster.ts';
import { eventually } from '../support/wait.ts';
import { useRuns, type Running } from './given-run.ts';

const TEST_TIMEOUT_MS = 60_000;
/** Longer than any test. */
const LONG_SECONDS = 3_600;
const UNTIL_PROMOTED: Step = { kind: 'pause' };
const weight = (value: number): Step => ({ kind: 'setWeight', weight: value });
const isSettling = ({ stage }: Run): boolean => stage === 'settling';

const given = useRuns();

/** When each thing was asked of the cluster for the first time. */
function timesOf(cluster: FakeCluster): Record<string, number> {
  const atMs: Record<string, number> = {};
  cluster.before = (call) => void (atMs[call] ??= Date.now());
  return atMs;
}

/** An update that was aborted in its pause. */
async function aborted({ handle, waitsAt, until }: Running): Promise<Run> {
  await waitsAt(1);
  await handle.signal(SIGNALS.abort, { actor: 'ana' });
  return until('settling', isSettling);
}

describe('given a run whose traffic is where it belongs', () => {
  test(
    'when the old pods wait out scaleDownDelaySeconds, then it is Healthy and open, and closes when they are gone',
    async () => {
      const cluster = FakeCluster.withUpdate([weight(50)], { scaleDownDelaySeconds: 2 });
      const atMs = timesOf(cluster);
      await given(cluster, async ({ handle, until, result }) => {
        const { settlingSinceMs = Number.NaN } = await until('settling', isSettling);
        const { status, summary } = await eventually('Healthy', async () =>
          cluster.reports.find((report) => report.status.phase === 'Healthy'),
        );
        expect({ status, summary }).toMatchObject({
          status: { stableRS: 'v2', replicas: 8 },
          summary: { outcome: 'promoted' },
        });
        expect((await handle.describe()).status.name).toBe('RUNNING');
        await result();
        const waitedMs = (atMs['v1: 0'] ?? Number.NaN) - settlingSinceMs;
        expect(waitedMs).toBeGreaterThanOrEqual(2_000);
        // The deadline on the ReplicaSet is in whole seconds, the later one.
        expect(waitedMs).toBeLessThan(6_000);
        expect(cluster.reports.at(-1)?.status).toMatchObject({ phase: 'Healthy', replicas: 4 });
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when its old pods are slow to go, then it stays open until they are gone',
    async () => {
      const cluster = FakeCluster.withUpdate([weight(50)], { scaleDownDelaySeconds: 0 });
      let isSlow = false;
      cluster.before = (call) => {
        isSlow ||= call === 'v1: 0';
        cluster.pods.isStuck = isSlow;
      };
      await given(cluster, async ({ handle, result }) => {
        await eventually('they are to go', async () => cluster.calls.includes('v1: 0'));
        await eventually('said so', async () => cluster.reports.some(({ events }) => events.some(isScaleDown)));
        expect((await handle.describe()).status.name).toBe('RUNNING');
        cluster.pods.isStuck = false;
        cluster.pods.follow();
        await cluster.tellOfPods();
        await result();
        expect(cluster.reports.at(-1)?.status.replicas).toBe(4);
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when an abort says to keep the canary pods, then it closes at once and they stay',
    async () => {
      const cluster = FakeCluster.withUpdate([weight(50), UNTIL_PROMOTED], { abortScaleDownDelaySeconds: 0 });
      await given(cluster, async ({ handle, waitsAt, result }) => {
        await waitsAt(1);
        await handle.signal(SIGNALS.abort);
        await result();
        expect(cluster.calls.slice(-2)).toEqual(['release', 'app-canary -> v1']);
        expect(cluster.reports.at(-1)?.status).toMatchObject({ phase: 'Degraded', replicas: 6 });
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when what was aborted is retried, then it starts over with the pods that are still there',
    async () => {
      const cluster = FakeCluster.withUpdate([weight(50), UNTIL_PROMOTED], {
        abortScaleDownDelaySeconds: LONG_SECONDS,
      });
      await given(cluster, async (running) => {
        await aborted(running);
        await eventually('its pods have a deadline', async () => cluster.calls.at(-1) === 'v2: 2 for now');
        const { runId } = await running.handle.describe();
        await running.handle.executeUpdate(UPDATES.retry, { args: [{ actor: 'ana' }] });
        const run = await running.until(
          'the same step',
          ({ stage, writtenWeight }) => stage === 'stepping' && writtenWeight === 50,
        );
        expect(run).toMatchObject({ stepIndex: 1, retrying: true });
        expect((await running.handle.describe()).runId).not.toBe(runId);
        expect(cluster.calls.slice(-5)).toEqual([
          'v2: 2',
          'app-canary -> v2',
          'endpoints of app-canary',
          'create',
          'weight 50',
        ]);
        expect(cluster.pods.revisions.map(({ scaleDownAtMs }) => scaleDownAtMs)).toEqual([undefined, undefined]);
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when only replicas change after an abort, then stable is scaled, and nothing is tried again',
    async () => {
      const cluster = FakeCluster.withUpdate([weight(50), UNTIL_PROMOTED], {
        abortScaleDownDelaySeconds: LONG_SECONDS,
      });
      await given(cluster, async (running) => {
        await aborted(running);
        await eventually('its pods have a deadline', async () => cluster.calls.at(-1) === 'v2: 2 for now');
        await cluster.apply({ workload: { replicas: 6 } });
        const isScaled = ({ workload }: Run): boolean =>
          workload?.revisions.some(({ available }) => available === 6) ?? false;
        expect(await running.until('6 pods', isScaled)).toMatchObject({ stage: 'settling', generation: 2 });
        expect(cluster.calls.slice(-2)).toEqual(['v2: 2 for now', 'v1: 6']);
        await eventually('still Degraded', async () => {
          const { status } = cluster.reports.at(-1) ?? {};
          return status?.phase === 'Degraded' && status.observedGeneration === '2';
        });
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when another template is applied meanwhile, then the next run tries it, and old pods keep their deadline',
    async () => {
      const cluster = FakeCluster.withUpdate([weight(50)], { scaleDownDelaySeconds: LONG_SECONDS });
      await given(cluster, async ({ until }) => {
        await until('settling', isSettling);
        await eventually('the old pods have a deadline', async () => cluster.calls.at(-1) === 'v1: 4 for now');
        await cluster.apply({ revision: 'v3', steps: [weight(50), UNTIL_PROMOTED] });
        await until('v3 is tried', ({ revision, stepIndex }) => revision.canary === 'v3' && stepIndex === 1);
        expect(cluster.pods.revisions.map(({ hash, replicas }) => `${hash}: ${replicas}`).sort()).toEqual([
          'v1: 4',
          'v2: 4',
          'v3: 2',
        ]);
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when a Service is gone, then stable is scaled all the same',
    async () => {
      const cluster = FakeCluster.withUpdate([weight(50), UNTIL_PROMOTED]);
      let tries = 0;
      cluster.before = (call) => {
        if (call === 'app-canary -> v1') {
          tries++;
          throw ApplicationFailure.retryable('Service app-canary is gone', 'Kubernetes.notFound');
        }
      };
      await given(cluster, async (running) => {
        await aborted(running);
        await eventually('it is missed', async () => tries > 1);
        await cluster.apply({ workload: { replicas: 6 } });
        await eventually('6 pods', async () => cluster.calls.includes('v1: 6'));
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when its history begins anew in the middle, then the deadlines stand and nothing is done twice',
    async () => {
      const cluster = FakeCluster.withUpdate([weight(50)], { scaleDownDelaySeconds: 5 });
      const atMs = timesOf(cluster);
      const body = async ({ handle, until, result }: Running): Promise<void> => {
        const { settlingSinceMs = Number.NaN } = await until('settling', isSettling);
        await eventually('the old pods have a deadline', async () => cluster.calls.at(-1) === 'v1: 4 for now');
        const { runId } = await handle.describe();
        await eventually('another execution', async () => {
          cluster.pods.lose('v1');
          await cluster.tellOfPods();
          return (await handle.describe()).runId !== runId;
        });
        expect(cluster.calls.at(-1)).toBe('v1: 4 for now');
        expect(await until('settling', isSettling)).toMatchObject({ settlingSinceMs, ending: { outcome: 'promoted' } });
        expect(await result()).toMatchObject({ outcome: 'promoted' });
        const waitedMs = (atMs['v1: 0'] ?? Number.NaN) - settlingSinceMs;
        expect(waitedMs).toBeGreaterThanOrEqual(5_000);
        expect(waitedMs).toBeLessThan(9_000);
        expect(cluster.calls).toEqual([
          'v2: 2',
          'app-canary -> v2',
          'endpoints of app-canary',
          'create',
          'weight 50',
          'v2: 4',
          'weight 100',
          'app-stable -> v2',
          'endpoints',
          'remove',
          'release',
          'v1: 4 for now',
          'v1: 0',
        ]);
      };
      await given(cluster, body, { input: { continueAsNewAfterEvents: 25 } });
    },
    TEST_TIMEOUT_MS,
  );
});

describe('cancelling from the Temporal UI', () => {
  test(
    'is an abort: traffic goes home, then the pods, and the workflow ends as cancelled',
    async () => {
      const cluster = FakeCluster.withUpdate([weight(50), UNTIL_PROMOTED]);
      await given(cluster, async ({ handle, waitsAt, result }) => {
        await waitsAt(1);
        await handle.cancel();
        await expect(result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
        expect(cluster.calls.slice(-6)).toEqual([
          'weight 0',
          'remove',
          'release',
          'app-canary -> v1',
          'v2: 2 for now',
          'v2: 0',
        ]);
        expect(cluster.reports.at(-1)?.status).toMatchObject({ phase: 'Degraded', abort: true });
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'while the old pods wait changes nothing: it was promoted, and they go in time',
    async () => {
      const cluster = FakeCluster.withUpdate([weight(50)]);
      await given(cluster, async ({ handle, until, result }) => {
        await until('settling', isSettling);
        await handle.cancel();
        expect(await result()).toMatchObject({ outcome: 'promoted' });
        expect(cluster.calls.slice(-2)).toEqual(['v1: 4 for now', 'v1: 0']);
      });
    },
    TEST_TIMEOUT_MS,
  );
});

function isScaleDown({ message }: { readonly message: string }): boolean {
  return message.endsWith('down from 4 to 0');
}
