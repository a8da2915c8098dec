import { describe, expect, test } from '@jest/globals';
import { defaultPayloadConverter } from '@temporalio/common';
import { firedTimers } from './fired-timers.ts';

type History = Parameters<typeof firedTimers>[0];
type Event = NonNullable<History['events']>[number];

const at = (milliseconds: number) => ({
  seconds: Math.floor(milliseconds / 1_000),
  nanos: (milliseconds % 1_000) * 1e6,
});
const started = (eventId: number, atMs: number, durationMs: number, summary?: string): Event =>
  ({
    eventId,
    eventTime: at(atMs),
    timerStartedEventAttributes: { timerId: String(eventId), startToFireTimeout: at(durationMs) },
    ...(summary !== undefined && { userMetadata: { summary: defaultPayloadConverter.toPayload(summary) } }),
  }) as unknown as Event;
const fired = (eventId: number, atMs: number, startedEventId: number): Event =>
  ({ eventId, eventTime: at(atMs), timerFiredEventAttributes: { startedEventId } }) as unknown as Event;

describe('timers in a history', () => {
  test('given one that fired, then it was due when its duration was over', () => {
    const events = [started(5, 1_000, 2_500, 'step 2: pause at 30 %'), fired(9, 3_542, 5)];
    expect(firedTimers({ events })).toEqual([{ summary: 'step 2: pause at 30 %', dueAtMs: 3_500, firedAtMs: 3_542 }]);
  });

  test('given one that was cancelled, and events that are no timers, then there is nothing', () => {
    const events = [started(5, 1_000, 2_500), { eventId: 6, timerCanceledEventAttributes: {} } as unknown as Event];
    expect(firedTimers({ events })).toEqual([]);
  });

  test('given one without a summary, then it is empty', () => {
    expect(firedTimers({ events: [started(1, 0, 50), fired(2, 60, 1)] })).toMatchObject([
      { summary: '', dueAtMs: 50, firedAtMs: 60 },
    ]);
  });
});
