import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { shortHash } from './hash.ts';

/** FNV-1a as its authors define it. */
function fnv1a(bytes: readonly number[]): string {
  return bytes
    .reduce((hash, byte) => ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn, 0xcbf29ce484222325n)
    .toString(36);
}

describe('shortHash', () => {
  test.each([
    ['', 0xcbf29ce484222325n],
    ['a', 0xaf63dc4c8601ec8cn],
    ['foobar', 0x85944171f73967e8n],
  ])('of %j is what the authors of FNV publish', (text, hash) => {
    expect(shortHash(text)).toBe(hash.toString(36));
  });

  test.each([
    ['ü', [0xc3, 0xbc]],
    ['€', [0xe2, 0x82, 0xac]],
    ['😀', [0xf0, 0x9f, 0x98, 0x80]],
    ['\ud800', [0xef, 0xbf, 0xbd]],
  ])('of %j is the hash of its UTF-8', (text, bytes) => {
    expect(shortHash(text)).toBe(fnv1a(bytes));
  });

  test('of any ASCII is FNV-1a', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 300 }), (text) => {
        expect(shortHash(text)).toBe(fnv1a([...text].map((character) => character.charCodeAt(0))));
      }),
    );
  });
});
