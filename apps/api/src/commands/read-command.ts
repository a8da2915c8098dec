import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { RawBody } from '../http/body.ts';
import { Problem } from '../http/problem.ts';
import { validate } from '../http/validate.ts';
import { readDocument } from '../manifest/read-document.ts';
import { COMMAND_BODIES, idempotencyKeySchema, type CommandBody, type RestCommand } from './command.schemas.ts';

/** A command with who gave it. */
export interface ReadCommand<Name extends RestCommand = RestCommand> {
  readonly actor: string;
  readonly updateId: string;
  readonly payload: CommandBody<Name> & { readonly actor: string; readonly idempotencyKey?: string };
}

const keyHeader = z.strictObject({ 'Idempotency-Key': idempotencyKeySchema });

/**
 * Reads a command's body and key. The key is the command's own: another command with the same key is another command.
 *
 * @throws Problem that names what is wrong
 */
export function readCommand<Name extends RestCommand>(
  name: Name,
  body: RawBody | undefined,
  key: unknown,
): ReadCommand<Name> {
  const header = validate(keyHeader, { 'Idempotency-Key': key }, 'invalidParameter', 'header');
  const given = header['Idempotency-Key'];
  const idempotencyKey = `${name}:${given ?? randomUUID()}`;
  const { actor = 'anonymous', ...fields } = readBody(name, body);
  const payload = { actor, ...fields, ...(given !== undefined && { idempotencyKey }) };
  return { actor, updateId: idempotencyKey, payload: payload as ReadCommand<Name>['payload'] };
}

function readBody<Name extends RestCommand>(name: Name, body: RawBody | undefined): CommandBody<Name> {
  if (body === undefined || body === null || body.text.trim() === '') {
    return {} as CommandBody<Name>; // Everything in it is optional.
  }
  const document = readDocument(body);
  if (!document.ok) {
    const { message, line, column } = document;
    throw new Problem('malformedBody', message, { members: line === undefined ? {} : { line, column } });
  }
  // TypeScript does not see that the schema goes with the name.
  const schema = COMMAND_BODIES[name] as unknown as z.ZodType<CommandBody<Name>>;
  return validate(schema, document.value, 'invalidCommand');
}
