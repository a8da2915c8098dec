import type { RolloutEvent } from '@weir/contract';

/** Kubernetes takes 1,024 characters for the note of an Event. */
const MAX_MESSAGE = 1_000;

/**
 * What is told at once and for one reason is one Event with a count, as client-go's recorder does it: a run that goes through its
 * steps in a second is one line a reason in `kubectl describe`. Each has the id of its last: a report that could be written
 * only in part repeats something rather than to leave it out.
 */
export function combined(events: readonly RolloutEvent[]): readonly RolloutEvent[] {
  return events.reduce<readonly RolloutEvent[]>((told, event) => {
    const index = told.findLastIndex(({ type, reason }) => type === event.type && reason === event.reason);
    const before = told[index];
    const message = `${before?.message}; ${event.message}`;
    return before === undefined || message.length > MAX_MESSAGE
      ? [...told, event]
      : told.with(index, {
          ...event,
          firstAtMs: before.firstAtMs ?? before.atMs,
          count: (before.count ?? 1) + 1,
          message,
        });
  }, []);
}
