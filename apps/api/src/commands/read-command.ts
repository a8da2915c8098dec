import type { CommandPayload } from '@weir/contract';
import type { CommandName } from '@weir/rollout';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { RawBody } from '../http/body.ts';
import { Problem } from '../http/problem.ts';
import { validate } from '../http/validate.ts';
import { readDocument } from '../manifest/read-document.ts';
import { commandBodySchema, idempotencyKeySchema, promoteBodySchema, type CommandBody } from './command.schemas.ts';

/** A command as the run gets it. */
export interface ReadCommand {
  readonly actor: string;
  readonly updateId: string;
  readonly payload: CommandPayload & { readonly actor: string };
}

const keyHeader = z.strictObject({ 'Idempotency-Key': idempotencyKeySchema });

/**
 * Reads a command's body and key. The key is the command's own: another command with the same key is another command.
 *
 * @throws Problem that names what is wrong
 */
export function readCommand(name: CommandName, body: RawBody | undefined, key: unknown): ReadCommand {
  const header = validate(keyHeader, { 'Idempotency-Key': key }, 'invalidParameter', 'header');
  const given = header['Idempotency-Key'];
  const idempotencyKey = `${name}:${given ?? randomUUID()}`;
  const { actor = 'anonymous', ...fields } = readBody(name, body);
  return {
    actor,
    updateId: idempotencyKey,
    payload: { actor, ...fields, ...(given !== undefined && { idempotencyKey }) },
  };
}

function readBody(name: CommandName, body: RawBody | undefined): CommandBody {
  if (body === undefined || body === null || body.text.trim() === '') {
    return {};
  }
  const document = readDocument(body);
  if (!document.ok) {
    const { message, line, column } = document;
    throw new Problem('malformedBody', message, { members: line === undefined ? {} : { line, column } });
  }
  return validate(name === 'promote' ? promoteBodySchema : commandBodySchema, document.value, 'invalidCommand');
}
