import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowHandle,
} from '@temporalio/client';
import {
  SIGNALS,
  UPDATES,
  WORKFLOW_TYPE,
  type CanaryRolloutInput,
  type CommandAnswer,
  type CommandPayload,
  type SpecChanged,
} from '@weir/contract';
import { workflowId, type RolloutRef } from '@weir/rollout';

/**
 * A workflow task of ours takes milliseconds, and a third of a second where a whole history is replayed (300 events at most). A
 * worker that dies in the middle of one is noticed after this long; the server's default of 10 s would hold a weight back for as
 * long.
 */
const WORKFLOW_TASK_TIMEOUT = '2500 milliseconds';

export type UpdateName = keyof typeof UPDATES;

/** The runs of Rollouts: the only place that starts or messages one. */
export class RolloutRuns {
  constructor(
    private readonly client: Client,
    private readonly taskQueue: string,
  ) {}

  /** Tells the open run of a Rollout that something changed, or starts one. One call, so that nothing falls between. */
  async tell(rollout: RolloutRef, change: SpecChanged): Promise<void> {
    await this.client.workflow.signalWithStart(WORKFLOW_TYPE, {
      ...this.startOptions(rollout),
      signal: SIGNALS.specChanged,
      signalArgs: [change],
    });
  }

  /** Tells the open run of a Rollout that is gone; without one there is nobody whom it concerns. */
  async tellIfOpen(rollout: RolloutRef, change: SpecChanged): Promise<void> {
    await ifOpen(this.handle(rollout).signal(SIGNALS.specChanged, change));
  }

  /** Aborts the open run of a Rollout; without one there is nothing to abort. */
  async abortIfOpen(rollout: RolloutRef, payload: CommandPayload): Promise<void> {
    await ifOpen(this.abort(rollout, payload));
  }

  /** Starts a run that tries an aborted revision again. A run that is open takes it as a message. */
  async retry(rollout: RolloutRef, payload: CommandPayload): Promise<void> {
    await this.client.workflow.signalWithStart(WORKFLOW_TYPE, {
      ...this.startOptions(rollout),
      signal: SIGNALS.retry,
      signalArgs: [payload],
    });
  }

  /**
   * Aborts the open run. A signal: it is stored even when no worker is up.
   *
   * @throws WorkflowNotFoundError when no run is open
   */
  async abort(rollout: RolloutRef, payload: CommandPayload): Promise<void> {
    await this.handle(rollout).signal(SIGNALS.abort, payload);
  }

  /**
   * Starts a run that takes home what a run before it left: it is aborted before it begins. An open run is not touched,
   * whatever it does: only it knows what is right.
   *
   * @returns whether it was started; false when a run is open
   */
  async bringHome(rollout: RolloutRef, payload: CommandPayload): Promise<boolean> {
    try {
      await this.client.workflow.start(WORKFLOW_TYPE, {
        ...this.startOptions(rollout, { rollout, abort: payload }),
        workflowIdConflictPolicy: 'FAIL',
      });
      return true;
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) {
        return false;
      }
      throw error;
    }
  }

  /**
   * Gives a command to the open run and waits for the answer until the client's deadline.
   *
   * @throws WorkflowNotFoundError when no run is open; WorkflowUpdateFailedError with the refusal when it is not taken;
   *   WorkflowUpdateRPCTimeoutOrCancelledError when no worker answered: it may still be taken later, under the same id
   */
  command(rollout: RolloutRef, name: UpdateName, payload: CommandPayload, updateId: string): Promise<CommandAnswer> {
    return this.handle(rollout).executeUpdate<CommandAnswer, [CommandPayload]>(UPDATES[name], {
      args: [payload],
      updateId,
    });
  }

  /** How the newest run of that id stands, by Temporal's name, such as `RUNNING`; undefined: Temporal knows none. */
  async statusOf(id: string): Promise<string | undefined> {
    try {
      return (await this.client.workflow.getHandle(id).describe()).status.name;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) {
        return undefined;
      }
      throw error;
    }
  }

  /** Workflow ids of the open runs of this installation, from Temporal's visibility store, which lags a little. */
  async open(): Promise<string[]> {
    const taskQueue = this.taskQueue.replace(/['\\]/g, '\\$&');
    const query = `WorkflowType = '${WORKFLOW_TYPE}' AND TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Running'`;
    const ids: string[] = [];
    for await (const run of this.client.workflow.list({ query })) {
      ids.push(run.workflowId);
    }
    return ids;
  }

  /** Asks the open run of that id to look at the cluster again, whatever its Rollout is by now. */
  async lookAgain(id: string): Promise<void> {
    const change: SpecChanged = { uid: '', generation: 0, lookAgain: true };
    await ifOpen(this.client.workflow.getHandle(id).signal(SIGNALS.specChanged, change));
  }

  /** The newest run of a Rollout, or the one with `runId`. */
  handle(rollout: RolloutRef, runId?: string): WorkflowHandle {
    return this.client.workflow.getHandle(workflowId(rollout), runId);
  }

  private startOptions(rollout: RolloutRef, input: CanaryRolloutInput = { rollout }) {
    return {
      workflowId: workflowId(rollout),
      taskQueue: this.taskQueue,
      args: [input],
      workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
      staticSummary: `canary of Rollout ${rollout.namespace}/${rollout.name}`,
      staticDetails: `Started by Weir for Rollout \`${rollout.name}\` in namespace \`${rollout.namespace}\`.`,
    } as const;
  }
}

async function ifOpen(message: Promise<void>): Promise<void> {
  try {
    await message;
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) {
      throw error;
    }
  }
}
