import { describe, expect, it } from '@jest/globals';
import { ProgressDisplay } from './progress-display.ts';

function screen(isTTY: boolean) {
  const written: string[] = [];
  const out = { isTTY, columns: 40, write: (text: string) => written.push(text) > 0 };
  return { written, display: new ProgressDisplay(out as unknown as NodeJS.WriteStream) };
}

describe('showing progress', () => {
  it('without a terminal: the last that was said of a state, before the next one', () => {
    const { written, display } = screen(false);
    display.show('weight 30 %', 'a', 0);
    display.show('weight 30 %', 'a', 1_000);
    display.show('weight 30 % (observed 29.6 %)', 'a', 2_000);
    display.show('weight 60 %', 'b', 3_000);
    display.show('weight 60 % (observed 60.2 %)', 'b', 4_000);
    display.finish();
    expect(written.join('')).toBe(
      'weight 30 %\nweight 30 % (observed 29.6 %)\nweight 60 %\nweight 60 % (observed 60.2 %)\n',
    );
  });

  it('without a terminal: a line at each change, and one every 10 s', () => {
    const { written, display } = screen(false);
    display.show('60 s left', 'a', 0);
    display.show('55 s left', 'a', 5_000);
    display.show('50 s left', 'a', 10_000);
    display.show('promoting', 'b', 11_000);
    display.finish();
    expect(written).toEqual(['60 s left\n', '50 s left\n', 'promoting\n']);
  });

  it('on a terminal: rewrites the line while it says the same, and keeps the last of each state', () => {
    const { written, display } = screen(true);
    display.show('60 s left', 'a', 0);
    display.show('59 s left', 'a', 250);
    display.show('promoting', 'b', 500);
    display.finish();
    expect(written.join('').replaceAll('\r\u001b[K', '<')).toBe('<60 s left<59 s left\n<promoting\n');
  });

  it('never lets a line wrap, because a wrapped one cannot be rewritten', () => {
    const { written, display } = screen(true);
    display.show('x'.repeat(100), 'a', 0);
    expect(written.join('')).toHaveLength('\r\u001b[K'.length + 39);
  });
});
