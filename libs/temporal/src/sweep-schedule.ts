import {
  ScheduleAlreadyRunning,
  type Client,
  type ScheduleDescription,
  type ScheduleOptions,
  type ScheduleOverlapPolicy,
} from '@temporalio/client';
import { SWEEP_WORKFLOW_TYPE } from '@weir/contract';

/**
 * A run that somebody terminates leaves the cluster clean within a minute: half of that passes at most until the next sweep,
 * and the rest is for it to look and for the run that it starts. Oftener would only fill the namespace with histories, of
 * some ten events each, which are kept as long as its retention says.
 */
export const SWEEP_EVERY_MS = 30_000;
/** The next sweep finds what one has missed; the server takes no less. */
const CATCH_UP_MS = 10_000;
/** One that hangs would hold back all that follow. Longer than all of its tries together. */
const SWEEP_TIMEOUT_MS = 120_000;
/** Two sweeps at once would find the same. */
const OVERLAP: ScheduleOverlapPolicy = 'SKIP';

/** Id of the Schedule that sweeps for all workers of a task queue, and of its workflows before Temporal adds the time. */
export function sweepScheduleId(taskQueue: string): string {
  return `sweep/${taskQueue}`;
}

/**
 * The Schedule of the sweep is there and as it is to be. Any number of workers may ask for it at once. One that a person has
 * paused stays paused.
 */
export async function ensureSweepSchedule(client: Client, taskQueue: string): Promise<void> {
  const wanted = scheduleOf(taskQueue);
  try {
    await client.schedule.create(wanted);
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) {
      throw error;
    }
    const handle = client.schedule.getHandle(wanted.scheduleId);
    if (!isAsWanted(await handle.describe(), taskQueue)) {
      await handle.update(({ state }) => ({ ...wanted, state }));
    }
  }
}

/** Sweeps now, unless a sweep is under way. */
export async function sweepNow(client: Client, taskQueue: string): Promise<void> {
  await client.schedule.getHandle(sweepScheduleId(taskQueue)).trigger(OVERLAP);
}

function scheduleOf(taskQueue: string): ScheduleOptions {
  const scheduleId = sweepScheduleId(taskQueue);
  return {
    scheduleId,
    spec: { intervals: [{ every: SWEEP_EVERY_MS }] },
    policies: { overlap: OVERLAP, catchupWindow: CATCH_UP_MS },
    action: {
      type: 'startWorkflow',
      workflowType: SWEEP_WORKFLOW_TYPE,
      workflowId: scheduleId,
      taskQueue,
      args: [],
      workflowExecutionTimeout: SWEEP_TIMEOUT_MS,
      staticSummary: 'canary Mappings whose run was terminated or is gone',
    },
  };
}

/** By what tells one version of Weir's Schedule from another. */
function isAsWanted({ spec, policies, action }: ScheduleDescription, taskQueue: string): boolean {
  const facts = [
    [spec.intervals?.map(({ every }) => every).join(), String(SWEEP_EVERY_MS)],
    [policies.overlap, OVERLAP],
    [policies.catchupWindow, CATCH_UP_MS],
    [action.workflowType, SWEEP_WORKFLOW_TYPE],
    [action.taskQueue, taskQueue],
    [action.workflowExecutionTimeout, SWEEP_TIMEOUT_MS],
  ];
  return facts.every(([found, expected]) => found === expected);
}
