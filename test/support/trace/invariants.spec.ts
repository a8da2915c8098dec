import { describe, expect, test } from '@jest/globals';
import { leftMappings, tooMuchForStable, violations } from './invariants.ts';
import type { Snapshot } from './snapshot.ts';
import { mapping, replicaSet, rollout, service, traceOf } from './snapshots.ts';

const ROLES = { stable: 'stable', canary: 'canary' };
/** Revision 1 serves, revision 2 is tried at weight 0, and both have their pods. */
const UNDER_WAY = [
  rollout(),
  replicaSet(1, 4, 4),
  service('stable', 'hash-1'),
  replicaSet(2, 1, 1),
  service('canary', 'hash-2'),
  mapping('app0-canary', 0),
];

const violationsOf = (...snapshots: readonly Snapshot[]): readonly string[] => violations(traceOf(...snapshots), ROLES);

describe('given a rollout that goes as it should', () => {
  test('then no invariant is violated from the first deploy to the last pod of the old revision', () => {
    expect(
      violationsOf(
        ...UNDER_WAY,
        mapping('app0-canary', 30),
        replicaSet(2, 4, 1),
        replicaSet(2, 4, 4),
        mapping('app0-canary', 100),
        service('stable', 'hash-2'),
        mapping('app0-canary', 'gone'),
        replicaSet(1, 0, 4),
      ),
    ).toEqual([]);
  });

  test('then an abort takes the weight to 0 though stable has no available pod', () => {
    expect(
      violationsOf(
        ...UNDER_WAY,
        mapping('app0-canary', 30),
        replicaSet(1, 4, 0),
        mapping('app0-canary', 0),
        mapping('app0-canary', 'gone'),
        replicaSet(2, 0, 1),
      ),
    ).toEqual([]);
  });

  test('then the canary may be sized down, and scaled to 0 pods at weight 0', () => {
    const sized = [replicaSet(2, 4, 4), mapping('app0-canary', 80), mapping('app0-canary', 20), replicaSet(2, 1, 4)];
    expect(violationsOf(...UNDER_WAY, ...sized, mapping('app0-canary', 0), replicaSet(2, 0, 1))).toEqual([]);
  });

  test('then stable may go when the canary takes all (dynamicStableScale)', () => {
    expect(violationsOf(...UNDER_WAY, mapping('app0-canary', 100), replicaSet(1, 0, 4))).toEqual([]);
  });

  test('then everything may go to 0 pods when the Rollout wants none, or is deleted', () => {
    expect(violationsOf(...UNDER_WAY, rollout({ replicas: 0 }), replicaSet(1, 0, 4))).toEqual([]);
    expect(violationsOf(...UNDER_WAY, rollout({ deleting: true }), replicaSet(1, 'gone'))).toEqual([]);
  });

  test('then what others write is not held against Weir', () => {
    expect(
      violationsOf(...UNDER_WAY, replicaSet(2, 1, 0), mapping('app0-canary', 50, false), service('stable', 'x', false)),
    ).toEqual([]);
  });
});

describe('given a write that raises the share of a revision without available pods', () => {
  const cases: [string, readonly Snapshot[], string][] = [
    [
      'a weight is raised',
      [replicaSet(2, 1, 0), mapping('app0-canary', 30)],
      'at 8 mapping app0-canary goes from 0 to 30, but rev 2 has no available pod',
    ],
    [
      'a weight is raised while the canary Service selects no revision',
      [service('canary', undefined), mapping('app0-canary', 30)],
      'at 8 mapping app0-canary goes from 0 to 30, but Service canary selects no revision that is there',
    ],
    [
      'the stable Service is switched',
      [replicaSet(2, 1, 0), service('stable', 'hash-2')],
      'at 8 Service stable is switched, but rev 2 has no available pod',
    ],
    [
      'the stable Service is switched to a revision that does not exist',
      [service('stable', 'hash-9')],
      'at 7 Service stable is switched, but Service stable selects no revision that is there',
    ],
    [
      'the canary Service is switched while it takes traffic',
      [mapping('app0-canary', 30), replicaSet(3, 1, 0), service('canary', 'hash-3')],
      'at 9 Service canary is switched, but rev 3 has no available pod',
    ],
    [
      'a Mapping is deleted that had traffic, and stable has no pods for it',
      [mapping('app0-canary', 30), replicaSet(1, 4, 0), mapping('app0-canary', 'gone')],
      'at 9 mapping app0-canary goes from 30 to gone, but rev 1 has no available pod',
    ],
  ];
  test.each(cases)('when %s, then it is named', (_name, snapshots, expected) => {
    expect(violationsOf(...UNDER_WAY, ...snapshots)).toEqual([expected]);
  });

  test('when the canary Service is switched at weight 0, then nobody is hurt', () => {
    expect(violationsOf(...UNDER_WAY, replicaSet(3, 1, 0), service('canary', 'hash-3'))).toEqual([]);
  });
});

describe('given a ReplicaSet that loses its last pod', () => {
  test('when a Mapping routes to it, then that is named', () => {
    expect(violationsOf(...UNDER_WAY, mapping('app0-canary', 30), replicaSet(2, 0, 1))).toEqual([
      'at 8 rev 2 loses its last pod, but mapping app0-canary routes 30 % to it through Service canary',
    ]);
  });

  test('when the stable Service selects it, then that is named', () => {
    expect(violationsOf(...UNDER_WAY, mapping('app0-canary', 30), replicaSet(1, 0, 4))).toEqual([
      'at 8 rev 1 loses its last pod, but Service stable selects it',
    ]);
  });
});

describe('given stable pods that follow the weight', () => {
  const shrunk = [...UNDER_WAY, mapping('app0-canary', 75), replicaSet(1, 4, 1)];

  test('when a weight is lowered to what three of four ready pods can carry, then that is right', () => {
    const trace = traceOf(...shrunk, replicaSet(1, 4, 3), mapping('app0-canary', 25));
    expect(tooMuchForStable(trace, ROLES)).toEqual([]);
  });

  test('when it is lowered further, then that is named', () => {
    const trace = traceOf(...shrunk, replicaSet(1, 4, 2), mapping('app0-canary', 25));
    expect(tooMuchForStable(trace, ROLES)).toEqual(['at 10 mapping app0-canary goes to 25, but stable can carry 50 %']);
  });
});

describe('given the end of a run', () => {
  test('when a canary Mapping is there still, then it is named', () => {
    expect(leftMappings(traceOf(mapping('a', 0), mapping('b', 0), mapping('a', 'gone')))).toEqual(['b']);
  });
});
