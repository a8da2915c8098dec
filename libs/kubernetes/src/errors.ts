/**
 * Kinds of failure of a Kubernetes request, classified once, here (design, "Errors").
 * - `notFound`: the object is not there
 * - `notServed`: the collection is not: the API version is not served
 * - `conflict`: another write came first, or another field manager owns a field
 * - `invalid`, `forbidden`: final for a step
 * - `unavailable`: the same request may go through later (429, 5xx, connection, conversion webhook, time-out)
 */
export type KubernetesErrorKind = 'notFound' | 'notServed' | 'conflict' | 'invalid' | 'forbidden' | 'unavailable';

/** A failed request to the Kubernetes API, with what the API server said. */
export class KubernetesError extends Error {
  override readonly name = 'KubernetesError';

  constructor(
    readonly kind: KubernetesErrorKind,
    message: string,
    /** HTTP status; undefined when no answer came. */
    readonly status?: number,
    /** From Retry-After, in milliseconds. */
    readonly retryAfterMs?: number,
    /** `details.causes` of the API server's Status: one a bad field or conflicting manager. */
    readonly causes: readonly StatusCause[] = [],
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

interface Status {
  readonly message?: string;
  readonly reason?: string;
  readonly details?: { readonly name?: string; readonly causes?: readonly StatusCause[] };
}

/** Classifies an answer that is not 2xx. `what` names the request: `PATCH mappings default/app`. */
export function fromAnswer(
  what: string,
  status: number,
  body: string,
  retryAfter: string | undefined,
): KubernetesError {
  const answer = parseStatus(body);
  const message = `${what}: ${status} ${answer?.message ?? body.slice(0, 300)}`.trim();
  return new KubernetesError(
    kindOf(status, answer),
    message,
    status,
    parseRetryAfterMs(retryAfter),
    answer?.details?.causes,
  );
}

/** A request that got no answer: refused, reset, timed out. */
export function fromFault(what: string, cause: unknown): KubernetesError {
  const text = cause instanceof Error ? rootMessage(cause) : String(cause);
  return new KubernetesError('unavailable', `${what}: ${text}`, undefined, undefined, [], { cause });
}

export function isKubernetesError(error: unknown, kind?: KubernetesErrorKind): error is KubernetesError {
  // By name: instances may come from another module registry (jest gives each test file its own).
  return (
    error instanceof Error &&
    error.name === 'KubernetesError' &&
    (kind === undefined || (error as KubernetesError).kind === kind)
  );
}

function kindOf(status: number, answer: Status | undefined): KubernetesErrorKind {
  switch (status) {
    case 401:
    case 403:
      return 'forbidden';
    case 404:
      // The API server names the object that is missing; a path that it does not serve has no name to give.
      return answer?.details?.name === undefined ? 'notServed' : 'notFound';
    case 409:
      return 'conflict';
    case 408:
    case 429:
      return 'unavailable';
    default:
      return status >= 500 ? 'unavailable' : 'invalid';
  }
}

function parseStatus(body: string): Status | undefined {
  try {
    return JSON.parse(body) as Status;
  } catch {
    return undefined;
  }
}

function parseRetryAfterMs(value: string | undefined): number | undefined {
  const seconds = Number(value);
  return value !== undefined && Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined;
}

function rootMessage(error: Error): string {
  return error.cause instanceof Error ? `${error.message}: ${rootMessage(error.cause)}` : error.message;
}
