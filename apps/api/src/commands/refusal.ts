import { FAILURES } from '@weir/contract';
import type { Refusal } from '@weir/rollout';
import { Problem } from '../http/problem.ts';

/** The refusal that a failed update carries; undefined when it failed otherwise. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof Error) || error.name !== 'WorkflowUpdateFailedError') {
    return undefined;
  }
  const { type, details, message } = (error.cause ?? {}) as { type?: unknown; details?: unknown; message?: unknown };
  if (type !== FAILURES.commandRefused) {
    // The run ended before it could answer: to the caller that is a refusal too.
    return { code: 'AlreadyEnding', message: typeof message === 'string' ? message : 'the run has ended' };
  }
  const [refusal] = Array.isArray(details) ? (details as Partial<Refusal>[]) : [];
  return { code: refusal?.code ?? 'AlreadyEnding', message: refusal?.message ?? String(message) };
}

export function toRefusedProblem({ code, message }: Refusal): Problem {
  return new Problem('commandRefused', message, { members: { code } });
}
