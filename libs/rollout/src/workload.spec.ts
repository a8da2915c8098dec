import { describe, expect, test } from '@jest/globals';
import { revision } from './testing/runs.ts';
import { isWithinRollbackWindow, newest, revisionWith, withNews, type Revision } from './workload.ts';

describe('news of a ReplicaSet', () => {
  const known = (resourceVersion: string): Revision => revision('v1', 4, { available: 1, resourceVersion });
  const heard = (resourceVersion: string): Revision => revision('v1', 4, { available: 2, resourceVersion });

  test.each([
    ['is taken when it is newer', '11', '12', 2],
    ['is taken when it is newer by a digit: resourceVersions are numbers', '99', '100', 2],
    ['is passed over when it is older', '12', '11', 1],
    ['is passed over when it is older by a digit', '100', '99', 1],
    ['is passed over when it is the same', '12', '12', 1],
    ['is taken by who knows no resourceVersion', '', '1', 2],
  ])('%s', (_name, before, now, available) => {
    expect(withNews([known(before)], [heard(now)])[0]?.available).toBe(available);
    expect(newest([known(before)], [heard(now)])[0]?.available).toBe(available);
  });

  test('that says nothing new leaves the very same list, so that nobody sees a change', () => {
    const revisions = [known('12'), revision('v2')];
    expect(withNews(revisions, [heard('11')])).toBe(revisions);
    expect(newest(revisions, [])).toBe(revisions);
  });

  test('of one that was not known is added, unless what is known is the whole', () => {
    const revisions = [known('12')];
    expect(withNews(revisions, [revision('v2')]).map(({ hash }) => hash)).toEqual(['v1', 'v2']);
    expect(newest(revisions, [revision('v2')])).toBe(revisions);
  });

  test('leaves the others as they are', () => {
    const other = revision('v2');
    expect(withNews([known('1'), other], [heard('2')])).toEqual([heard('2'), other]);
  });
});

test('a revision is found by its hash, and none where nothing is known', () => {
  const [v1, v2] = [revision('v1'), revision('v2')];
  const workload = { revisions: [v1, v2], services: {}, selector: '' };
  expect(revisionWith(workload, 'v2')).toBe(v2);
  expect(revisionWith(workload, 'v3')).toBeUndefined();
  expect(revisionWith(undefined, 'v1')).toBeUndefined();
});

describe('a rollback is within the rollbackWindow', () => {
  const [v1, v2, v3, v4, v5] = ['v1', 'v2', 'v3', 'v4', 'v5'].map((hash) => revision(hash)) as [
    Revision,
    Revision,
    Revision,
    Revision,
    Revision,
  ];
  const history = [v3, v5, v1, v4, v2];

  test.each<[string, string, string, number | undefined, boolean]>([
    ['to the revision before, in a window of 1', 'v4', 'v3', 1, true],
    ['to the second before, in a window of 2', 'v5', 'v3', 2, true],
    ['not to the second before, in a window of 1', 'v5', 'v3', 1, false],
    ['not to the third before, in a window of 2', 'v5', 'v2', 2, false],
    ['not forward, to one that is newer than stable', 'v3', 'v5', 9, false],
    ['not without a window', 'v4', 'v3', undefined, false],
    ['not in a window of 0', 'v4', 'v3', 0, false],
    ['not to a revision whose ReplicaSet is gone', 'v4', 'v0', 9, false],
    ['not when nothing is stable', '', 'v3', 9, false],
  ])('%s', (_name, stable, canary, window, expected) => {
    expect(isWithinRollbackWindow(history, { stable, canary }, window)).toBe(expected);
  });

  test('not to one that was created in the same second: nobody knows which is older', () => {
    const twin = { ...v2, createdAtMs: v1.createdAtMs };
    expect(isWithinRollbackWindow([v1, twin], { stable: 'v2', canary: 'v1' }, 1)).toBe(false);
  });

  test('by when its ReplicaSet was created, whatever its number is since it was wanted again', () => {
    const renumbered = { ...v1, number: 9 };
    expect(isWithinRollbackWindow([renumbered, v2], { stable: 'v2', canary: 'v1' }, 1)).toBe(true);
    expect(isWithinRollbackWindow([renumbered, v2], { stable: 'v1', canary: 'v2' }, 1)).toBe(false);
  });
});
