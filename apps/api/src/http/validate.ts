import type { PipeTransform } from '@nestjs/common';
import type { z } from 'zod';
import { Problem, type ProblemField, type ProblemKind } from './problem.ts';

/** Reads parameters by a strict schema: what is unknown is an error too. */
export class Validated<T> implements PipeTransform<unknown, T> {
  constructor(
    private readonly schema: z.ZodType<T>,
    private readonly where: 'path' | 'query',
  ) {}

  transform(value: unknown): T {
    return validate(this.schema, { ...(value as object) }, 'invalidParameter', this.where);
  }
}

/**
 * @param prefix - what the paths of errors begin with
 * @throws Problem with one entry a bad field
 */
export function validate<T>(schema: z.ZodType<T>, value: unknown, kind: ProblemKind, prefix = ''): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) {
    return parsed.data;
  }
  const errors = parsed.error.issues.flatMap((issue) => toFields(issue, prefix));
  const detail = errors.map(({ path, message }) => `${path} ${message}`.trim()).join('; ');
  throw new Problem(kind, detail, { errors });
}

function toFields(issue: z.core.$ZodIssue, prefix: string): ProblemField[] {
  const at = (path: readonly PropertyKey[]): string =>
    [...(prefix === '' ? [] : [prefix]), ...path.map(String)].join('.');
  return issue.code === 'unrecognized_keys'
    ? issue.keys.map((key) => ({ path: at([...issue.path, key]), message: 'is not known here' }))
    : [{ path: at(issue.path), message: issue.message }];
}
