import { assertNever } from '@weir/rollout';
import type { KubernetesError, StatusCause } from '@weir/kubernetes';
import type { TemporalFault } from '../temporal/temporal-fault.ts';
import { Problem, type ProblemExtras, type ProblemField } from './problem.ts';

/** When nothing better is known: long enough for a restarted server, short enough for a person to wait. */
const RETRY_AFTER_SECONDS = 5;

/**
 * A failed request to Kubernetes, as the caller is told.
 *
 * @param effect - what became of the request: "nothing was stored"
 */
export function fromKubernetes(error: KubernetesError, effect?: string, members?: ProblemExtras['members']): Problem {
  const extras = { cause: error, ...(members && { members }) };
  const said = effect === undefined ? error.message : `${effect}: ${error.message}`;
  switch (error.kind) {
    case 'notFound':
      return new Problem('notFound', error.message, extras);
    case 'conflict':
      return new Problem('changedMeanwhile', `read it again and repeat the request: ${error.message}`, extras);
    case 'invalid':
      return error.status === 410
        ? new Problem('listExpired', 'list again from the start, without continue', extras)
        : new Problem('invalidManifest', `the API server refuses it: ${error.message}`, {
            ...extras,
            errors: fieldsOf(error),
          });
    case 'forbidden':
      return new Problem('clusterRefused', forbiddenDetail(error), extras);
    case 'notServed':
      return new Problem(
        'clusterRefused',
        `the cluster does not serve it; is the CustomResourceDefinition of Rollout installed? ${error.message}`,
        extras,
      );
    case 'unavailable':
      return new Problem('kubernetesUnavailable', said, {
        ...extras,
        retryAfterSeconds: retryAfterSeconds(error),
      });
    default:
      return assertNever(error.kind);
  }
}

function forbiddenDetail(error: KubernetesError): string {
  return error.status === 401
    ? `the cluster does not know the API's own credentials: ${error.message}`
    : `the API's own account in the cluster lacks a right, give it the ClusterRole weir-api: ${error.message}`;
}

/** The bad fields that an API server's Status names; one entry for the whole when it names none. */
export function fieldsOf({ causes, message }: KubernetesError): ProblemField[] {
  const named = causes.map(({ field: path = '', message: what = 'is not valid' }: StatusCause) => ({
    path,
    message: what,
  }));
  // The API server repeats what several of its checks find.
  const once = new Map(named.map((one) => [JSON.stringify(one), one]));
  return once.size > 0 ? [...once.values()] : [{ path: '', message }];
}

function retryAfterSeconds({ retryAfterMs }: KubernetesError): number {
  return retryAfterMs === undefined ? RETRY_AFTER_SECONDS : Math.max(1, Math.ceil(retryAfterMs / 1_000));
}

/**
 * A failed call to Temporal, as the caller is told.
 *
 * @param effect - what became of the request: "stored, not started"
 */
export function fromTemporal(fault: TemporalFault, effect?: string, members?: ProblemExtras['members']): Problem {
  const said = effect === undefined ? fault.message : `${effect}: ${fault.message}`;
  const extras = { cause: fault, ...(members && { members }) };
  switch (fault.kind) {
    case 'unreachable':
    case 'timedOut':
      return new Problem('temporalUnavailable', said, { ...extras, retryAfterSeconds: RETRY_AFTER_SECONDS });
    case 'refused':
    case 'failed':
      return new Problem('temporalRefused', said, extras);
    case 'notFound':
      return new Problem('notFound', fault.message, extras);
    default:
      return assertNever(fault.kind);
  }
}
