import { describe, expect, test } from '@jest/globals';
import type { Sample } from './figures.ts';
import { Findings } from './findings.ts';

const sample = (when: string, ...values: number[]): Sample => ({ what: 'abort', when, side: 'weir', values });

describe('what the bench finds', () => {
  test('given a part that fails, then the others are kept, and it is said what failed and why', async () => {
    const findings = new Findings();
    await findings.attempt('first', async () => findings.add([sample('idle', 1, 2)]));
    await findings.attempt('second', () => Promise.reject(new Error('the server is gone')));
    await findings.attempt('third', async () => findings.add([sample('idle', 3)]));
    expect(findings.figures).toMatchObject([{ when: 'idle', n: 3 }]);
    expect(findings.failures).toEqual([expect.stringMatching(/^second: Error: the server is gone/)]);
  });

  test('given no time, then it is said what was left out', () => {
    let isOver = false;
    const findings = new Findings(() => isOver);
    expect(findings.hasTimeFor('first')).toBe(true);
    isOver = true;
    expect(findings.hasTimeFor('second')).toBe(false);
    expect(findings.leftOut).toEqual(['second']);
  });

  test('given a part that found nothing of what it says, then it failed, and the table can be made', async () => {
    const findings = new Findings();
    await findings.attempt('first', async () => findings.add([sample('idle', 1), sample('busy')]));
    expect(findings.figures).toEqual([]);
    expect(findings.failures).toEqual([expect.stringMatching(/^first: RangeError: nothing was measured for abort/)]);
  });
});
