import type { Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import {
  SEARCH_ATTRIBUTES,
  STATE_QUERY,
  type CommandAnswer,
  type CommandPayload,
  type RunState,
  type SpecChanged,
} from '@weir/contract';
import { workflowId, type RolloutRef, type Run } from '@weir/rollout';
import { installationOf, type RolloutRuns, type UpdateName } from '@weir/temporal';
import { statusName, toIso } from './proto-values.ts';
import { TemporalFault, classify } from './temporal-fault.ts';

export type History = temporal.api.history.v1.IHistory;

/** A message that matters: most of the 10 s that a request may take, less what Kubernetes may have used before. */
export const MESSAGE_TIMEOUT_MS = 4_500;
/** A read beside an answer that is worth having without it. */
export const GLANCE_TIMEOUT_MS = 1_000;
/** Asking whether Temporal is there at all, after a call that got no answer. */
const PROBE_TIMEOUT_MS = 500;

/** One run as Temporal lists it. */
export interface RunInfo {
  readonly workflowId: string;
  readonly runId: string;
  readonly status: string;
  readonly startedAt: string;
  readonly closedAt: string | null;
}

export interface RunPage {
  readonly runs: readonly RunInfo[];
  /** Empty: the last page. */
  readonly nextToken: Uint8Array;
}

/** Temporal, as the API needs it: every call has a deadline, and every failure is a `TemporalFault` or a refusal. */
export class RunGateway {
  constructor(
    private readonly client: Client,
    private readonly runs: RolloutRuns,
  ) {}

  get namespace(): string {
    return this.client.options.namespace;
  }

  tell(rollout: RolloutRef, change: SpecChanged): Promise<void> {
    return this.call(MESSAGE_TIMEOUT_MS, () => this.runs.tell(rollout, change));
  }

  abort(rollout: RolloutRef, payload: CommandPayload): Promise<void> {
    return this.call(MESSAGE_TIMEOUT_MS, () => this.runs.abort(rollout, payload));
  }

  /** Starts a run that only takes home what another left; false when one is open. */
  bringHome(rollout: RolloutRef, payload: CommandPayload): Promise<boolean> {
    return this.call(MESSAGE_TIMEOUT_MS, () => this.runs.bringHome(rollout, payload));
  }

  retry(rollout: RolloutRef, payload: CommandPayload): Promise<void> {
    return this.call(MESSAGE_TIMEOUT_MS, () => this.runs.retry(rollout, payload));
  }

  /** @throws WorkflowUpdateFailedError as it is, when the run refuses */
  command(rollout: RolloutRef, name: UpdateName, payload: CommandPayload, updateId: string): Promise<CommandAnswer> {
    // 5 s, after which the answer is that it may still be taken (design, "Messages").
    return this.call(5_000, () => this.runs.command(rollout, name, payload, updateId));
  }

  /** What the newest run says of itself after all that it was sent; undefined when no worker says it at once. */
  async state(rollout: RolloutRef): Promise<Run | undefined> {
    try {
      const query = () => this.runs.handle(rollout).query<RunState>(STATE_QUERY);
      return (await this.call(GLANCE_TIMEOUT_MS, query)).run;
    } catch {
      return undefined;
    }
  }

  /** The newest run; undefined when there is none. */
  async newest(rollout: RolloutRef): Promise<RunInfo | undefined> {
    try {
      const { runId, status, startTime, closeTime } = await this.call(GLANCE_TIMEOUT_MS, () =>
        this.runs.handle(rollout).describe(),
      );
      return {
        workflowId: workflowId(rollout),
        runId,
        status: status.name,
        startedAt: startTime.toISOString(),
        closedAt: closeTime?.toISOString() ?? null,
      };
    } catch (error) {
      if (error instanceof TemporalFault && error.kind === 'notFound') {
        return undefined;
      }
      throw error;
    }
  }

  /** Runs of a Rollout from Temporal's visibility store, which lags a little. */
  list(rollout: RolloutRef, pageSize: number, nextPageToken: Uint8Array): Promise<RunPage> {
    const query = `WorkflowId = '${workflowId(rollout).replace(/['\\]/g, '\\$&')}'`;
    return this.call(MESSAGE_TIMEOUT_MS, async () => {
      const page = await this.client.workflowService.listWorkflowExecutions({
        namespace: this.namespace,
        query,
        pageSize,
        nextPageToken,
      });
      return { runs: page.executions.map(toRunInfo), nextToken: page.nextPageToken };
    });
  }

  /** What a completed run returned. */
  result(rollout: RolloutRef, runId: string): Promise<unknown> {
    return this.call(GLANCE_TIMEOUT_MS, () =>
      this.client.workflow.result(workflowId(rollout), runId, { followRuns: false }),
    );
  }

  history(rollout: RolloutRef, runId: string): Promise<History> {
    return this.call(MESSAGE_TIMEOUT_MS, () => this.runs.handle(rollout, runId).fetchHistory());
  }

  /** The installation as canary Mappings carry it. */
  installation(taskQueue: string): Promise<string> {
    return this.call(MESSAGE_TIMEOUT_MS, () => installationOf(this.client, taskQueue));
  }

  /** Search attributes of a run that Temporal does not know; a run that sets one would be stuck. */
  missingSearchAttributes(): Promise<readonly string[]> {
    return this.call(GLANCE_TIMEOUT_MS, async () => {
      const { operatorService } = this.client.connection;
      const { customAttributes } = await operatorService.listSearchAttributes({ namespace: this.namespace });
      return Object.values(SEARCH_ATTRIBUTES)
        .map(({ name }) => name)
        .filter((name) => !(name in (customAttributes ?? {})));
    });
  }

  /** Whether Temporal answers at all: a call without an answer may wait for a worker, or for Temporal. */
  async isThere(): Promise<boolean> {
    try {
      await this.client.withDeadline(Date.now() + PROBE_TIMEOUT_MS, () =>
        this.client.workflowService.getSystemInfo({}),
      );
      return true;
    } catch {
      return false;
    }
  }

  private async call<T>(timeoutMs: number, body: () => Promise<T>): Promise<T> {
    try {
      return await this.client.withDeadline(Date.now() + timeoutMs, body);
    } catch (error) {
      throw classify(error) ?? error;
    }
  }
}

function toRunInfo(info: temporal.api.workflow.v1.IWorkflowExecutionInfo): RunInfo {
  return {
    workflowId: info.execution?.workflowId ?? '',
    runId: info.execution?.runId ?? '',
    status: statusName(info.status),
    startedAt: toIso(info.startTime) ?? '',
    closedAt: toIso(info.closeTime) ?? null,
  };
}
