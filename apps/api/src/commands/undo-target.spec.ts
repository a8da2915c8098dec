import { describe, expect, test } from '@jest/globals';
import type { PastRevision } from '../cluster/revision-history.ts';
import type { Problem } from '../http/problem.ts';
import { aManifestWithPods, aReplicaSet, aRollout } from '../testing/builders.ts';
import { isWanted, templateToRestore, wantedRevision } from './undo-target.ts';

function past(number: number): PastRevision {
  const podTemplateHash = `hash${number}`;
  return { number, podTemplateHash, replicaSet: aReplicaSet(number, podTemplateHash) };
}

function refusal(history: PastRevision[], toRevision?: number): Problem {
  try {
    wantedRevision(history, toRevision);
  } catch (error) {
    return error as Problem;
  }
  throw new Error('it found one');
}

const RESTORED = {
  metadata: { labels: { app: 'someapp' } },
  spec: { containers: [{ name: 'someapp', image: 'someapp:2', imagePullPolicy: 'IfNotPresent' }] },
};

describe('the revision that an undo goes back to', () => {
  test('is the one before the newest', () => {
    expect(wantedRevision([past(7), past(5), past(2)], undefined).number).toBe(5);
  });

  test('is the one of that number', () => {
    expect(wantedRevision([past(7), past(5), past(2)], 2).number).toBe(2);
  });

  test.each<[string, PastRevision[], number | undefined, string]>([
    ['a number that is not there', [past(7), past(5)], 6, 'there is no revision 6 in the history: it has 7, 5'],
    ['the one before the only one', [past(1)], undefined, 'no revision before the newest one in the history: it has 1'],
    ['one before there was any', [], undefined, 'it has none yet'],
  ])('cannot be %s', (_, history, toRevision, detail) => {
    const problem = refusal(history, toRevision);
    expect(problem.detail).toContain(detail);
    expect(problem).toMatchObject({
      status: 409,
      extras: { members: { code: 'RevisionNotFound', revisions: history.map(({ number }) => number) } },
    });
  });
});

describe('the pod template that an undo restores', () => {
  test('has nothing of what made it a ReplicaSet’s', () => {
    expect(templateToRestore(past(2))).toEqual(RESTORED);
  });

  const rollout = (parts: Parameters<typeof aRollout>[0] = {}) =>
    aRollout({ spec: aManifestWithPods()['spec'] as object, ...parts });
  const OBSERVED = { observedGeneration: '3', currentPodHash: 'hash2' };

  test.each<[string, ReturnType<typeof aRollout>, boolean]>([
    ['is what is stored', rollout({ spec: { template: RESTORED } }), true],
    ['is what is stored, but for defaults, as the run found', rollout({ generation: 3, status: OBSERVED }), true],
    ['was what the run found, and something changed since', rollout({ generation: 4, status: OBSERVED }), false],
    [
      'is another one than the run found',
      rollout({ generation: 3, status: { ...OBSERVED, currentPodHash: 'x' } }),
      false,
    ],
    ['is another one than what is stored, and no run has looked', rollout(), false],
  ])('%s: so it is wanted or not', (_, owner, expected) => {
    expect(isWanted(past(2), templateToRestore(past(2)), { rollout: owner, owner })).toBe(expected);
  });

  test.each([
    ['8', true],
    ['7', false],
  ])('is looked for in the Deployment that has it, of which the run has seen generation %s', (seen, expected) => {
    const owner = { metadata: { name: 'someapp', uid: 'uid-d', generation: 8 } };
    const status = { observedGeneration: '1', workloadObservedGeneration: seen, currentPodHash: 'hash2' };
    expect(isWanted(past(2), RESTORED, { rollout: rollout({ status }), owner })).toBe(expected);
  });
});
