import type { FastifyReply, FastifyRequest } from 'fastify';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { Problem, toProblemDocument } from './problem.ts';
import { PROBLEM_MEDIA_TYPE } from './problem.filter.ts';

/** Answers what never became a request: broken HTTP, headers without end, a body that does not come. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = problemOf(error);
  const body = JSON.stringify(toProblemDocument(problem, ''));
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\ncontent-type: ${PROBLEM_MEDIA_TYPE}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

/** Answers what the router itself refuses, before any hook of ours: an address that is no address. */
export function answerUnroutable(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  const path = request.url.split('?', 1)[0] ?? request.url;
  const problem = new Problem('malformedRequest', error.message);
  const { status } = problem;
  void reply
    .code(status)
    .header('content-type', PROBLEM_MEDIA_TYPE)
    .send(Buffer.from(JSON.stringify(toProblemDocument(problem, path))));
}

function problemOf(error: Error & { code?: string }): Problem {
  switch (error.code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Problem('requestTimeout', 'the request or its body was cut off: not all of it came in time');
    case 'HPE_INVALID_EOF_STATE':
      return new Problem('malformedBody', 'the connection ended before the request did: it was cut off');
    case 'HPE_HEADER_OVERFLOW':
      return new Problem('headersTooLarge', 'the headers may have 16 KiB at most');
    default:
      return new Problem('malformedRequest', `this is not HTTP/1.1: ${error.message}`);
  }
}
