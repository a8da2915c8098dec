import { describe, expect, test } from '@jest/globals';
import { offsetOfJsonError } from './json-place.ts';

describe('a text stops being JSON', () => {
  test.each([
    ['{"a": }', 6],
    ['{"a" 1}', 5],
    ['{"a": 1,}', 8],
    ['{,', 1],
    ['[1, 2,, 3]', 6],
    ['[1 2]', 3],
    ['[}', 1],
    ['{"a": [1, {"b": "c" "d"}]}', 20],
    ['{"a": 01}', 6],
    ['{"a": truex}', 6],
    ["{'a': 1}", 1],
    ['{"a": "b\n"}', 6],
    ['{} x', 3],
    ['{"a":', 5],
    ['[[', 2],
    ['', 0],
    ['x', 0],
  ])('%s at %i', (text, offset) => {
    expect(() => JSON.parse(text) as unknown).toThrow();
    expect(offsetOfJsonError(text)).toBe(offset);
  });
});
