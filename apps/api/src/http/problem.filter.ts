import { Catch, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Logger } from '@weir/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import { LOGGER } from '../app/dependencies.ts';
import { toProblem } from './to-problem.ts';
import { toProblemDocument } from './problem.ts';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** The one place where anything that is thrown becomes an answer. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const problem = toProblem(error, request);
    const instance = request.url.split('?', 1)[0] ?? request.url;
    const id = problem.status >= 500 ? randomUUID() : undefined;
    if (id !== undefined) {
      this.logger.error(
        { id, err: error, method: request.method, path: instance, status: problem.status },
        'request failed',
      );
    }
    const { retryAfterSeconds, headers = {} } = problem.extras;
    void reply
      .code(problem.status)
      .headers({ ...headers, ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }) })
      .header('content-type', PROBLEM_MEDIA_TYPE)
      // As bytes: to a text Fastify adds a charset, which the type does not have.
      .send(Buffer.from(JSON.stringify(toProblemDocument(problem, instance, id))));
  }
}
