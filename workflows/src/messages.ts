import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import {
  SIGNALS,
  STATE_QUERY,
  UPDATES,
  type CommandAnswer,
  type CommandPayload,
  type RunState,
  type SpecChanged,
} from '@weir/contract';
import type { Command, CommandName, Revision } from '@weir/rollout';
import { Undecodable } from './payload-converter.ts';

export const specChanged = defineSignal<[SpecChanged]>(SIGNALS.specChanged);
export const stateQuery = defineQuery<RunState>(STATE_QUERY);

/** Payloads are unknown until they are read: a person in the Temporal UI may send anything. */
export const commandSignal = (name: CommandName) => defineSignal<[unknown]>(SIGNALS[name]);
export const commandUpdate = (name: keyof typeof UPDATES) => defineUpdate<CommandAnswer, [unknown]>(UPDATES[name]);

/** What is said of each message in the Temporal UI. */
export const DESCRIPTIONS: Readonly<Record<CommandName, string>> = {
  promote:
    'Ends the pause of the current step; {"full": true} goes all the way. Payload optional: {actor, reason, full, expectedStep}',
  abort: 'Takes all traffic back to stable and removes the canary Mappings. Payload optional: {actor, reason}',
  pause: 'Holds the rollout before its next step; the deadline of a pause stands. Payload optional: {actor, reason}',
  resume: 'Goes on after a pause command. Payload optional: {actor, reason}',
  skip: 'Ends the current step, whatever it is. Payload optional: {actor, reason, expectedStep}',
  retry: 'Tries an aborted revision again. Payload optional: {actor, reason}',
};

/** Whoever sends a message without saying who they are. */
export const UNNAMED_ACTOR = 'a Temporal client';

const FIELD_TYPES: Readonly<Record<keyof CommandPayload, string>> = {
  actor: 'string',
  reason: 'string',
  idempotencyKey: 'string',
  full: 'boolean',
  expectedStep: 'number',
};

/** As the REST API has them: these texts go into the status, into Events, and through every continue-as-new. */
const MAX_LENGTHS = {
  actor: 200,
  reason: 1_000,
  /** The API's keys carry the name of the command before the caller's 200 characters. */
  idempotencyKey: 250,
} as const satisfies Partial<Record<keyof CommandPayload, number>>;

/** A command from a payload; a text that says what is wrong with it otherwise. */
export function readCommand(name: CommandName, payload: unknown): Command | string {
  if (payload instanceof Undecodable) {
    return `the payload cannot be decoded: ${payload.problem}`;
  }
  const isObject = typeof payload === 'object' && !Array.isArray(payload) && !ArrayBuffer.isView(payload);
  if (payload !== undefined && !isObject) {
    return 'the payload must be an object, or nothing';
  }
  const fields = (payload ?? {}) as CommandPayload;
  const problem = Object.entries(FIELD_TYPES)
    .map(([field, type]) => wrong(fields[field as keyof CommandPayload], type, field))
    .concat(
      Object.entries(MAX_LENGTHS).map(([field, max]) => tooLong(fields[field as keyof typeof MAX_LENGTHS], max, field)),
    )
    .find((one) => one !== undefined);
  if (problem !== undefined) {
    return problem;
  }
  const { actor = UNNAMED_ACTOR, reason, full, expectedStep, idempotencyKey } = fields;
  return {
    name,
    actor,
    ...(reason !== undefined && { reason }),
    ...(full !== undefined && { full }),
    ...(expectedStep !== undefined && { expectedStep }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
  };
}

/** Why a `specChanged` payload cannot be used; undefined when it can. */
export function wrongSpecChanged(payload: unknown): string | undefined {
  const { uid, generation, lookAgain, revisions, mappings } = (payload ?? {}) as Record<string, unknown>;
  return (
    (uid === undefined ? 'uid is missing' : wrong(uid, 'string', 'uid')) ??
    (isCount(generation) ? undefined : 'generation must be a whole number') ??
    wrong(lookAgain, 'boolean', 'lookAgain') ??
    wrong(mappings, 'boolean', 'mappings') ??
    wrongRevisions(revisions)
  );
}

/** The end of JavaScript's time: a later one cannot be written as a date. */
const MAX_TIME_MS = 8.64e15;

const isText = (value: unknown): boolean => typeof value === 'string';
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
const isTime = (value: unknown): boolean => Number.isInteger(value) && Math.abs(Number(value)) <= MAX_TIME_MS;

const TEXT = { is: isText, what: 'a string' };
const COUNT = { is: isCount, what: 'a whole number of at least 0' };
/** Of a revision: what somebody wrote into an annotation. */
const NUMBER = { is: Number.isInteger, what: 'a whole number' };
const TIME = { is: isTime, what: 'a time in epoch milliseconds' };

/** A planner that meets another value could wait for a time that there is not. */
const REVISION_FIELDS = {
  hash: TEXT,
  name: TEXT,
  number: NUMBER,
  createdAtMs: TIME,
  replicas: COUNT,
  pods: COUNT,
  ready: COUNT,
  available: COUNT,
  resourceVersion: TEXT,
  roleMetadata: TEXT,
  scaleDownAtMs: TIME,
} as const satisfies Record<keyof Revision, { is: (value: unknown) => boolean; what: string }>;

const OPTIONAL: readonly string[] = ['roleMetadata', 'scaleDownAtMs'] satisfies (keyof Revision)[];

function wrongRevisions(revisions: unknown): string | undefined {
  if (revisions === undefined) {
    return undefined;
  }
  const isList = Array.isArray(revisions) && revisions.every((one) => typeof one === 'object' && one !== null);
  if (!isList) {
    return 'revisions must be a list of objects';
  }
  return (revisions as Record<string, unknown>[])
    .flatMap((one, index) =>
      Object.entries(REVISION_FIELDS).map(([field, { is, what }]) =>
        is(one[field]) || (one[field] === undefined && OPTIONAL.includes(field))
          ? undefined
          : `revisions[${index}].${field} must be ${what}`,
      ),
    )
    .find((problem) => problem !== undefined);
}

function wrong(value: unknown, type: string, field: string): string | undefined {
  return value === undefined || typeof value === type ? undefined : `${field} must be a ${type}`;
}

function tooLong(value: unknown, max: number, field: string): string | undefined {
  return typeof value === 'string' && value.length > max ? `${field} has more than ${max} characters` : undefined;
}
