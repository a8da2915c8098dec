/**
 * What can go wrong between the API and Temporal.
 * - `unreachable`: no connection; the call was not delivered
 * - `timedOut`: there was a connection and no answer in time; what became of the call is unknown
 * - `refused`: Temporal does not let us, or the namespace does not exist
 * - `notFound`: there is no such run, or none that is open
 * - `failed`: Temporal answered that it failed, or could not understand
 */
export type TemporalFaultKind = 'unreachable' | 'timedOut' | 'refused' | 'notFound' | 'failed';

/** A failed call to Temporal, classified once, in the gateway. */
export class TemporalFault extends Error {
  override readonly name = 'TemporalFault';

  constructor(
    readonly kind: TemporalFaultKind,
    message: string,
    cause: unknown,
  ) {
    super(message, { cause });
  }
}

export function isTemporalFault(error: unknown, kind?: TemporalFaultKind): error is TemporalFault {
  return (
    error instanceof Error &&
    error.name === 'TemporalFault' &&
    (kind === undefined || (error as TemporalFault).kind === kind)
  );
}

/** gRPC's numbers for what can be told apart here. */
const CANCELLED = 1;
const INVALID_ARGUMENT = 3;
const DEADLINE_EXCEEDED = 4;
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const RESOURCE_EXHAUSTED = 8;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

/** What gRPC says when there was nobody to send the call to. */
const NEVER_SENT = /No connection established|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|Name resolution failed/;

/** Classifies what a call to Temporal threw; undefined for an error that is not Temporal's. */
export function classify(error: unknown): TemporalFault | undefined {
  const names = chain(error).map(({ name }) => name);
  if (names.includes('NamespaceNotFoundError')) {
    return new TemporalFault('refused', `its namespace does not exist: ${messageOf(error)}`, error);
  }
  if (names.includes('WorkflowNotFoundError')) {
    return new TemporalFault('notFound', messageOf(error), error);
  }
  const status = chain(error).find((one): one is Error & { code: number } => typeof codeOf(one) === 'number');
  const said = status?.message.replace(/\. Resolution note: $/, '') ?? '';
  switch (status?.code) {
    case UNAVAILABLE:
      return NEVER_SENT.test(said)
        ? new TemporalFault('unreachable', `no connection to Temporal: ${said}`, error)
        : new TemporalFault('timedOut', `the connection to Temporal broke: ${said}`, error);
    case DEADLINE_EXCEEDED:
    case CANCELLED:
    case RESOURCE_EXHAUSTED:
      return new TemporalFault('timedOut', `Temporal did not answer in time: ${said}`, error);
    case NOT_FOUND:
    case INVALID_ARGUMENT:
      return new TemporalFault('notFound', said, error);
    case PERMISSION_DENIED:
    case UNAUTHENTICATED:
      return new TemporalFault('refused', `Temporal does not let the API in: ${said}`, error);
    case undefined:
      return undefined;
    default:
      return new TemporalFault('failed', `Temporal failed: ${said}`, error);
  }
}

function codeOf(error: Error): unknown {
  return (error as { code?: unknown }).code;
}

/** The error and its causes, outermost first. */
function chain(error: unknown): Error[] {
  const found: Error[] = [];
  for (let one = error; one instanceof Error && found.length < 10; one = one.cause) {
    found.push(one);
  }
  return found;
}

function messageOf(error: unknown): string {
  return chain(error).at(-1)?.message ?? String(error);
}
