import { ALL_FAULTS, type CaseResult, type Verdict } from './types.ts';

export interface Summary {
  readonly seed: number;
  /** Of all cases that were to be run; undefined: as many as there was time for. */
  readonly wanted?: number;
  readonly durationMs: number;
  readonly machine: string;
  readonly at: string;
  /** Processes that outlived the run. */
  readonly leftProcesses: readonly string[];
  /** Times that the independent watch may have missed something. */
  readonly gaps: number;
}

const COLUMNS: readonly (readonly [string, (results: readonly CaseResult[]) => number])[] = [
  ['Faults injected', strikes],
  ['Rollouts', (results) => results.length],
  ['At their cut point', (results) => finishedIds(results).size],
  ['Violated', count('violated')],
  ['Lost', count('lost')],
  ['Stuck', count('stuck')],
  ['Not reached', (results) => idsOf(results).size - finishedIds(results).size],
  ['Swept', (results) => results.reduce((sum, { swept }) => sum + swept, 0)],
];

/** As Markdown: a row for each fault, and their sum. */
export function tableOf(results: readonly CaseResult[], summary: Summary): string {
  const rows = ALL_FAULTS.map((fault) => [fault, ...cells(results.filter((one) => one.fault === fault))]);
  const header = ['Fault', ...COLUMNS.map(([name]) => name)];
  const line = (parts: readonly (string | number)[]): string => `| ${parts.join(' | ')} |`;
  const { seed, wanted, durationMs, machine, at, leftProcesses, gaps } = summary;
  const done = `${finishedIds(results).size} ${wanted === undefined ? '' : `of ${wanted} `}cases`;
  return [
    line(header),
    line(header.map((_, index) => (index === 0 ? '---' : '---:'))),
    ...rows.map(line),
    line(['**all**', ...cells(results)]),
    '',
    `Seed ${seed}, ${done}, ${(durationMs / 60_000).toFixed(1)} min, ${machine}, ${at}. ` +
      `Processes left: ${leftProcesses.join(', ') || 'none'}. Gaps of the watch: ${gaps}.`,
  ].join('\n');
}

/** Of a rollout that did not keep a promise, for whoever has to find out why. */
export function storyOf({ id, verdict, problems, timeline = [], namespace }: CaseResult, seed: number): string {
  return [
    `${verdict.toUpperCase()} ${id} (seed ${seed}, namespace ${namespace})`,
    ...problems.map((one) => `  - ${one}`),
    ...timeline.map((one) => `    ${one}`),
    `  npm run chaos -- --case '${id}'`,
  ].join('\n');
}

/** Whether a promise was broken. */
export function isBroken({ verdict }: CaseResult): boolean {
  return verdict === 'violated' || verdict === 'lost' || verdict === 'stuck';
}

/** Cases that are not to be run again: their fault struck where it should, or what it broke elsewhere is known. */
export function finishedIds(results: readonly CaseResult[]): ReadonlySet<string> {
  return idsOf(results.filter(({ verdict }) => verdict !== 'unreached'));
}

function idsOf(results: readonly CaseResult[]): ReadonlySet<string> {
  return new Set(results.map(({ id }) => id));
}

/** One kill is one fault, however many rollouts were under way. A request that did not come was not disturbed. */
function strikes(results: readonly CaseResult[]): number {
  return new Set(results.filter(({ verdict }) => verdict !== 'unreached').map(({ strike }) => strike)).size;
}

function cells(results: readonly CaseResult[]): number[] {
  return COLUMNS.map(([, of]) => of(results));
}

function count(verdict: Verdict) {
  return (results: readonly CaseResult[]): number => results.filter((one) => one.verdict === verdict).length;
}
