import { eventTypeName, toIso } from '../temporal/proto-values.ts';
import { ACTIVITY_DECODERS } from './activity-events.ts';
import { LIFECYCLE_DECODERS } from './lifecycle-events.ts';
import { MESSAGE_DECODERS } from './message-events.ts';
import type { Decoder, HistoryEvent, RunEvent, Seen } from './run-event.ts';

const DECODERS: ReadonlyMap<string, Decoder> = new Map(
  Object.entries({ ...LIFECYCLE_DECODERS, ...ACTIVITY_DECODERS, ...MESSAGE_DECODERS }),
);

/** A run's history in words, in its order. Pure. An event of a type that is not known is shown by its type. */
export function decodeHistory(events: readonly HistoryEvent[]): RunEvent[] {
  const seen: Seen = { activities: new Map(), timers: new Map(), updates: new Map() };
  return events.flatMap((event) => decodeEvent(event, seen));
}

function decodeEvent(event: HistoryEvent, seen: Seen): RunEvent[] {
  const type = eventTypeName(event.eventType);
  const decoder = DECODERS.get(type);
  const described = decoder === undefined ? { what: type, who: 'temporal' } : decoder(event, seen);
  if (described === undefined) {
    return [];
  }
  const { what, who, why, details = {} } = described;
  const time = toIso(event.eventTime) ?? '';
  return [{ id: Number(event.eventId), time, type, what, who, why: why ?? null, details }];
}
