import { describe, expect, test } from '@jest/globals';
import { onceEach } from './once-each.ts';

describe('onceEach', () => {
  test('computes once for an object, and anew for another that looks the same', () => {
    let computed = 0;
    const lengthOf = onceEach(({ text }: { readonly text: string }) => ({ length: text.length, nth: ++computed }));
    const [one, twin] = [{ text: 'abc' }, { text: 'abc' }];
    expect([one, one, twin, one].map((each) => lengthOf(each).nth)).toEqual([1, 1, 2, 1]);
    expect(lengthOf(twin).length).toBe(3);
  });

  test('remembers nothing of an attempt that failed', () => {
    let isFailing = true;
    const textOf = onceEach(({ text }: { readonly text: string }) => {
      if (isFailing) {
        throw new Error('not now');
      }
      return text;
    });
    const one = { text: 'abc' };
    expect(() => textOf(one)).toThrow('not now');
    isFailing = false;
    expect(textOf(one)).toBe('abc');
  });
});
