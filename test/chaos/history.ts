import { defaultPayloadConverter } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';
import type { Client } from '@temporalio/client';
import { setTimeout as delay } from 'node:timers/promises';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

/** How soon a run that is started is found: a pause begins half a second later at the earliest. */
const LOOK_MS = 30;

export interface StartedTimer {
  readonly id: string;
  /** Its summary; several may have the same. */
  readonly name: string;
  readonly startedMs: number;
  readonly dueMs: number;
}

export interface TimerNews {
  readonly onStarted: (timer: StartedTimer) => void;
  readonly onCancelled: (id: string) => void;
}

/** An activity of a history, by the times of its attempt that succeeded. */
export interface DoneActivity {
  readonly type: string;
  readonly startedMs: number;
  readonly closedMs: number;
}

export interface RecordedHistory {
  readonly activities: readonly DoneActivity[];
  readonly timers: readonly (StartedTimer & { readonly fired: boolean })[];
}

/** Tells of timers as they are started in a run, and in those that go on from it, until the signal or the end of the run. */
export async function followTimers(
  { workflowService, options: { namespace } }: Client,
  execution: { readonly workflowId: string; readonly runId: string },
  news: TimerNews,
  signal: AbortSignal,
): Promise<void> {
  let { runId } = execution;
  let nextPageToken: Uint8Array | undefined;
  while (!signal.aborted) {
    const { history, nextPageToken: next } = await workflowService.getWorkflowExecutionHistory({
      namespace,
      execution: { workflowId: execution.workflowId, runId },
      waitNewEvent: true,
      ...(nextPageToken && { nextPageToken }),
    });
    const events = history?.events ?? [];
    events.forEach((event) => tell(event, news));
    const followed = events.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
    if (followed) {
      runId = followed;
    } else if (!next?.length) {
      return;
    }
    nextPageToken = followed ? undefined : (next ?? undefined);
  }
}

/** The run that is opened next. */
export async function nextRun(
  client: Client,
  workflowId: string,
  known: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  for (;;) {
    const runId = await newestRun(client, workflowId);
    if (runId !== undefined && runId !== known) {
      return runId;
    }
    await delay(LOOK_MS, undefined, { signal });
  }
}

/** undefined: Temporal knows none, or cannot be asked now. */
export async function newestRun(client: Client, workflowId: string): Promise<string | undefined> {
  return client.workflow
    .getHandle(workflowId)
    .describe()
    .then(({ runId }) => runId)
    .catch(() => undefined);
}

export function readHistory(events: readonly HistoryEvent[]): RecordedHistory {
  const fired = new Set(events.map(({ timerFiredEventAttributes: fire }) => fire?.timerId).filter(Boolean));
  const byId = new Map(events.map((event) => [String(event.eventId), event]));
  const activities = events.flatMap((event) => {
    const { activityTaskCompletedEventAttributes: completed } = event;
    const scheduled = byId.get(String(completed?.scheduledEventId));
    const started = byId.get(String(completed?.startedEventId));
    const type = scheduled?.activityTaskScheduledEventAttributes?.activityType?.name;
    return completed && started && type
      ? [{ type, startedMs: timeOf(started.eventTime), closedMs: timeOf(event.eventTime) }]
      : [];
  });
  const timers = events.flatMap((event) => {
    const timer = timerOf(event);
    return timer === undefined ? [] : [{ ...timer, fired: fired.has(timer.id) }];
  });
  return { activities, timers };
}

function tell(event: HistoryEvent, { onStarted, onCancelled }: TimerNews): void {
  const timer = timerOf(event);
  if (timer !== undefined) {
    onStarted(timer);
  }
  const cancelled = event.timerCanceledEventAttributes?.timerId;
  if (cancelled) {
    onCancelled(cancelled);
  }
}

function timerOf({
  timerStartedEventAttributes: started,
  eventTime,
  userMetadata,
}: HistoryEvent): StartedTimer | undefined {
  if (!started) {
    return undefined;
  }
  const startedMs = timeOf(eventTime);
  const summary = userMetadata?.summary;
  const name = summary ? defaultPayloadConverter.fromPayload<string>(summary) : 'timer';
  return { id: started.timerId ?? '', name, startedMs, dueMs: startedMs + timeOf(started.startToFireTimeout) };
}

function timeOf(time: temporal.api.history.v1.IHistoryEvent['eventTime']): number {
  return Number(time?.seconds ?? 0) * 1_000 + Math.floor((time?.nanos ?? 0) / 1e6);
}
