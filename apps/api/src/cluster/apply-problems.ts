import type { KubernetesError, StatusCause } from '@weir/kubernetes';
import { INSTANCE_ID, INSTANCE_ID_LABEL } from '@weir/rollout';
import { fromKubernetes } from '../http/dependency-problems.ts';
import { Problem } from '../http/problem.ts';
import { isOurs } from './field-managers.ts';
import type { RolloutObject } from './rollout-object.ts';

/** Why an existing Rollout may not be touched by the API; undefined when it may. */
export function refuseForeign({ metadata }: RolloutObject): Problem | undefined {
  const instance = metadata.labels?.[INSTANCE_ID_LABEL];
  return instance === undefined || instance === INSTANCE_ID
    ? undefined
    : new Problem(
        'otherController',
        `${metadata.namespace}/${metadata.name} belongs to the controller instance ${instance}, as its label ` +
          `${INSTANCE_ID_LABEL} says; take the label off first, or use another name`,
        { members: { instanceId: instance } },
      );
}

/** Why a Rollout that is on its way out takes no new manifest. */
export function refuseDeleting({ metadata }: RolloutObject): Problem | undefined {
  return metadata.deletionTimestamp === undefined
    ? undefined
    : new Problem(
        'beingDeleted',
        `${metadata.namespace}/${metadata.name} is being deleted since ${metadata.deletionTimestamp}; ` +
          'repeat the request when it is gone',
      );
}

/**
 * Whether an apply met nobody but ourselves: what a command changed (restart, undo) counts as another manager's although it
 * has the same name, and so does the default that the worker wrote.
 */
export function isConflictWithOurselves(error: KubernetesError): boolean {
  const owned = ownedIn(error);
  return owned.length > 0 && owned.every(isWithUs);
}

/** A server-side apply that the API server did not take, as the caller is told. */
export function applyProblem(error: KubernetesError): Problem {
  const owned = ownedIn(error).filter((cause) => !isWithUs(cause));
  if (owned.length > 0) {
    return fieldConflict(owned, error);
  }
  const namespace = /namespaces "([^"]+)" not found/.exec(error.message)?.[1];
  if (error.kind === 'notFound' && namespace !== undefined) {
    const message = `there is no namespace ${namespace}; create it first`;
    return new Problem('notFound', message, { errors: [{ path: 'path.namespace', message }], cause: error });
  }
  const fate = fateOf(error);
  return fromKubernetes(error, fate.effect, error.kind === 'unavailable' ? { stored: fate.stored } : undefined);
}

function ownedIn({ kind, causes }: KubernetesError): StatusCause[] {
  return kind === 'conflict' ? causes.filter(({ reason }) => reason === 'FieldManagerConflict') : [];
}

function isWithUs({ message = '' }: StatusCause): boolean {
  return isOurs(managerIn(message));
}

function fieldConflict(owned: readonly StatusCause[], error: KubernetesError): Problem {
  const managers = [...new Set(owned.map(({ message = '' }) => managerIn(message)))];
  const errors = owned.map(({ field = '', message = '' }) => ({
    path: field.replace(/^\./, ''),
    message: `is owned by ${managerIn(message)}`,
  }));
  const fields = errors.map(({ path }) => path).join(', ');
  const detail = `${managers.join(', ')} owns ${fields}; leave the field as it is, or take it over with ?force=true`;
  return new Problem('fieldConflict', detail, { errors, members: { managers }, cause: error });
}

/** From `conflict with "kubectl-client-side-apply" using argoproj.io/v1alpha1`. */
function managerIn(message: string): string {
  return /conflict with "([^"]*)"/.exec(message)?.[1] ?? message;
}

/** What became of an apply that failed: only a request that was never taken is known to have stored nothing. */
function fateOf(error: KubernetesError): { readonly stored: false | 'unknown'; readonly effect: string } {
  const neverSent =
    error.status === 429 || (error.status === undefined && /ECONNREFUSED|ENOTFOUND/.test(error.message));
  return neverSent
    ? { stored: false, effect: 'nothing was stored and nothing was started' }
    : { stored: 'unknown', effect: 'it is not known whether it was stored, nothing was started; repeat the request' };
}
