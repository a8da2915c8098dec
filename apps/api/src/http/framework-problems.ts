import { HttpException } from '@nestjs/common';
import { bodyTypesOf } from './body.ts';
import { Problem, type ProblemKind } from './problem.ts';

/** Largest body that is read. Kubernetes itself takes about as much for one object. */
export const BODY_LIMIT_BYTES = 1_048_576;

interface RequestFacts {
  readonly method: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** What Fastify and Nest refuse before, or instead of, a handler of ours. */
export function fromFramework(code: string | undefined, error: unknown, { method, headers }: RequestFacts): Problem {
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new Problem('tooLarge', `the body may have ${BODY_LIMIT_BYTES} bytes at most`, { cause: error });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_INVALID_TYPE': {
      const given = typeof headers['content-type'] === 'string' ? headers['content-type'] : undefined;
      const types = bodyTypesOf(method).join(', ');
      const detail = `the Content-Type is ${given ?? 'missing'}; send ${types}`;
      return new Problem('unsupportedMediaType', detail, { cause: error, headers: { accept: types } });
    }
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new Problem('malformedBody', 'the body was cut off: it is not as long as its Content-Length says', {
        cause: error,
      });
    default:
      return fromStatus(error);
  }
}

const BY_STATUS: Readonly<Record<number, ProblemKind>> = {
  400: 'malformedRequest',
  404: 'notFound',
  405: 'methodNotAllowed',
  408: 'requestTimeout',
  413: 'tooLarge',
  414: 'notFound',
  415: 'unsupportedMediaType',
  431: 'headersTooLarge',
};

function fromStatus(error: unknown): Problem {
  const status = error instanceof HttpException ? error.getStatus() : statusOf(error);
  const kind = BY_STATUS[status] ?? (status >= 400 && status < 500 ? 'malformedRequest' : 'internal');
  const detail =
    kind === 'internal' || !(error instanceof Error)
      ? 'the log has the cause under this id; if it happens again, say so to whoever runs Weir'
      : error.message;
  return new Problem(kind, detail, { cause: error });
}

function statusOf(error: unknown): number {
  const status = (error as { statusCode?: unknown } | null | undefined)?.statusCode;
  return typeof status === 'number' ? status : 500;
}
