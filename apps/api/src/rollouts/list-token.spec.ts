import { describe, expect, test } from '@jest/globals';
import { readToken, writeToken } from './list-token.ts';

describe('the continue of a list', () => {
  test('comes back as it was given', () => {
    const filter = { namespace: 'default', phase: 'Paused' };
    expect(readToken(filter, writeToken(filter, { page: 'p', after: 'default/a' }))).toEqual({
      page: 'p',
      after: 'default/a',
    });
  });

  test('is the start when there is none', () => {
    expect(readToken({}, undefined)).toEqual({});
  });

  test.each<[string, string, RegExp]>([
    ['of another list', writeToken({ namespace: 'other' }, { page: 'p' }), /another namespace or phase/],
    ['that is no token', 'abc', /is not the continue/],
    ['with something else inside', Buffer.from('{"a":1}').toString('base64url'), /is not the continue/],
  ])('%s is refused', (_, token, message) => {
    expect(() => readToken({}, token)).toThrow(message);
  });
});
