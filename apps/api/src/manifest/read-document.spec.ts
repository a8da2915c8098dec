import { describe, expect, test } from '@jest/globals';
import { readDocument } from './read-document.ts';

const BILLION_LAUGHS = [
  'a: &a [x,x,x,x,x,x,x,x,x]',
  ...['b', 'c', 'd', 'e'].map((key, index) => `${key}: &${key} [${`*${'abcd'[index]},`.repeat(9)}]`),
].join('\n');

function nested(levels: number): unknown {
  return levels === 0 ? 1 : [nested(levels - 1)];
}

describe('a document that is read', () => {
  test.each<[string, 'json' | 'yaml', string, unknown]>([
    ['JSON', 'json', '{"a": [1, "2"]}', { a: [1, '2'] }],
    ['YAML', 'yaml', 'a: {b: 1}\nc: [x, "2"]', { a: { b: 1 }, c: ['x', '2'] }],
    ['YAML with a start, an end and empty documents around it', 'yaml', '---\na: 1\n...\n---\n', { a: 1 }],
    ['YAML with anchors', 'yaml', 'a: &a {x: 1}\nb: *a', { a: { x: 1 }, b: { x: 1 } }],
    ['YAML with merge keys', 'yaml', 'a: &a {x: 1}\nb:\n  <<: *a\n  y: 2', { a: { x: 1 }, b: { x: 1, y: 2 } }],
    ['YAML whose number-like keys stay texts', 'yaml', 'labels: {1: a}', { labels: { 1: 'a' } }],
    ['YAML with the words of YAML 1.1 as texts', 'yaml', 'a: yes', { a: 'yes' }],
    [
      'YAML that says that it is 1.1, all the same',
      'yaml',
      '%YAML 1.1\n---\na: yes\nb: 2026-11-23',
      { a: 'yes', b: '2026-11-23' },
    ],
    ['a hundred levels', 'json', '['.repeat(100) + '1' + ']'.repeat(100), nested(100)],
  ])('%s', (_, format, text, value) => {
    expect(readDocument({ format, text })).toEqual({ ok: true, value });
  });
});

type Bad = [name: string, format: 'json' | 'yaml', text: string, message: string, place?: [number, number]];

describe('a document that is not read says why and where', () => {
  test.each<Bad>([
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
    ['anchors of a long text', 'yaml', `a: &a ${'x'.repeat(20_000)}\nb: [${'*a,'.repeat(90)}]`, 'stand for too much'],
    [
      'anchors of many values',
      'yaml',
      `a: &a [${'x,'.repeat(2_000)}]\nb: [${'*a,'.repeat(90)}]`,
      'more than 100000 values',
    ],
    ['a merge key with a text', 'yaml', 'a: {<<: b}', 'not YAML: Merge sources must be maps'],
    ['a merge key twice', 'yaml', 'a: &a {x: 1}\nb:\n  <<: *a\n  <<: *a', 'the key << is there twice', [4, 3]],
    ...['!!binary YQ==', '!!set {a}', '!!omap [a: 1]', '!!timestamp 2026-11-23'].map((value): Bad => [
      `a tag of what JSON does not have: ${value}`,
      'yaml',
      `a: ${value}`,
      'Unresolved tag',
      [1, 4],
    ]),
    ...['.nan', '-.inf', '1e999', '9007199254740993'].map((value): Bad => [
      `a number that would be stored as another: ${value}`,
      'yaml',
      `a: ${value}`,
      'at a cannot be kept as it is written',
    ]),
    ['a number of JSON that would be stored as another', 'json', '{"a": [1, 1e999]}', 'Infinity at a.1 cannot be kept'],
    ['half of a surrogate pair', 'json', '{"a": "\\ud83d"}', 'the text at a has half of a surrogate pair'],
    ['a hundred thousand brackets', 'json', '['.repeat(100_000) + ']'.repeat(100_000), 'nested too deep'],
    ['a hundred thousand values', 'json', `[${'1,'.repeat(100_000)}1]`, 'more than 100000 values'],
    ['a hundred thousand bad escapes in a line', 'yaml', `a: "${'\\x'.repeat(100_000)}"`, 'more than 100000 tokens'],
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

  test('bad escapes in one line are refused in linear time', () => {
    const before = process.cpuUsage();
    expect(readDocument({ format: 'yaml', text: `a: "${'\\x'.repeat(95_000)}"` })).toMatchObject({
      line: 1,
      column: 5,
    });
    // Half a second, and more than five with a line quoted for each of them. Of this process: others may use the machine.
    expect(process.cpuUsage(before).user).toBeLessThan(3_000_000);
  });

  test('a map of thousands of keys is read in linear time', () => {
    const text = Array.from({ length: 14_000 }, (_, index) => `k${index}: 1`).join('\n');
    expect(readDocument({ format: 'yaml', text }).ok).toBe(true);
  });
});
