import { describe, expect, test } from '@jest/globals';
import { KubernetesError } from '@weir/kubernetes';
import { aRollout } from '../testing/builders.ts';
import { applyProblem, isConflictWithOurselves, refuseDeleting, refuseForeign } from './apply-problems.ts';

const LABEL = 'argo-rollouts.argoproj.io/controller-instance-id';

describe('an existing Rollout', () => {
  test('of another controller is refused by the name of that', () => {
    const refusal = refuseForeign(aRollout({ metadata: { labels: { [LABEL]: 'argo' } } }));
    expect(refusal).toMatchObject({ status: 409, extras: { members: { instanceId: 'argo' } } });
  });

  test.each([{ [LABEL]: 'weir' }, {}])('with the labels %j is taken', (labels) => {
    expect(refuseForeign(aRollout({ metadata: { labels } }))).toBeUndefined();
  });

  test('that is being deleted is refused', () => {
    const deletionTimestamp = '2026-11-23T10:00:00Z';
    expect(refuseDeleting(aRollout({ metadata: { deletionTimestamp } }))).toMatchObject({ kind: 'beingDeleted' });
  });
});

describe('an apply that fails', () => {
  test('over fields of another manager names both', () => {
    const problem = applyProblem(
      new KubernetesError('conflict', 'conflict', 409, undefined, [
        {
          reason: 'FieldManagerConflict',
          message: 'conflict with "gitops" using argoproj.io/v1alpha1',
          field: '.spec.strategy.canary.steps',
        },
      ]),
    );
    expect(problem).toMatchObject({
      kind: 'fieldConflict',
      extras: {
        members: { managers: ['gitops'] },
        errors: [{ path: 'spec.strategy.canary.steps', message: 'is owned by gitops' }],
      },
    });
    expect(problem.detail).toContain('?force=true');
  });

  test.each<[string, string[], boolean, string[]]>([
    ['over nothing but our own changes is none', ['weir', 'weir-worker'], true, []],
    ['over those and others is one with the others', ['weir', 'gitops'], false, ['gitops']],
    ['over others is one with them', ['gitops'], false, ['gitops']],
  ])('%s', (_, managers, ourselves, named) => {
    const causes = managers.map((one) => ({ reason: 'FieldManagerConflict', message: `conflict with "${one}"` }));
    const error = new KubernetesError('conflict', 'conflict', 409, undefined, causes);
    expect(isConflictWithOurselves(error)).toBe(ourselves);
    expect(applyProblem(error).extras.members?.['managers'] ?? []).toEqual(named);
  });

  test('in a namespace that does not exist names it', () => {
    const error = new KubernetesError('notFound', 'PATCH rollouts nope/x: 404 namespaces "nope" not found', 404);
    expect(applyProblem(error)).toMatchObject({
      kind: 'notFound',
      detail: 'there is no namespace nope; create it first',
      extras: { errors: [{ path: 'path.namespace' }] },
    });
  });

  test('over a resourceVersion that is old says to read it again', () => {
    expect(applyProblem(new KubernetesError('conflict', 'modified', 409))).toMatchObject({ kind: 'changedMeanwhile' });
  });

  test('on the checks of the API server passes its errors on, each once', () => {
    const cause = { message: 'Invalid value', field: 'metadata.labels' };
    const problem = applyProblem(new KubernetesError('invalid', 'no', 422, undefined, [cause, cause]));
    expect(problem.extras.errors).toEqual([{ path: 'metadata.labels', message: 'Invalid value' }]);
  });

  test.each<[string, KubernetesError, false | 'unknown']>([
    ['before it was sent', new KubernetesError('unavailable', 'PATCH: connect ECONNREFUSED'), false],
    ['because the API server is overloaded', new KubernetesError('unavailable', 'PATCH: 429', 429, 7_000), false],
    ['without an answer', new KubernetesError('unavailable', 'PATCH: timeout'), 'unknown'],
    ['inside of the API server', new KubernetesError('unavailable', 'PATCH: 500', 500), 'unknown'],
  ])('%s says whether it was stored', (_, error, stored) => {
    expect(applyProblem(error)).toMatchObject({ status: 503, extras: { members: { stored } } });
  });

  test('honours the Retry-After of the API server', () => {
    const problem = applyProblem(new KubernetesError('unavailable', 'PATCH: 429', 429, 7_000));
    expect(problem.extras.retryAfterSeconds).toBe(7);
  });

  test('for want of a right blames the account of the API', () => {
    expect(applyProblem(new KubernetesError('forbidden', 'no', 403))).toMatchObject({ status: 502 });
  });
});
