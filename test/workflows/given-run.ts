import { afterAll, beforeAll } from '@jest/globals';
import { WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { WorkerOptions } from '@temporalio/worker';
import {
  SIGNALS,
  WORKFLOW_TYPE,
  type CanaryRolloutInput,
  type CanaryRolloutResult,
  type RunState,
} from '@weir/contract';
import { randomUUID } from 'node:crypto';
import type { FakeCluster } from '../support/fake-cluster.ts';
import { startTemporal, startWorker, warnings } from '../support/temporal.ts';
import { eventually } from '../support/wait.ts';

const START_TIMEOUT_MS = 60_000;

type State = RunState['run'];

export interface Running {
  readonly cluster: FakeCluster;
  /** The newest execution of the chain. */
  readonly handle: WorkflowHandle;
  state(): Promise<State>;
  until(what: string, isSo: (run: State) => boolean): Promise<State>;
  /** Until the run is in the step with that index. */
  waitsAt(stepIndex: number): Promise<State>;
  result(): Promise<CanaryRolloutResult>;
}

export interface Given {
  readonly input?: Partial<CanaryRolloutInput>;
  readonly worker?: Partial<WorkerOptions>;
}

type GivenRun = (cluster: FakeCluster, body: (running: Running) => Promise<void>, more?: Given) => Promise<void>;

/** For the tests of one file: a Temporal server, and the shipped workflow against a cluster that only remembers. */
export function useRuns(): GivenRun {
  let environment: TestWorkflowEnvironment;
  beforeAll(async () => {
    environment = await startTemporal();
  }, START_TIMEOUT_MS);
  afterAll(() => environment.teardown());
  return async (cluster, body, { input, worker: options } = {}) => {
    warnings.length = 0;
    const worker = await startWorker(environment, cluster.activities, options);
    await worker.runUntil(async () => {
      const { workflow } = environment.client;
      const workflowId = randomUUID();
      const handle = workflow.getHandle(workflowId);
      cluster.tell = (change) => handle.signal(SIGNALS.specChanged, change).catch(unlessClosed);
      await workflow.start(WORKFLOW_TYPE, {
        workflowId,
        taskQueue: worker.taskQueue,
        args: [{ rollout: { cluster: 'c', namespace: 'ns', name: 'app' }, ...input }],
      });
      await body(running(cluster, handle));
    });
  };
}

function running(cluster: FakeCluster, handle: WorkflowHandle): Running {
  const state = async (): Promise<State> => (await handle.query<RunState>('state')).run;
  const until: Running['until'] = (what, isSo) =>
    eventually(what, async () => {
      const run = await state();
      return isSo(run) && run;
    });
  return {
    cluster,
    handle,
    state,
    until,
    waitsAt: (index) => until(`step ${index}`, ({ stage, stepIndex }) => stage === 'stepping' && stepIndex === index),
    result: () => handle.result() as Promise<CanaryRolloutResult>,
  };
}

/** Pods go on to change after the last run has closed; with these tests nobody starts another for that. */
function unlessClosed(error: unknown): void {
  if (!(error instanceof WorkflowNotFoundError)) {
    throw error;
  }
}
