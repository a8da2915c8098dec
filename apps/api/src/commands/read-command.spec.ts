import { describe, expect, test } from '@jest/globals';
import type { Problem } from '../http/problem.ts';
import type { RestCommand } from './command.schemas.ts';
import { readCommand } from './read-command.ts';

const json = (value: unknown) => ({ format: 'json', text: JSON.stringify(value) }) as const;

function refused(name: RestCommand, body: unknown, key?: unknown): Problem {
  try {
    readCommand(name, body === undefined ? undefined : json(body), key);
  } catch (error) {
    return error as Problem;
  }
  throw new Error('it was taken');
}

describe('a command', () => {
  test('needs no body: then somebody gave it', () => {
    expect(readCommand('pause', undefined, undefined)).toMatchObject({
      actor: 'anonymous',
      payload: { actor: 'anonymous' },
    });
  });

  test('carries who gave it, why, and what they saw', () => {
    const body = json({ actor: 'ada', reason: 'fine', expectedStep: 1, full: true });
    expect(readCommand('promote', body, undefined).payload).toEqual({
      actor: 'ada',
      reason: 'fine',
      expectedStep: 1,
      full: true,
    });
  });

  test('has a key of its own: that of another command is another one', () => {
    const [promote, pause] = (['promote', 'pause'] as const).map((name) => readCommand(name, undefined, 'k1'));
    expect(promote).toMatchObject({ updateId: 'promote:k1', payload: { idempotencyKey: 'promote:k1' } });
    expect(pause?.updateId).toBe('pause:k1');
  });

  test.each<[RestCommand, object]>([
    ['skip', { expectedStep: 1 }],
    ['restart', { at: '2026-11-23T10:00:00+01:00' }],
    ['undo', { toRevision: 3 }],
  ])('%s carries what it is about: %j', (name, about) => {
    expect(readCommand(name, json({ actor: 'ada', ...about }), 'k1').payload).toEqual({
      actor: 'ada',
      idempotencyKey: `${name}:k1`,
      ...about,
    });
  });

  test('without a key is a new one each time', () => {
    const ids = [1, 2].map(() => readCommand('promote', undefined, undefined).updateId);
    expect(new Set(ids).size).toBe(2);
  });

  test.each<[string, Problem, string[]]>([
    ['an unknown field', refused('promote', { foo: 1 }), ['foo']],
    ['full of another command than promote', refused('pause', { full: true }), ['full']],
    [
      'everything that is wrong',
      refused('promote', { actor: '', expectedStep: -1, full: 1 }),
      ['actor', 'expectedStep', 'full'],
    ],
    ['a revision that can be none', refused('undo', { toRevision: 0 }), ['toRevision']],
    ['a time without a zone', refused('restart', { at: '2026-11-23T10:00:00' }), ['at']],
    ['a step of another command than promote and skip', refused('undo', { expectedStep: 1 }), ['expectedStep']],
    ['a body that is no object', refused('pause', []), ['']],
    ['a key that is too long', refused('pause', undefined, 'k'.repeat(201)), ['header.Idempotency-Key']],
    ['a key with a space', refused('pause', undefined, 'a b'), ['header.Idempotency-Key']],
  ])('is refused for %s', (_, problem, paths) => {
    expect(problem.status).toBe(422);
    expect(problem.extras.errors?.map(({ path }) => path)).toEqual(paths);
  });

  test('that is not JSON is refused', () => {
    expect(() => readCommand('pause', { format: 'json', text: '{' }, undefined)).toThrow(/not JSON/);
  });
});
