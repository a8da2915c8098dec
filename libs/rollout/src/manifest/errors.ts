import type { z } from 'zod';
import { NOT_SUPPORTED_YET } from './not-supported.ts';

/** One bad field: where it is (`spec.strategy.canary.steps[1].setWeight`; empty for the whole) and what would be right. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** The same before its path is text. */
export interface Finding {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

export function findingErrors(findings: readonly Finding[], prefix: readonly PropertyKey[] = []): FieldError[] {
  return findings.map(({ path, message }) => ({ path: formatPath([...prefix, ...path]), message }));
}

export function schemaErrors(error: z.ZodError | undefined, prefix: readonly PropertyKey[] = []): FieldError[] {
  const issues = error?.issues ?? [];
  const withUnknown = new Set(issues.filter(isUnrecognized).map(({ path }) => formatPath(path)));
  return issues.flatMap((issue) => {
    const path = [...prefix, ...issue.path];
    if (isUnrecognized(issue)) {
      return issue.keys.map((key) => unknownField([...path, key]));
    }
    // A step is not without a kind when its kind is one that is unknown.
    return issue.code === 'custom' && withUnknown.has(formatPath(issue.path))
      ? []
      : [{ path: formatPath(path), message: absent(issue) ? `is required: ${issue.message}` : issue.message }];
  });
}

function isUnrecognized(issue: z.core.$ZodIssue): issue is z.core.$ZodIssueUnrecognizedKeys {
  return issue.code === 'unrecognized_keys';
}

/** Missing, rather than wrong. */
function absent(issue: z.core.$ZodIssue): boolean {
  return (issue.code === 'invalid_type' || issue.code === 'invalid_value') && issue.input === undefined;
}

function unknownField(path: readonly PropertyKey[]): FieldError {
  const withoutIndices = path.filter((part) => typeof part !== 'number').join('.');
  const message = NOT_SUPPORTED_YET.has(withoutIndices) ? 'is not supported yet' : 'is not a field of a Rollout';
  return { path: formatPath(path), message };
}

function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') {
      return `${text}[${part}]`;
    }
    const name = String(part);
    return /^[A-Za-z_][\w-]*$/.test(name)
      ? text === ''
        ? name
        : `${text}.${name}`
      : `${text}[${JSON.stringify(name)}]`;
  }, '');
}
