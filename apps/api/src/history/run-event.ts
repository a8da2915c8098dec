import type { temporal } from '@temporalio/proto';

export type HistoryEvent = temporal.api.history.v1.IHistoryEvent;
export type Failure = temporal.api.failure.v1.IFailure;

/** One event of a run in words. */
export interface RunEvent {
  readonly id: number;
  /** RFC 3339 with milliseconds. */
  readonly time: string;
  /** Temporal's name of the event type. */
  readonly type: string;
  readonly what: string;
  /** The actor of a command, `worker …` or `client …` with Temporal's identity, `workflow`, or `temporal`. */
  readonly who: string;
  /** The reason that was given, or the summary of what was begun. */
  readonly why: string | null;
  /** Payloads, decoded, and what else belongs to the event. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** What a decoder makes of an event. */
export interface Described {
  readonly what: string;
  readonly who: string;
  readonly why?: string | undefined;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** What later events refer to by the number of an earlier one. */
export interface Seen {
  readonly activities: Map<
    number,
    { readonly name: string; readonly input: unknown; readonly summary?: string | undefined }
  >;
  readonly timers: Map<number, { readonly summary?: string | undefined; readonly durationMs: number }>;
  readonly updates: Map<number, { readonly name: string; readonly input: unknown }>;
}

/** @returns undefined for an event that says nothing to a person, which is left out */
export type Decoder = (event: HistoryEvent, seen: Seen) => Described | undefined;

export function worker(identity: string | null | undefined): string {
  return identity ? `worker ${identity}` : 'worker';
}

export function client(identity: string | null | undefined): string {
  return identity ? `client ${identity}` : 'client';
}
