import { describe, expect, test } from '@jest/globals';
import type { RolloutObject } from '@weir/activities';
import type { Change, ManagedFields } from '@weir/kubernetes';
import { FINALIZER, type Order, type Revision } from '@weir/rollout';
import {
  abortBy,
  isBehindDeployment,
  isToldByApi,
  referencedDeployment,
  tellingOf,
  together,
  type Telling,
} from './telling.ts';

const BEHIND: RolloutObject = {
  metadata: { name: 'app', namespace: 'ns', uid: 'u', generation: 3 },
  status: { observedGeneration: '2' },
};
const SEEN: RolloutObject = { ...BEHIND, status: { observedGeneration: '3' } };
const DELETING: RolloutObject = {
  ...SEEN,
  metadata: { ...SEEN.metadata, deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: [FINALIZER] },
};
const RELEASED: RolloutObject = { ...DELETING, metadata: { ...DELETING.metadata, finalizers: ['theirs'] } };

const order = (key: string): Order => ({ actor: 'ann', reason: 'errors', at: '2026-01-01T00:00:00Z', key });

describe('a change of a Rollout', () => {
  const start = (lookAgain?: true): Telling => ({
    change: { uid: 'u', generation: 3, ...(lookAgain && { lookAgain }) },
    start: true,
  });
  test.each<[string, Change<RolloutObject>['type'], RolloutObject, Telling | undefined]>([
    ['that is new starts a run', 'ADDED', BEHIND, start()],
    ['that was made while no worker was up starts a run', 'LISTED', BEHIND, start()],
    ['of its generation is told', 'MODIFIED', BEHIND, start()],
    ['that is the run’s own status write means nothing', 'MODIFIED', SEEN, undefined],
    ['that was seen before the worker started means nothing', 'LISTED', SEEN, undefined],
    ['that brings it back into view makes the run look again', 'ADDED', SEEN, start(true)],
    ['that begins its deletion is told', 'MODIFIED', DELETING, start()],
    ['after Weir let it go means nothing', 'MODIFIED', RELEASED, undefined],
    [
      'that takes it out of view is told to an open run only',
      'DELETED',
      SEEN,
      { change: { uid: 'u', generation: 3, lookAgain: true }, start: false },
    ],
  ])('%s', (_name, type, object, expected) => {
    expect(tellingOf({ type, object })).toEqual(expected);
  });
});

describe('two messages in one', () => {
  const pods = (...names: string[]) => ({ revisions: names.map((name) => ({ name }) as Revision) });
  const telling = (generation: number, more: Partial<Telling['change']> = {}, start = true): Telling => ({
    change: { uid: 'u', generation, ...more },
    start,
  });
  const look = { lookAgain: true } as const;
  const mappings = { mappings: true } as const;

  test.each<[string, Telling, Telling, Telling]>([
    ['have the facts of the newer one', telling(1), telling(2), telling(2)],
    ['have the newer pods', telling(1, pods('a')), telling(1, pods('b')), telling(1, pods('b'))],
    ['look when the older one asked for it', telling(1, look), telling(2), telling(2, look)],
    ['look when the newer one asks for it', telling(1), telling(2, look), telling(2, look)],
    [
      'look when the older one told of more than pods',
      telling(2),
      telling(2, pods('a')),
      telling(2, { ...pods('a'), ...look }),
    ],
    [
      'look when the newer one tells of more than pods',
      telling(1, pods('a')),
      telling(2),
      telling(2, { ...pods('a'), ...look }),
    ],
    [
      'have the Mappings of both',
      telling(1, mappings, false),
      telling(1, pods('a')),
      telling(1, { ...pods('a'), ...mappings }),
    ],
    [
      'do not look for pods and Mappings alone',
      telling(1, { ...pods('a'), ...mappings }),
      telling(1, mappings, false),
      telling(1, { ...pods('a'), ...mappings }),
    ],
    [
      'look when the older one told of more than Mappings',
      telling(2),
      telling(2, mappings, false),
      telling(2, { ...mappings, ...look }),
    ],
    [
      'look when the newer one tells of more than Mappings',
      telling(1, mappings, false),
      telling(2),
      telling(2, { ...mappings, ...look }),
    ],
    [
      'keep an order, and the first one of two',
      { ...telling(1, mappings, false), order: order('first') },
      { ...telling(1, mappings, false), order: order('second') },
      { ...telling(1, mappings, false), order: order('first') },
    ],
    [
      'keep an order that the newer one brings',
      telling(1, pods('a')),
      { ...telling(1, mappings, false), order: order('only') },
      { ...telling(1, { ...pods('a'), ...mappings }), order: order('only') },
    ],
    ['start a run when the older one would', telling(1), telling(1, {}, false), telling(1)],
    ['start a run when the newer one would', telling(1, {}, false), telling(1), telling(1)],
    ['start none when neither would', telling(1, {}, false), telling(1, {}, false), telling(1, {}, false)],
    [
      'have no pods and Mappings of an object that is gone',
      { change: { uid: 'gone', generation: 9, ...pods('a'), ...mappings }, start: true },
      telling(1),
      telling(1, look),
    ],
  ])('%s', (_name, older, newer, expected) => {
    expect(together(older, newer)).toEqual(expected);
  });
});

