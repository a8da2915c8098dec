import { describe, expect, it } from '@jest/globals';
import { isNewEnough } from './go.ts';

describe('the version of Go', () => {
  it.each([
    ['go1.26', true],
    ['go1.26.8', true],
    ['go1.27rc1', true],
    ['go2.0', true],
    ['devel go1.28-abcdef', true],
    ['go1.25.9', false],
    ['go1.9', false],
    ['', false],
  ])('%s: %s', (version, expected) => {
    expect(isNewEnough(version)).toBe(expected);
  });
});
