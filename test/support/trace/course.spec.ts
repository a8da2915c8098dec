import { describe, expect, test } from '@jest/globals';
import { courseOf } from './course.ts';
import { renderCourse } from './golden.ts';
import type { Snapshot } from './snapshot.ts';
import { deed, mapping, replicaSet, rollout, service, traceOf } from './snapshots.ts';

const writesOf = (...snapshots: readonly Snapshot[]): readonly string[] => courseOf(traceOf(...snapshots)).writes;

describe('the course of a scenario', () => {
  test('given a first deploy, then it tells pods and Services by number of revision', () => {
    expect(
      writesOf(
        service('stable', undefined, false),
        service('canary', undefined, false),
        replicaSet(1, 4),
        replicaSet(1, 4, 4),
        service('stable', 'hash-1'),
        service('canary', 'hash-1'),
      ),
    ).toEqual(['rev 1: 4 pods', 'Services canary, stable -> rev 1']);
  });

  test('given an update, then each weight is a line, and a status is none', () => {
    expect(
      writesOf(
        replicaSet(2, 1),
        replicaSet(2, 1, 1),
        service('canary', 'hash-2'),
        mapping('app0-canary', 0),
        mapping('app0-canary', 30),
        mapping('app0-canary', 'gone'),
      ),
    ).toEqual([
      'rev 2: 1 pod',
      'Service canary -> rev 2',
      'mapping app0-canary: 0',
      'mapping app0-canary: 30',
      'mapping app0-canary: gone',
    ]);
  });

  test('given Mappings that are written in parallel, then they are one line in the order of their names', () => {
    expect(writesOf(mapping('b', 0), mapping('a', 0), mapping('b', 30), mapping('a', 30))).toEqual([
      'mappings a, b: 0',
      'mappings a, b: 30',
    ]);
  });

  test('given Mappings that stand at different weights for a moment, then that shows', () => {
    expect(writesOf(mapping('a', 10), mapping('b', 10), mapping('a', 20), mapping('a', 30), mapping('b', 20))).toEqual([
      'mappings a, b: 10',
      'mapping a: 20',
      'mapping a: 30',
      'mapping b: 20',
    ]);
  });

  test('given one Mapping that gets the same weight again after it was gone, then that is two lines', () => {
    expect(writesOf(mapping('a', 0), mapping('a', 'gone'), mapping('a', 0))).toEqual([
      'mapping a: 0',
      'mapping a: gone',
      'mapping a: 0',
    ]);
  });

  test('given two revisions that are scaled one after the other, then they are one line, and two sizes of one are two', () => {
    expect(writesOf(replicaSet(2, 2), replicaSet(1, 8), replicaSet(1, 4))).toEqual([
      'rev 1: 8 pods, rev 2: 2 pods',
      'rev 1: 4 pods',
    ]);
  });

  test('given writes of others, then they are not told', () => {
    expect(
      writesOf(mapping('a', 7, false), replicaSet(1, 2, 2, { byWeir: false }), service('stable', 'x', false)),
    ).toEqual([]);
  });

  test('given an old revision that is wanted again, then its new number is told before its pods', () => {
    const again = { hash: 'hash-1' };
    expect(writesOf(replicaSet(1, 0), replicaSet(3, 4, 0, again), service('stable', 'hash-1'))).toEqual([
      'rev 1: 0 pods',
      'rev 1 is now rev 3',
      'rev 3: 4 pods',
      'Service stable -> rev 3',
    ]);
  });

  test('given a ReplicaSet of the history that is deleted, then that is told; what goes with its Rollout is not', () => {
    expect(writesOf(replicaSet(1, 0), rollout(), replicaSet(1, 'gone'))).toEqual(['rev 1: 0 pods', 'rev 1: gone']);
    expect(writesOf(replicaSet(1, 0), rollout({ deleting: true }), replicaSet(1, 'gone'))).toEqual(['rev 1: 0 pods']);
  });

  test('given a user who changes the spec, then that divides the writes; a status does not', () => {
    expect(
      writesOf(
        rollout(),
        replicaSet(1, 1),
        rollout({ phase: 'Healthy' }),
        rollout({ generation: 2 }),
        replicaSet(2, 1),
        rollout({ generation: 3, deleting: true }),
        rollout({ generation: 3, deleting: true }),
      ),
    ).toEqual(['rev 1: 1 pod', '# the spec changes', 'rev 2: 1 pod', '# the Rollout is deleted']);
  });

  test('given a command between two writes, then that divides them', () => {
    expect(writesOf(replicaSet(1, 3), deed('promote'), replicaSet(2, 3))).toEqual([
      'rev 1: 3 pods',
      '# promote',
      'rev 2: 3 pods',
    ]);
  });

  test('given phases, then each is told once, with the head of its message but for progress', () => {
    const phases = [
      rollout(),
      rollout({ phase: 'Progressing', message: 'one thing' }),
      rollout({ phase: 'Progressing', message: 'another thing' }),
      rollout({ phase: 'Paused', message: 'CanaryPauseStep' }),
      rollout({ phase: 'Degraded', message: 'RolloutAborted: aborted by ana' }),
      rollout({ phase: 'Healthy', message: '' }),
      rollout({ phase: 'Progressing', deleting: true }),
    ];
    expect(courseOf(traceOf(...phases)).phases).toEqual([
      'Progressing',
      'Paused CanaryPauseStep',
      'Degraded RolloutAborted',
      'Healthy',
    ]);
  });

  test('given its text, then people can read it', () => {
    const course = courseOf(traceOf(mapping('a', 0), mapping('a', 5), rollout({ phase: 'Healthy' })));
    expect(renderCourse('Two writes', course)).toBe(
      'Two writes\n\nwrites:\n  mapping a: 0\n  mapping a: 5\n\nphases:\n  Healthy\n',
    );
  });
});
