import proto from '@temporalio/proto';

/** Seconds and nanoseconds as protobuf has them; seconds are a 64-bit Long. */
export interface ProtoTime {
  readonly seconds?: { toNumber(): number } | null;
  readonly nanos?: number | null;
}

/** Milliseconds since the epoch, or of a duration. */
export function toMs({ seconds, nanos }: ProtoTime): number {
  return (seconds?.toNumber() ?? 0) * 1_000 + Math.floor((nanos ?? 0) / 1e6);
}

/** RFC 3339 with milliseconds; undefined for a time that is not set. */
export function toIso(time: ProtoTime | null | undefined): string | undefined {
  return time === null || time === undefined ? undefined : new Date(toMs(time)).toISOString();
}

const { WorkflowExecutionStatus, EventType } = proto.temporal.api.enums.v1;

/** `COMPLETED`; spelled as Temporal's client spells it (CANCELLED). */
export function statusName(status: number | null | undefined): string {
  const name = WorkflowExecutionStatus[status ?? 0]?.replace('WORKFLOW_EXECUTION_STATUS_', '') ?? 'UNKNOWN';
  return name === 'CANCELED' ? 'CANCELLED' : name;
}

/** `TIMER_STARTED`; the bare number for a type that this version does not know. */
export function eventTypeName(type: number | null | undefined): string {
  return EventType[type ?? 0]?.replace('EVENT_TYPE_', '') ?? `type ${type}`;
}
