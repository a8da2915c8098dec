import { describe, expect, it } from '@jest/globals';
import { isRunning, parseProcStat, processStartTime } from './process-identity.ts';

const stat = (name: string, state: string) =>
  `42 (${name}) ${state} 1 42 42 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 987654 1000 100 18446744073709551615`;

describe('telling a process from a later one with the same pid', () => {
  it.each([
    ['reads when it started', 'etcd', 'S', '987654'],
    ['is not misled by a name with spaces and parentheses', 'a) R (b', 'S', '987654'],
    ['takes a zombie for dead', 'etcd', 'Z', undefined],
  ])('%s', (_, name, state, expected) => {
    expect(parseProcStat(stat(name, state))).toBe(expected);
  });

  it('finds this process running, and not with another start time', () => {
    const startTime = processStartTime(process.pid) ?? '';
    expect([isRunning(process.pid, startTime), isRunning(process.pid, `${startTime}0`)]).toEqual([true, false]);
  });

  it('has nothing to say of a pid that nobody has', () => {
    expect(processStartTime(0x7fff_fffe)).toBeUndefined();
  });
});
