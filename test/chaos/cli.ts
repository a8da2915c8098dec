import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { storyOf, isBroken } from './report.ts';
import type { Stage } from './stage.ts';
import type { CaseResult } from './types.ts';

/** Processors and Node, for a table. */
export function machine(): string {
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
  readonly wasInterrupted: boolean;
}

/** Does the work on servers that end with it, also when a signal interrupts it. */
export async function onStage(stage: Stage, work: () => Promise<void>): Promise<Staged> {
  const interrupted = new Promise<true>((resolve) => {
    ['SIGINT', 'SIGTERM'].forEach((name) => process.once(name, () => resolve(true)));
  });
  let leftProcesses: readonly string[] = [];
  let wasInterrupted = false;
  const working = work();
  // Without its servers it fails, and after an interruption nobody waits for it.
  working.catch(() => undefined);
  try {
    wasInterrupted = (await Promise.race([working, interrupted])) ?? false;
  } finally {
    leftProcesses = await stage.dispose();
  }
  return { leftProcesses, gaps: stage.observer.gaps, wasInterrupted };
}
