import { NativeConnection, Worker, type FixedSizeSlotSupplier } from '@temporalio/worker';
import {
  createActivities,
  sweepCanaryMappings,
  type ActivityDependencies,
  type SweepDependencies,
} from '@weir/activities';
import { beginTaskQueue, type CanaryRolloutActivities, type SweepActivities } from '@weir/contract';
import { loadClientConnectConfig } from '@weir/temporal';
import { fileURLToPath } from 'node:url';
import { Admission } from './admission.ts';

/**
 * After a worker was killed each of its cached runs waits this long for it before another worker gets it: by the SDK's default of 10 s
 * for every command. A worker that is late by more than this replays, which makes one that has too much to do later still: with 1 s
 * twice as late (docs/performance.md), and with 2 s a kill holds each run back by half a second more.
 */
const STICKY_TIMEOUT = '1500 milliseconds';

/** About 0.3 MB a cached run (facts/temporal.md 12); one that is evicted costs a replay of some 100 events. */
const MAX_CACHED_RUNS = 500;

/**
 * One thread runs all of them, and a task counts from the moment that it is taken: with the SDK's 40, a worker that starts would
 * replay dozens of runs side by side and be too late for each (workflow task timeout, `@weir/temporal`).
 */
const MAX_WORKFLOW_TASKS = 6;

/** Above what the API server takes from one client at once without queueing us. */
const MAX_ACTIVITIES = 100;

/** An activity of ours ends within its 15 s; the rest is retried by another worker. */
const SHUTDOWN_GRACE = '15 seconds';

/** As often as activities heartbeat: the SDK would send every 2 s only, and call a pause of half a second a death. */
const HEARTBEAT_INTERVAL = '500 milliseconds';

/** For kinds of tasks that a worker is not given. */
const UNUSED = { type: 'fixed-size', numSlots: 1 } as const satisfies FixedSizeSlotSupplier;

/** The worker of all workflows and activities, and the one of the activity that a run begins with. */
export async function createTemporalWorkers(
  taskQueue: string,
  dependencies: ActivityDependencies & SweepDependencies,
): Promise<{ readonly workers: readonly [Worker, Worker]; readonly connection: NativeConnection }> {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const activities = createActivities(dependencies);
  const sweep: SweepActivities = { sweepCanaryMappings: sweepCanaryMappings(dependencies) };
  const begin: Pick<CanaryRolloutActivities, 'observeRollout'> = {
    observeRollout: (run) => activities.observeRollout(run),
  };
  const admission = new Admission();
  const connection = await NativeConnection.connect(connectionOptions);
  const common = {
    connection,
    namespace: namespace ?? 'default',
    shutdownGraceTime: SHUTDOWN_GRACE,
    maxHeartbeatThrottleInterval: HEARTBEAT_INTERVAL,
    interceptors: { activity: [admission.interceptor] },
  };
  try {
    const worker = await Worker.create({
      ...common,
      taskQueue,
      workflowBundle: { codePath: fileURLToPath(import.meta.resolve('@weir/workflows/bundle')) },
      activities: { ...activities, ...sweep },
      stickyQueueScheduleToStartTimeout: STICKY_TIMEOUT,
      maxCachedWorkflows: MAX_CACHED_RUNS,
      maxConcurrentWorkflowTaskExecutions: MAX_WORKFLOW_TASKS,
      maxConcurrentActivityTaskExecutions: MAX_ACTIVITIES,
    });
    const beginning = await Worker.create({
      ...common,
      taskQueue: beginTaskQueue(taskQueue),
      activities: begin,
      // Each poll has a slot before it has a task: with one poll, one run at most begins that was not to.
      activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 1 },
      tuner: {
        activityTaskSlotSupplier: admission.slots,
        workflowTaskSlotSupplier: UNUSED,
        localActivityTaskSlotSupplier: UNUSED,
        nexusTaskSlotSupplier: UNUSED,
      },
    });
    return { workers: [worker, beginning], connection };
  } catch (error) {
    await connection.close().catch((inUse: unknown) => {
      // By the first worker, where the second could not be made: both say why.
      throw new AggregateError([error, inUse], 'the Temporal workers could not be made');
    });
    throw error;
  }
}
