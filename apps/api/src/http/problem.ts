/** What can go wrong, by the last part of a problem's `type`. Stable, for machines. */
export const PROBLEMS = {
  malformedBody: { status: 400, title: 'The body cannot be read' },
  malformedRequest: { status: 400, title: 'The request cannot be read' },
  foreignHost: { status: 403, title: 'The Host header names another host' },
  foreignOrigin: { status: 403, title: 'The request comes from a page of another site' },
  notFound: { status: 404, title: 'There is no such thing' },
  methodNotAllowed: { status: 405, title: 'This address does not take that method' },
  requestTimeout: { status: 408, title: 'The request did not come to its end' },
  otherController: { status: 409, title: 'Another controller owns the Rollout' },
  fieldConflict: { status: 409, title: 'Somebody else owns a field' },
  beingDeleted: { status: 409, title: 'The Rollout is being deleted' },
  changedMeanwhile: { status: 409, title: 'The object has changed' },
  notRunning: { status: 409, title: 'The rollout is not running' },
  commandRefused: { status: 409, title: 'The rollout cannot take this command now' },
  listExpired: { status: 410, title: 'The list is too old to go on with' },
  tooLarge: { status: 413, title: 'The body is too large' },
  unsupportedMediaType: { status: 415, title: 'The body has a type that is not taken here' },
  invalidParameter: { status: 422, title: 'A parameter is not valid' },
  invalidManifest: { status: 422, title: 'The manifest is not valid' },
  invalidCommand: { status: 422, title: 'The command is not valid' },
  headersTooLarge: { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'Something went wrong here' },
  clusterRefused: { status: 502, title: 'The cluster refuses what the API must do' },
  temporalRefused: { status: 502, title: 'Temporal does not do what the API asks for' },
  kubernetesUnavailable: { status: 503, title: 'Kubernetes cannot be reached' },
  temporalUnavailable: { status: 503, title: 'Temporal cannot be reached' },
  notReady: { status: 503, title: 'The API is not ready' },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>;

export type ProblemKind = keyof typeof PROBLEMS;

/** One bad field or parameter: where, and what would be right. */
export interface ProblemField {
  readonly path: string;
  readonly message: string;
}

export interface ProblemExtras {
  readonly errors?: readonly ProblemField[];
  readonly retryAfterSeconds?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Members of the document beyond those of RFC 9457. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** A refusal or failure as the caller will see it: an RFC 9457 problem document. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly title: string;

  constructor(
    readonly kind: ProblemKind,
    readonly detail: string,
    readonly extras: ProblemExtras = {},
  ) {
    super(detail, extras.cause === undefined ? {} : { cause: extras.cause });
    ({ status: this.status, title: this.title } = PROBLEMS[kind]);
  }
}

/** By name: a test file has its own module registry. */
export function isProblem(error: unknown): error is Problem {
  return error instanceof Error && error.name === 'Problem' && 'kind' in error;
}

/** An RFC 9457 document. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly errors?: readonly ProblemField[];
  readonly id?: string;
  readonly [member: string]: unknown;
}

/** `urn:weir:problem:field-conflict` */
export function problemType(kind: ProblemKind): string {
  return `urn:weir:problem:${kind.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** As many as a person may want to see at once; the rest shows when these are mended. */
const MAX_ERRORS = 100;
/** Of a detail, which lists what is wrong: two screens. */
const MAX_DETAIL_LENGTH = 4_000;
/** Of the path or the message of one error; names of Kubernetes have at most 253 characters, and a path has a few. */
const MAX_TEXT_LENGTH = 500;

/**
 * However much somebody sent, the answer is short: at most 100 errors, and texts that are cut.
 *
 * @param instance - path of the request
 * @param id - goes into the log too; for failures that are not the caller's
 */
export function toProblemDocument(problem: Problem, instance: string, id?: string): ProblemDocument {
  const { kind, title, status, detail, extras } = problem;
  return {
    type: problemType(kind),
    title,
    status,
    detail: shortened(detail, MAX_DETAIL_LENGTH),
    instance,
    ...extras.members,
    ...(extras.errors !== undefined && { errors: extras.errors.slice(0, MAX_ERRORS).map(shortenedField) }),
    ...(id !== undefined && { id }),
  };
}

function shortenedField({ path, message }: ProblemField): ProblemField {
  return { path: shortened(path, MAX_TEXT_LENGTH), message: shortened(message, MAX_TEXT_LENGTH) };
}

function shortened(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max)}… (${text.length} characters)`;
}
