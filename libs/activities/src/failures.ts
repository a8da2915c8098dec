import { ApplicationFailure } from '@temporalio/common';
import { FAILURES } from '@weir/contract';
import { isKubernetesError, type KubernetesError } from '@weir/kubernetes';
import { ABORTED, abortMessage, type Order, type Problem } from '@weir/rollout';

/** A failure that retrying cannot mend: the planner ends the run with its reason. */
export function cannotProceed(problem: Problem, cause?: Error): ApplicationFailure {
  return ApplicationFailure.create({
    type: FAILURES.cannotProceed,
    message: problem.message,
    nonRetryable: true,
    details: [problem],
    ...(cause && { cause }),
  });
}

/** The failure of a write that met the brake's order: the run aborts, as ordered. */
export function ordered(order: Order): ApplicationFailure {
  const { actor, reason } = order;
  const by = { actor, ...(reason !== undefined && { reason }) };
  return cannotProceed({ reason: ABORTED, message: abortMessage(order), by });
}

/** Reasons for what the API server refuses. */
const REASONS = { forbidden: 'KubernetesForbidden', invalid: 'KubernetesInvalid', notServed: 'ApiNotServed' } as const;

/** Whether an activity may give up: a step may, cleanup never does (RBAC may be repaired while it retries). */
export type Persistence = 'step' | 'cleanup';

/**
 * Runs the body of an activity and turns Kubernetes' errors into failures that Temporal retries as they deserve:
 * Retry-After is honoured, and what is final for a step is so only there (design, "Errors").
 */
export async function translated<T>(persistence: Persistence, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    throw isKubernetesError(error) ? toFailure(error, persistence) : error;
  }
}

function toFailure(error: KubernetesError, persistence: Persistence): ApplicationFailure {
  const { kind, message, retryAfterMs } = error;
  if (persistence === 'step' && (kind === 'forbidden' || kind === 'invalid' || kind === 'notServed')) {
    return cannotProceed({ reason: REASONS[kind], message }, error);
  }
  return ApplicationFailure.create({
    type: `Kubernetes.${kind}`,
    message,
    cause: error,
    ...(retryAfterMs !== undefined && { nextRetryDelay: retryAfterMs }),
  });
}
