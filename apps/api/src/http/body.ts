import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { BODY_LIMIT_BYTES } from './framework-problems.ts';
import { Problem } from './problem.ts';

export const JSON_TYPE = 'application/json';
export const YAML_TYPES = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml'] as const;

/** A body as it came, not parsed yet: each route knows what it can be. */
export interface RawBody {
  readonly format: 'json' | 'yaml';
  readonly text: string;
}

/** The types of body that a method's routes take: only PUT takes manifests. */
export function bodyTypesOf(method: string): readonly string[] {
  return method === 'PUT' ? [JSON_TYPE, ...YAML_TYPES] : [JSON_TYPE];
}

/** Takes the place of Fastify's own parsers: nothing else than JSON and YAML is read, and nothing is parsed here. */
export function takeRawBodies(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  const options = { parseAs: 'buffer', bodyLimit: BODY_LIMIT_BYTES } as const;
  for (const type of [JSON_TYPE, ...YAML_TYPES]) {
    const format = type === JSON_TYPE ? 'json' : 'yaml';
    fastify.addContentTypeParser<Buffer>(type, options, (request, bytes, done) => {
      const { 'content-encoding': encoding, 'content-type': contentType = '' } = request.headers;
      if (encoding !== undefined && encoding !== 'identity') {
        done(new Problem('unsupportedMediaType', `the Content-Encoding is ${encoding}; send the body as it is`));
        return;
      }
      if (!bodyTypesOf(request.method).includes(type)) {
        const types = bodyTypesOf(request.method).join(', ');
        done(new Problem('unsupportedMediaType', `the Content-Type is ${contentType}; send ${types}`));
        return;
      }
      const text = decode(bytes);
      if (text === undefined) {
        done(new Problem('malformedBody', 'the body is not UTF-8'));
        return;
      }
      done(null, { format, text } satisfies RawBody);
    });
  }
}

/** Without a byte order mark. */
function decode(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** @throws Problem for a body where none is taken: it would be ignored */
export function refuseBody(body: unknown): void {
  if (body !== undefined && body !== null && (body as RawBody).text !== '') {
    throw new Problem('malformedRequest', 'this request takes no body');
  }
}

/** Enough for a manifest that is far too large by mistake; who sends more is cut off. */
const HEAR_OUT_BYTES = 32 * 1_024 * 1_024;
const HEAR_OUT_MS = 2_000;

/** Reads what is left of a body and throws it away, within limits of size and time. */
export async function heardOut(request: IncomingMessage): Promise<void> {
  if (request.complete) {
    return;
  }
  await new Promise<void>((resolve) => {
    let bytes = 0;
    const timer = setTimeout(resolve, HEAR_OUT_MS);
    const end = (): void => {
      clearTimeout(timer);
      resolve();
    };
    request.on('data', (chunk: Buffer | string) => {
      bytes += chunk.length;
      if (bytes > HEAR_OUT_BYTES) {
        end();
      }
    });
    request.once('end', end).once('close', end).once('error', end);
  });
}
