import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
type Event = NonNullable<History['events']>[number];
type Timestamp = NonNullable<Event['eventTime']>;

/** A durable timer that came to its end. Times are milliseconds since 1970, by the Temporal server's clock. */
export interface FiredTimer {
  /** What the workflow said it is for. */
  readonly summary: string;
  readonly dueAtMs: number;
  readonly firedAtMs: number;
}

/** Those that were not cancelled before, in the order in which they fired. */
export function firedTimers({ events }: History): FiredTimer[] {
  const started = new Map<string, { readonly summary: string; readonly dueAtMs: number }>();
  return (events ?? []).flatMap((event) => {
    const { timerStartedEventAttributes: start, timerFiredEventAttributes: fired } = event;
    if (start) {
      const dueAtMs = millisecondsOf(event.eventTime) + millisecondsOf(start.startToFireTimeout);
      started.set(String(event.eventId), { summary: summaryOf(event), dueAtMs });
    }
    const timer = fired ? started.get(String(fired.startedEventId)) : undefined;
    return timer === undefined ? [] : [{ ...timer, firedAtMs: millisecondsOf(event.eventTime) }];
  });
}

function summaryOf({ userMetadata }: Event): string {
  const payload = userMetadata?.summary;
  return payload ? defaultPayloadConverter.fromPayload<string>(payload) : '';
}

function millisecondsOf(time: Timestamp | null | undefined): number {
  return Number(time?.seconds ?? 0) * 1_000 + (time?.nanos ?? 0) / 1e6;
}
