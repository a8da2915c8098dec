import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { SWEEP_WORKFLOW_TYPE, type CanaryRolloutResult, type SweepReport } from '@weir/contract';
import { workflowId } from '@weir/rollout';
import { RolloutRuns, ensureSweepSchedule, sweepNow, sweepScheduleId } from '@weir/temporal';
import { randomUUID } from 'node:crypto';
import { FakeCluster } from '../support/fake-cluster.ts';
import { startTemporal, startWorker } from '../support/temporal.ts';
import { eventually } from '../support/wait.ts';

const START_TIMEOUT_MS = 60_000;
const TEST_TIMEOUT_MS = 30_000;
const REPORT: SweepReport = { broughtHome: ['rollout/c/ns/app'], foreign: [], unclear: [] };

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await startTemporal();
}, START_TIMEOUT_MS);
afterAll(() => environment.teardown());

describe('the sweep', () => {
  /** A worker whose sweep answers what it is told to. */
  async function withWorker(sweep: () => Promise<SweepReport>, body: (taskQueue: string) => Promise<void>) {
    const activities = {
      ...new FakeCluster([{ kind: 'setWeight', weight: 30 }]).activities,
      sweepCanaryMappings: sweep,
    };
    const worker = await startWorker(environment, activities);
    await worker.runUntil(() => body(worker.taskQueue));
  }

  test(
    'shows what it found as its result, in a short history',
    async () => {
      await withWorker(
        async () => REPORT,
        async (taskQueue) => {
          const { workflow } = environment.client;
          const handle = await workflow.start(SWEEP_WORKFLOW_TYPE, { workflowId: randomUUID(), taskQueue, args: [] });
          expect(await handle.result()).toEqual(REPORT);
          expect((await handle.fetchHistory()).events?.length).toBeLessThan(15);
        },
      );
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'waits out a blink of the API server, and gives up after three tries: the next sweep comes soon',
    async () => {
      let tries = 0;
      const fails = async (): Promise<SweepReport> => {
        tries++;
        throw new Error('connection refused');
      };
      await withWorker(fails, async (taskQueue) => {
        const { workflow } = environment.client;
        const options = { workflowId: randomUUID(), taskQueue, args: [] };
        await expect(workflow.execute(SWEEP_WORKFLOW_TYPE, options)).rejects.toThrow();
        expect(tries).toBe(3);
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'is scheduled once for all workers, also when several ask at the same time, and runs when it is asked for',
    async () => {
      await withWorker(
        async () => REPORT,
        async (taskQueue) => {
          const { client } = environment;
          await Promise.all(Array.from({ length: 3 }, () => ensureSweepSchedule(client, taskQueue)));
          const { spec, policies, action } = await client.schedule.getHandle(sweepScheduleId(taskQueue)).describe();
          expect(spec.intervals).toMatchObject([{ every: 30_000 }]);
          expect(policies).toMatchObject({ overlap: 'SKIP', catchupWindow: 10_000 });
          expect(action).toMatchObject({ workflowType: SWEEP_WORKFLOW_TYPE, taskQueue });
          await sweepNow(client, taskQueue);
          await eventually('a sweep has run', async () => {
            const { info } = await client.schedule.getHandle(sweepScheduleId(taskQueue)).describe();
            const id = info.recentActions[0]?.action.workflow.workflowId;
            return id !== undefined && (await client.workflow.result(id)) !== undefined;
          });
        },
      );
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'is brought up to date where an older Weir has scheduled it; one that a person has paused stays paused',
    async () => {
      const { client } = environment;
      const taskQueue = randomUUID();
      await ensureSweepSchedule(client, taskQueue);
      const handle = client.schedule.getHandle(sweepScheduleId(taskQueue));
      const before = await handle.describe();
      await ensureSweepSchedule(client, taskQueue);
      expect((await handle.describe()).info.lastUpdatedAt).toEqual(before.info.lastUpdatedAt);

      await handle.update((previous) => ({
        ...previous,
        spec: { intervals: [{ every: '1 hour' }] },
        state: { ...previous.state, paused: true, note: 'by ann' },
      }));
      await ensureSweepSchedule(client, taskQueue);
      const { spec, state } = await handle.describe();
      expect(spec.intervals).toMatchObject([{ every: 30_000 }]);
      expect(state).toMatchObject({ paused: true, note: 'by ann' });
    },
    TEST_TIMEOUT_MS,
  );
});

describe('bringing home what a run left', () => {
  test(
    'starts a run that is aborted before it begins, unless one is open, which is left alone',
    async () => {
      const cluster = new FakeCluster([{ kind: 'setWeight', weight: 30 }]);
      const worker = await startWorker(environment, cluster.activities);
      const rollout = { cluster: 'c', namespace: 'ns', name: randomUUID() };
      const runs = new RolloutRuns(environment.client, worker.taskQueue);
      const payload = { actor: 'the sweeper', reason: 'its run was terminated' };
      // Not before both have been tried: the first one ends within milliseconds.
      expect(await runs.statusOf(workflowId(rollout))).toBeUndefined();
      expect(await runs.bringHome(rollout, payload)).toBe(true);
      expect(await runs.bringHome(rollout, payload)).toBe(false);
      expect(await runs.statusOf(workflowId(rollout))).toBe('RUNNING');
      await eventually('the run is in the visibility store', async () =>
        (await runs.open()).includes(workflowId(rollout)),
      );
      await worker.runUntil(async () => {
        const result = (await runs.handle(rollout).result()) as CanaryRolloutResult;
        expect(result).toMatchObject({ outcome: 'aborted', message: expect.stringContaining('the sweeper') });
      });
      expect(cluster.calls.filter((call) => call.startsWith('weight') && call !== 'weight 0')).toEqual([]);
      expect(await runs.statusOf(workflowId(rollout))).toBe('COMPLETED');
    },
    TEST_TIMEOUT_MS,
  );

  test('tells nobody of a run that is not there', async () => {
    const runs = new RolloutRuns(environment.client, randomUUID());
    await runs.lookAgain('rollout/c/ns/nobody');
    await runs.abortIfOpen({ cluster: 'c', namespace: 'ns', name: 'nobody' }, { actor: 'ann' });
    expect(await runs.open()).toEqual([]);
  });
});