describe('the abort by an order', () => {
  test('has its actor and reason, and its key, so that it is taken once', () => {
    expect(abortBy(order('k'))).toEqual({ actor: 'ann', reason: 'errors', idempotencyKey: 'k' });
  });

  test('has no reason where there is none', () => {
    const { reason: _, ...silent } = order('k');
    expect(abortBy(silent)).toEqual({ actor: 'ann', idempotencyKey: 'k' });
  });
});

describe('the Deployment of a workloadRef', () => {
  const referring = (workloadRef: unknown): RolloutObject => ({ ...SEEN, spec: { workloadRef } });

  test.each<[string, RolloutObject, string | undefined]>([
    ['is the one that it names', referring({ kind: 'Deployment', name: 'app' }), 'app'],
    ['is none where it names another kind', referring({ kind: 'ReplicaSet', name: 'app' }), undefined],
    ['is none where it has no name', referring({ kind: 'Deployment' }), undefined],
    ['is none where it is nonsense', referring('app'), undefined],
    ['is none of a Rollout with a template', { ...SEEN, spec: { template: {} } }, undefined],
    ['is none of a Rollout without a spec', SEEN, undefined],
  ])('%s', (_name, rollout, expected) => {
    expect(referencedDeployment(rollout)).toBe(expected);
  });

  test.each<[string, RolloutObject, boolean]>([
    ['is news when another generation of it was read', { ...SEEN, status: { workloadObservedGeneration: '1' } }, true],
    ['is news when it was never read', SEEN, true],
    ['is no news when this generation was read', { ...SEEN, status: { workloadObservedGeneration: '2' } }, false],
  ])('%s', (_name, rollout, isBehind) => {
    expect(isBehindDeployment(rollout, 2)).toBe(isBehind);
  });
});

describe('what the API has told a run itself', () => {
  const wrote = (manager: string, second: number, subresource?: string): ManagedFields => ({
    manager,
    time: `2026-01-01T00:00:0${second}Z`,
    ...(subresource !== undefined && { subresource }),
  });
  const by = (...managedFields: ManagedFields[]): RolloutObject => ({
    ...BEHIND,
    metadata: { ...BEHIND.metadata, managedFields },
  });
  const api = wrote('weir', 5);

  test.each<[string, boolean, RolloutObject]>([
    ['its own write', true, by(api)],
    ['its own write, over an older one of kubectl', true, by(wrote('kubectl-edit', 4), api)],
    [
      'its own write, with a later status and note of the run',
      true,
      by(api, wrote('weir-worker', 6), wrote('x', 6, 'status')),
    ],
    ['no write of kubectl after it', false, by(api, wrote('kubectl-edit', 6))],
    ['no write of kubectl in the same second, which may be the later one', false, by(api, wrote('kubectl-edit', 5))],
    ['no scaling after it', false, by(api, wrote('kube-controller-manager', 6, 'scale'))],
    ['nothing of a Rollout that it never wrote', false, by(wrote('argocd-controller', 5))],
    ['nothing of a Rollout that says nothing of its writers', false, BEHIND],
  ])('is %s', (_name, expected, object) => {
    const telling = tellingOf({ type: 'MODIFIED', object }) as Telling;
    expect(isToldByApi({ type: 'MODIFIED', object }, telling)).toBe(expected);
    expect(isToldByApi({ type: 'ADDED', object }, telling)).toBe(expected);
  });

  test.each<[string, Change<RolloutObject>['type'], RolloutObject]>([
    ['what was stored before this worker was up', 'LISTED', by(api)],
    ['a deletion', 'MODIFIED', { ...DELETING, metadata: { ...DELETING.metadata, managedFields: [api] } }],
    ['a label that is there again', 'ADDED', { ...SEEN, metadata: { ...SEEN.metadata, managedFields: [api] } }],
  ])('is not %s', (_name, type, object) => {
    expect(isToldByApi({ type, object }, tellingOf({ type, object }) as Telling)).toBe(false);
  });
});
