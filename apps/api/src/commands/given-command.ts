import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { RawBody } from '../http/body.ts';
import type { RestCommand } from './command.schemas.ts';
import { readCommand, type ReadCommand } from './read-command.ts';

/** The command in a request: its body, and the key in its header. */
export const Given = createParamDecorator((name: RestCommand, context: ExecutionContext): ReadCommand => {
  const { body, headers } = context.switchToHttp().getRequest<FastifyRequest>();
  return readCommand(name, body as RawBody | undefined, headers['idempotency-key']);
});
