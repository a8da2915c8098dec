import type { z } from 'zod';
import { Problem } from './problem.ts';

/** A position in a list, as the caller carries it from one page to the next. */
export function writeEnvelope(position: object): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** @throws Problem when the token was not written by {@link writeEnvelope} for this kind of list */
export function readEnvelope<T>(schema: z.ZodType<T>, token: string): T {
  const parsed = schema.safeParse(fromJson(Buffer.from(token, 'base64url').toString()));
  if (!parsed.success) {
    throw badToken('is not the continue of a page');
  }
  return parsed.data;
}

export function badToken(message: string): Problem {
  return new Problem('invalidParameter', `query.continue ${message}`, {
    errors: [{ path: 'query.continue', message }],
  });
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
