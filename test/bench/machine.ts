import { readFile } from 'node:fs/promises';
import type { ProcessName } from '@weir/sandbox';
import { readSandbox } from '../support/cluster.ts';

/** Linux counts the time of a process in hundredths of a second, whatever its timer's rate is (USER_HZ). */
const TICKS_A_SECOND = 100;
const UTIME = 11;

/** What a process has, or has used since it started. */
export interface Usage {
  /** Resident memory. */
  readonly megabytes: number;
  readonly cpuSeconds: number;
}

/** @throws where there is no /proc, or no such process */
export async function usageOf(pid: number): Promise<Usage> {
  const [status, stat] = await Promise.all(['status', 'stat'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8')));
  // The name of the program is in parentheses, and may hold anything.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  const ticks = Number(fields[UTIME]) + Number(fields[UTIME + 1]);
  return {
    megabytes: Number(/VmRSS:\s+(\d+) kB/.exec(status ?? '')?.[1]) / 1_024,
    cpuSeconds: ticks / TICKS_A_SECOND,
  };
}

/** The process ids of some of a sandbox, as they were started. */
export async function pidsOf<T extends ProcessName>(
  stateDirectory: string,
  names: readonly T[],
): Promise<readonly { readonly name: T; readonly pid: number }[]> {
  const { pids } = await readSandbox(stateDirectory);
  return names.map((name) => {
    const pid = pids[name];
    if (pid === undefined) {
      throw new Error(`the sandbox has no process ${name}`);
    }
    return { name, pid };
  });
}
