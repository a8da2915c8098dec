import { describe, expect, test } from '@jest/globals';
import type { RolloutObject } from '@weir/activities';
import type { Change } from '@weir/kubernetes';
import { FINALIZER } from '@weir/rollout';
import { tellingOf, type Telling } from './telling.ts';

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
