import { expect, test } from '@jest/globals';
import { KeyedSets } from './keyed-sets.ts';

test('has each value of a key once, until it is deleted', () => {
  const sets = new KeyedSets();
  for (const value of ['a', 'b', 'a']) {
    sets.add('key', value);
  }
  expect(sets.of('key')).toEqual(['a', 'b']);
  sets.delete('key', 'a');
  expect(sets.of('key')).toEqual(['b']);
  sets.delete('key', 'b');
  sets.delete('another', 'a');
  expect(sets.of('key')).toEqual([]);
});
