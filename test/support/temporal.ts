import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';
import { SEARCH_ATTRIBUTES, beginTaskQueue, type CanaryRolloutActivities } from '@weir/contract';
import { ensureServers } from '@weir/sandbox';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';

/** The workflow as it is shipped. */
export const WORKFLOW_BUNDLE = fileURLToPath(new URL('../../workflows/dist/workflow-bundle.js', import.meta.url));

/** Without these a timer of the dev server is up to 1 s late, and an activity costs 110 ms (facts/temporal.md 0). */
const LOW_LATENCY = [
  'history.transferProcessorMaxPollRPS=1000',
  'history.timerProcessorMaxPollRPS=1000',
  'history.timerProcessorMaxTimeShift="10ms"',
  'system.enableActivityEagerExecution=true',
];

let runtimeInstalled = false;

/** A real Temporal server of this test file's own. */
export async function startTemporal(): Promise<TestWorkflowEnvironment> {
  quiet();
  const { temporal } = await ensureServers();
  return TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: temporal },
      extraArgs: LOW_LATENCY.flatMap((value) => ['--dynamic-config-value', value]),
      searchAttributes: Object.values(SEARCH_ATTRIBUTES).map(({ name, type }) =>
        type === 'KEYWORD'
          ? defineSearchAttributeKey(name, SearchAttributeType.KEYWORD)
          : defineSearchAttributeKey(name, SearchAttributeType.INT),
      ),
    },
  });
}

/** What the SDK and the workflows have warned of in this process, each with its attributes as JSON. */
export const warnings: string[] = [];

/** The SDK's runtime is one a process; its warnings are about what the tests do on purpose. */
export function quiet(): void {
  if (!runtimeInstalled) {
    runtimeInstalled = true;
    const logger = new DefaultLogger('WARN', ({ message, meta }) => {
      warnings.push(`${message} ${JSON.stringify(meta)}`);
    });
    Runtime.install({ logger, shutdownSignals: [] });
  }
}

export interface StartedWorker {
  readonly taskQueue: string;
  runUntil<T>(body: () => Promise<T>): Promise<T>;
}

/** A worker with the shipped workflow and these activities, on a task queue of its own; runs begin at once. */
export async function startWorker(
  environment: TestWorkflowEnvironment,
  activities: CanaryRolloutActivities,
  options: Partial<WorkerOptions> = {},
): Promise<StartedWorker> {
  const taskQueue = randomUUID();
  const common = { connection: environment.nativeConnection, activities: { ...activities } };
  const [worker, beginning] = await Promise.all([
    Worker.create({ ...common, taskQueue, workflowBundle: { codePath: WORKFLOW_BUNDLE }, ...options }),
    Worker.create({ ...common, taskQueue: beginTaskQueue(taskQueue) }),
  ]);
  return { taskQueue, runUntil: (body) => beginning.runUntil(() => worker.runUntil(body)) };
}
