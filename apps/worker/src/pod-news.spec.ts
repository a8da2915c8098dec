import { beforeEach, describe, expect, test } from '@jest/globals';
import type { ReplicaSetObject, RolloutObject } from '@weir/activities';
import type { Change } from '@weir/kubernetes';
import { RUN_ANNOTATION, type Revision } from '@weir/rollout';
import { PodNews } from './pod-news.ts';
import { replicaSet } from './testing/objects.ts';

const ROLLOUT: RolloutObject = { metadata: { name: 'app', namespace: 'ns', uid: 'u', generation: 1 } };

/** What the last run has reported of its revisions. */
function reported(...revisions: Partial<Revision>[]): RolloutObject {
  const annotations = { [RUN_ANNOTATION]: JSON.stringify({ revisions }) };
  return { metadata: { ...ROLLOUT.metadata, annotations } };
}

const WHOLE = { name: 'app-v1', replicas: 4, pods: 4, ready: 4, available: 4 };

describe('what is news of the pods of a Rollout', () => {
  let news: PodNews;
  beforeEach(() => {
    news = new PodNews();
  });
  const happens = (type: Change<ReplicaSetObject>['type'], object: ReplicaSetObject): string | undefined =>
    news.changed({ type, object });
  const told = (rollout = ROLLOUT): string[] | undefined =>
    news.take(rollout)?.revisions.map(({ name, available }) => `${name}: ${available}`);

  test('a ReplicaSet with pods that nobody has told of yet', () => {
    expect(happens('ADDED', replicaSet('v1', 4))).toBe('u');
    expect(told()).toEqual(['app-v1: 4']);
  });

  test('each change of its counts, once', () => {
    happens('ADDED', replicaSet('v1', 4));
    told();
    expect(told()).toBeUndefined();
    for (const counts of [{ replicas: 3 }, { readyReplicas: 3 }, { availableReplicas: 3 }]) {
      happens('MODIFIED', replicaSet('v1', 4, counts));
      expect(told()).toHaveLength(1);
      expect(told()).toBeUndefined();
    }
    happens('MODIFIED', replicaSet('v1', 5));
    expect(told()).toHaveLength(1);
  });

  test.each<[string, ReplicaSetObject, ReplicaSetObject, boolean]>([
    ['a pod that came into service', replicaSet('v1', 4, { availableReplicas: 3 }), replicaSet('v1', 4), true],
    ['a pod that went out of service', replicaSet('v1', 4), replicaSet('v1', 4, { availableReplicas: 3 }), true],
    ['a pod that went', replicaSet('v1', 0, { replicas: 1, availableReplicas: 0 }), replicaSet('v1', 0), true],
    [
      'not a pod that only runs yet',
      replicaSet('v1', 4, { readyReplicas: 0, availableReplicas: 0 }),
      replicaSet('v1', 4, { readyReplicas: 4, availableReplicas: 0 }),
      false,
    ],
  ])('at once: %s', (_name, before, after, isUrgent) => {
    happens('ADDED', before);
    told();
    happens('MODIFIED', after);
    expect(news.take(ROLLOUT)?.isUrgent).toBe(isUrgent);
  });

  test('at once: not a ReplicaSet that was just made', () => {
    happens('ADDED', replicaSet('v1', 4, { readyReplicas: 0, availableReplicas: 0 }));
    expect(news.take(ROLLOUT)?.isUrgent).toBe(false);
  });

  test('all revisions, when one of them is news', () => {
    happens('ADDED', replicaSet('v1', 4));
    happens('ADDED', replicaSet('v2', 2));
    told();
    happens('MODIFIED', replicaSet('v2', 2, { availableReplicas: 1 }));
    expect(told()).toEqual(['app-v1: 4', 'app-v2: 1']);
  });

  test.each<[string, ReplicaSetObject, RolloutObject, boolean]>([
    ['not what the last run has reported', replicaSet('v1', 4), reported(WHOLE), false],
    ['what changed while no worker was up', replicaSet('v1', 4, { availableReplicas: 3 }), reported(WHOLE), true],
    ['a revision that the last run did not know', replicaSet('v2', 2), reported(WHOLE), true],
    ['not a revision of the history, which has no pods', replicaSet('v0', 0), reported(WHOLE), false],
    ['not a ReplicaSet that was made without pods', replicaSet('v1', 0), ROLLOUT, false],
    [
      'everything, where the report is nobody’s JSON',
      replicaSet('v1', 4),
      { metadata: { ...ROLLOUT.metadata, annotations: { [RUN_ANNOTATION]: 'oops' } } },
      true,
    ],
    [
      'everything, where the report is JSON of something else',
      replicaSet('v1', 4),
      { metadata: { ...ROLLOUT.metadata, annotations: { [RUN_ANNOTATION]: 'null' } } },
      true,
    ],
  ])('%s', (_name, object, rollout, isNews) => {
    happens('LISTED', object);
    expect(told(rollout) !== undefined).toBe(isNews);
  });

  test('not a change of anything but the counts', () => {
    happens('ADDED', replicaSet('v1', 4));
    told();
    const { metadata, ...rest } = replicaSet('v1', 4);
    happens('MODIFIED', { ...rest, metadata: { ...metadata, resourceVersion: '9', annotations: { other: 'x' } } });
    expect(told()).toBeUndefined();
  });

  test('not a ReplicaSet that is gone; the others are told without it', () => {
    happens('ADDED', replicaSet('v1', 4));
    happens('ADDED', replicaSet('v2', 2));
    told();
    happens('DELETED', replicaSet('v2', 2));
    expect(told()).toBeUndefined();
    happens('MODIFIED', replicaSet('v1', 5));
    expect(told()).toEqual(['app-v1: 5']);
  });

  test('never the pods of somebody else’s ReplicaSet', () => {
    const { metadata, ...rest } = replicaSet('v1', 4);
    const deployment = { kind: 'Deployment', controller: true, name: 'app', uid: 'u', apiVersion: 'apps/v1' };
    expect(happens('ADDED', { ...rest, metadata: { ...metadata, ownerReferences: [deployment] } })).toBeUndefined();
    expect(happens('ADDED', { ...rest, metadata: { ...metadata, ownerReferences: [] } })).toBeUndefined();
    expect(told()).toBeUndefined();
  });

  test('of each Rollout on its own', () => {
    happens('ADDED', replicaSet('v1', 4));
    happens('ADDED', replicaSet('v1', 2, {}, 'other'));
    told();
    const other: RolloutObject = { metadata: { ...ROLLOUT.metadata, uid: 'other' } };
    expect(told(other)).toEqual(['app-v1: 2']);
  });

  test('everything again, once the Rollout was forgotten', () => {
    happens('ADDED', replicaSet('v1', 4));
    told();
    news.forget('u');
    expect(told()).toBeUndefined();
    happens('LISTED', replicaSet('v1', 4));
    expect(told()).toEqual(['app-v1: 4']);
  });
});
