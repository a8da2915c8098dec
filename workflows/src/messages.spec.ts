import { describe, expect, test } from '@jest/globals';
import type { Revision } from '@weir/rollout';
import { readCommand, wrongSpecChanged } from './messages.ts';

function aRevision(hash: string, more: Partial<Revision> = {}): Revision {
  const counts = { replicas: 4, pods: 4, ready: 4, available: 4 };
  const number = Number(hash.slice(1));
  return { hash, name: `app-${hash}`, number, createdAtMs: 0, ...counts, resourceVersion: '1', ...more };
}

describe('a message that would do harm later is not taken', () => {
  test.each([
    ['an actor that no annotation has room for', { actor: 'a'.repeat(300_000) }, 'actor has more than 200 characters'],
    ['a reason that no Event has room for', { reason: 'a'.repeat(1_001) }, 'reason has more than 1000 characters'],
    ['keys that fill the state', { idempotencyKey: 'k'.repeat(251) }, 'idempotencyKey has more than 250 characters'],
  ])('a command with %s', (_, payload, problem) => {
    expect(readCommand('pause', payload)).toBe(problem);
  });

  test.each<[string, object, string]>([
    [
      'a deadline after the end of time',
      { scaleDownAtMs: 1e300 },
      'scaleDownAtMs must be a time in epoch milliseconds',
    ],
    ['a deadline that is none', { scaleDownAtMs: {} }, 'scaleDownAtMs must be a time in epoch milliseconds'],
    ['half a pod', { available: 0.5 }, 'available must be a whole number of at least 0'],
    ['fewer pods than none', { replicas: -1 }, 'replicas must be a whole number of at least 0'],
  ])('news of pods with %s', (_, wrong, problem) => {
    const revisions = [aRevision('v1'), { ...aRevision('v2'), ...wrong }];
    expect(wrongSpecChanged({ uid: 'u', generation: 1, revisions })).toBe(`revisions[1].${problem}`);
  });

  test('while news of pods is, of a ReplicaSet on which somebody wrote odd annotations', () => {
    const odd = { number: -3, scaleDownAtMs: Date.parse('1960-01-01T00:00:00Z'), roleMetadata: '{}' };
    const revisions = [aRevision('v1', odd)];
    expect(wrongSpecChanged({ uid: 'u', generation: 1, revisions })).toBeUndefined();
  });
});
