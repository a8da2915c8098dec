import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { SIGNALS, WORKFLOW_TYPE, beginTaskQueue } from '@weir/contract';
import { randomUUID } from 'node:crypto';
import { FakeCluster } from '../support/fake-cluster.ts';
import { WORKFLOW_BUNDLE, startTemporal, startWorker } from '../support/temporal.ts';
import { eventually } from '../support/wait.ts';

const START_TIMEOUT_MS = 60_000;
const TEST_TIMEOUT_MS = 30_000;
const INPUT = { rollout: { cluster: 'c', namespace: 'ns', name: 'app' } };

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await startTemporal();
}, START_TIMEOUT_MS);
afterAll(() => environment.teardown());

function start(taskQueue: string): Promise<WorkflowHandle> {
  return environment.client.workflow.start(WORKFLOW_TYPE, { workflowId: randomUUID(), taskQueue, args: [INPUT] });
}

/** Task queues of the looks at the cluster. */
async function looksOf(handle: WorkflowHandle): Promise<(string | null | undefined)[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? [])
    .flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => scheduled ?? [])
    .filter(({ activityType }) => activityType?.name === 'observeRollout')
    .map(({ taskQueue }) => taskQueue?.name);
}

function aCluster(): FakeCluster {
  return new FakeCluster([{ kind: 'setWeight', weight: 30 }, { kind: 'pause' }]);
}

describe('a run', () => {
  test(
    'queues for its first look, and not for what it is told in its course',
    async () => {
      const cluster = aCluster();
      const worker = await startWorker(environment, cluster.activities);
      await worker.runUntil(async () => {
        const handle = await start(worker.taskQueue);
        await eventually('the canary has its weight', async () => cluster.calls.includes('weight 30'));
        await handle.signal(SIGNALS.specChanged, { uid: 'uid-1', generation: 1, lookAgain: true });
        await eventually('it has looked again', async () => (await looksOf(handle)).length === 2);
        expect(await looksOf(handle)).toEqual([beginTaskQueue(worker.taskQueue), worker.taskQueue]);
        await handle.signal(SIGNALS.abort);
        await handle.result();
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'that queues is aborted at once, and nothing was written that an abort would have to take back',
    async () => {
      const cluster = aCluster();
      const taskQueue = randomUUID();
      // Nobody takes what begins.
      const worker = await Worker.create({
        connection: environment.nativeConnection,
        taskQueue,
        workflowBundle: { codePath: WORKFLOW_BUNDLE },
        activities: { ...cluster.activities },
      });
      await worker.runUntil(async () => {
        const handle = await start(taskQueue);
        await eventually('it queues', async () => (await looksOf(handle)).length === 1);
        expect(cluster.calls).toEqual([]);
        await handle.signal(SIGNALS.abort, { actor: 'ann' });
        expect(await handle.result()).toMatchObject({ outcome: 'aborted', message: expect.stringContaining('ann') });
      });
      expect(cluster.calls.filter((call) => call.startsWith('weight') && call !== 'weight 0')).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );
});
