import { describe, expect, test } from '@jest/globals';
import { finishedIds, isBroken, storyOf, tableOf, type Summary } from './report.ts';
import type { CaseResult } from './types.ts';

const SUMMARY: Summary = {
  seed: 6,
  wanted: 9,
  durationMs: 90_000,
  machine: '2 × CPU',
  at: '2026-11-23T12:00:00Z',
  leftProcesses: [],
  gaps: 0,
};

function result(id: string, parts: Partial<CaseResult> = {}): CaseResult {
  return {
    id,
    scenario: 'promoted',
    fault: 'kill-worker',
    verdict: 'held',
    problems: [],
    swept: 0,
    tookMs: 1_000,
    namespace: 'chaos-1',
    strike: 'first',
    ...parts,
  };
}

const cells = (results: readonly CaseResult[], row: string): string[] | undefined =>
  tableOf(results, SUMMARY)
    .split('\n')
    .find((line) => line.startsWith(`| ${row} |`))
    ?.split('|')
    .slice(2, -1)
    .map((cell) => cell.trim());

describe('given what became of rollouts', () => {
  test('then a kill that met three of them is one fault, and who came late and then in time is a case that was met', () => {
    const results = [
      result('a'),
      result('b'),
      result('c', { verdict: 'unreached' }),
      result('c', { strike: 'second' }),
      result('d', { verdict: 'unreached', strike: 'second' }),
    ];
    expect(cells(results, 'kill-worker')).toEqual(['2', '5', '3', '0', '0', '0', '1', '0']);
    expect(finishedIds(results)).toEqual(new Set(['a', 'b', 'c']));
  });

  test('then what was broken is counted under its fault and in the sum, and is not run again', () => {
    const results = [
      result('a', { verdict: 'violated' }),
      result('b', { verdict: 'lost' }),
      result('c', { verdict: 'stuck', fault: '409', swept: 2 }),
    ];
    expect(cells(results, 'kill-worker')).toEqual(['1', '2', '2', '1', '1', '0', '0', '0']);
    expect(cells(results, '409')).toEqual(['1', '1', '1', '0', '0', '1', '0', '2']);
    expect(cells(results, '**all**')?.slice(3, 6)).toEqual(['1', '1', '1']);
    expect(results.every(isBroken)).toBe(true);
    expect(finishedIds(results).size).toBe(3);
  });

  test('then the table says seed, machine, date and what is left', () => {
    const text = tableOf([result('a')], { ...SUMMARY, leftProcesses: ['temporal (17)'], gaps: 1 });
    expect(text).toContain('Seed 6, 1 of 9 cases, 1.5 min, 2 × CPU, 2026-11-23T12:00:00Z.');
    expect(text).toContain('Processes left: temporal (17). Gaps of the watch: 1.');
  });

  test('then the story of a broken one says how to run it again', () => {
    const story = storyOf(
      result('promoted/timer/a/fired/kill-worker', { verdict: 'violated', problems: ['early'] }),
      6,
    );
    expect(story).toContain('VIOLATED promoted/timer/a/fired/kill-worker (seed 6, namespace chaos-1)\n  - early\n');
    expect(story).toContain("npm run chaos -- --case 'promoted/timer/a/fired/kill-worker'");
  });
});
