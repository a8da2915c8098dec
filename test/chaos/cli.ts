import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { isBroken, storyOf, tableOf, type Summary } from './report.ts';
import type { Stage } from './stage.ts';
import type { CaseResult } from './types.ts';

/** Processors and Node, for a table. */
function machine(): string {
  return `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`;
}

/** The rollouts in a record, one JSON line each; none when there is no file. A line that was cut off is left out. */
export function readRecord(file: string): CaseResult[] {
  if (!existsSync(file)) {
    return [];
  }
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line.endsWith('}')).map((line) => JSON.parse(line) as CaseResult);
}

export function addToRecord(file: string, result: CaseResult): void {
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify(result)}\n`);
}

export function tell(result: CaseResult, seed: number): void {
  const { verdict, id, tookMs } = result;
  const line = isBroken(result) ? storyOf(result, seed) : `${verdict} ${id} ${(tookMs / 1_000).toFixed(1)} s`;
  process.stdout.write(`${line}\n`);
}

/** @throws Error that names the option */
export function numberOf(name: string, value: string): number {
  if (!/^\d+(\.\d+)?$/.test(value)) {
    throw new Error(`--${name} needs a number, not '${value}'`);
  }
  return Number(value);
}

export interface Staged {
  /** Processes that outlived it. */
  readonly leftProcesses: readonly string[];
  readonly gaps: number;
  /** Why the work did not come to its end; absent: it did. */
  readonly failure?: string;
}

/** Does the work on servers that end with it, also when it fails, or when a signal interrupts it. */
export async function onStage(stage: Stage, work: () => Promise<void>): Promise<Staged> {
  const interrupted = new Promise<string>((resolve) => {
    (['SIGINT', 'SIGTERM'] as const).forEach((name) => process.once(name, () => resolve(name)));
  });
  const worked = work().then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error)),
  );
  const failure = await Promise.race([worked, interrupted]);
  const leftProcesses = failure === undefined ? await stage.dispose() : await cutOff(stage);
  return { leftProcesses, gaps: stage.observer.gaps, ...(failure !== undefined && { failure }) };
}

/** Work that goes on without its servers fails also where nobody waits for it: the SDK repeats calls from a timer. */
async function cutOff(stage: Stage): Promise<readonly string[]> {
  const say = (error: unknown): void => void process.stderr.write(`cut off: ${String(error)}\n`);
  process.on('uncaughtException', say);
  try {
    return await stage.dispose();
  } finally {
    process.off('uncaughtException', say);
  }
}

/** Whether nothing was broken, with the table and what else there is to say on the way. */
export function conclude(
  results: readonly CaseResult[],
  { failure, ...staged }: Staged,
  run: Pick<Summary, 'seed' | 'wanted' | 'durationMs'>,
): boolean {
  const summary = { ...run, ...staged, machine: machine(), at: new Date().toISOString() };
  process.stdout.write(`\n${tableOf(results, summary)}\n`);
  if (failure !== undefined) {
    process.stderr.write(`\nIt did not come to its end: ${failure}\n`);
  }
  return !results.some(isBroken) && staged.leftProcesses.length === 0 && failure === undefined;
}
