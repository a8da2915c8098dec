import { describe, expect, test } from '@jest/globals';
import { readDocument } from './read-document.ts';

const BILLION_LAUGHS = [
  'a: &a [x,x,x,x,x,x,x,x,x]',
  ...['b', 'c', 'd', 'e'].map((key, index) => `${key}: &${key} [${`*${'abcd'[index]},`.repeat(9)}]`),
].join('\n');

describe('a document that is read', () => {
  test.each<[string, 'json' | 'yaml', string, unknown]>([
    ['JSON', 'json', '{"a": [1, "2"]}', { a: [1, '2'] }],
    ['YAML', 'yaml', 'a: {b: 1}\nc: [x, "2"]', { a: { b: 1 }, c: ['x', '2'] }],
    ['YAML with a start, an end and empty documents around it', 'yaml', '---\na: 1\n...\n---\n', { a: 1 }],
    ['YAML with anchors', 'yaml', 'a: &a {x: 1}\nb: *a', { a: { x: 1 }, b: { x: 1 } }],
    ['YAML with merge keys', 'yaml', 'a: &a {x: 1}\nb:\n  <<: *a\n  y: 2', { a: { x: 1 }, b: { x: 1, y: 2 } }],
    ['YAML whose number-like keys stay texts', 'yaml', 'labels: {1: a}', { labels: { 1: 'a' } }],
    ['YAML with the words of YAML 1.1 as texts', 'yaml', 'a: yes', { a: 'yes' }],
  ])('%s', (_, format, text, value) => {
    expect(readDocument({ format, text })).toEqual({ ok: true, value });
  });
});

describe('a document that is not read says why and where', () => {
  test.each<[string, 'json' | 'yaml', string, string, [number, number]?]>([
    ['nothing', 'yaml', ' \n', 'the body is empty'],
    ['only a comment', 'yaml', '# nothing', 'the body has no document'],
    ['JSON with a mistake', 'json', '{"a": 1,\n "b": }', 'not JSON: Unexpected token', [2, 7]],
    ['JSON that is cut off', 'json', '{"a": 1,', 'not JSON: Expected double-quoted property name', [1, 9]],
    ['YAML with a mistake', 'yaml', 'a: 1\nb: [c', 'not YAML: Flow sequence', [2, 6]],
    ['two documents', 'yaml', 'a: 1\n---\nb: 2', 'more than one document', [3, 1]],
    ['a key that is there twice', 'yaml', 'a:\n  b: 1\n  b: 2', 'the key b is there twice', [3, 3]],
    ['a tag of another program', 'yaml', 'a: !!js/function x', 'Unresolved tag', [1, 4]],
    ['an alias of nothing', 'yaml', 'a: *b', 'used before it is set', [1, 4]],
    ['anchors that explode', 'yaml', BILLION_LAUGHS, 'stand for too much'],
    [
      'more aliases than a person writes',
      'yaml',
      `a: &a x\nb: [${'*a,'.repeat(101)}]`,
      'more than 100 times',
      [2, 305],
    ],
    ['an anchor inside of itself', 'yaml', 'a: &a [*a]', 'used inside of itself'],
    ['a hundred thousand open brackets', 'yaml', '['.repeat(100_000), 'more than 100000 tokens'],
    ['deep brackets', 'yaml', '['.repeat(5_000) + ']'.repeat(5_000), 'nested too deep'],
    ['a deep list without brackets', 'yaml', '- '.repeat(20_000) + 'x', 'nested too deep'],
  ])('%s', (...[, format, text, message, place]) => {
    const read = readDocument({ format, text });
    expect(read).toMatchObject({ ok: false, message: expect.stringContaining(message) });
    if (Array.isArray(place)) {
      const [line, column] = place;
      expect(read).toMatchObject({ line, column });
    }
  });

  test('a hundred thousand brackets of JSON are data, and no crash', () => {
    const text = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(readDocument({ format: 'json', text }).ok).toBe(true);
  });

  test('a map of thousands of keys is read in linear time', () => {
    const text = Array.from({ length: 14_000 }, (_, index) => `k${index}: 1`).join('\n');
    expect(readDocument({ format: 'yaml', text }).ok).toBe(true);
  });
});
