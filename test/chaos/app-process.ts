import type { CommandLine } from '@weir/sandbox';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { eventually } from '../support/wait.ts';

/** It imports the SDK and compiles the bundle; on a machine that is busy with a batch that takes several seconds. */
const READY_MS = 60_000;

/** Characters of the log that say why. */
const LOG_TAIL = 2_000;

/** Where a process is to listen. */
export interface Listening {
  readonly env: Readonly<Record<string, string>>;
  /** Says 200 when it is ready. */
  readonly readyUrl: string;
}

/** A worker or an API that is started, killed and started again. */
export abstract class AppProcess {
  /** Of all that were started. */
  readonly pids: number[] = [];
  private child: ChildProcess | undefined;
  private readyUrl = '';

  constructor(
    protected readonly command: CommandLine,
    private readonly kubeconfig: string,
    /** Path of the file that its log is added to. */
    private readonly log: string,
  ) {}

  /** Before each start. */
  protected abstract listening(): Promise<Listening>;

  /** Of the one that was started last. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  async start(): Promise<void> {
    const { env: listening, readyUrl } = await this.listening();
    this.readyUrl = readyUrl;
    const { command, args, cwd, env: joining } = this.command;
    const env = { ...process.env, ...joining, KUBECONFIG: this.kubeconfig, ...listening };
    const log = openSync(this.log, 'a');
    this.child = spawn(command, args, { cwd, env, stdio: ['ignore', log, log] });
    closeSync(log);
    if (this.child.pid !== undefined) {
      this.pids.push(this.child.pid);
    }
  }

  /** SIGKILL; returns when it is dead. */
  async kill(): Promise<void> {
    const { child } = this;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
  }

  async ready(): Promise<void> {
    const isReady = async (): Promise<boolean> => (await fetch(this.readyUrl, { headers: { connection: 'close' } })).ok;
    await eventually(`${this.readyUrl} is ready`, isReady, READY_MS).catch(async (error: unknown) => {
      const { exitCode } = this.child ?? {};
      const log = (await readFile(this.log, 'utf8')).slice(-LOG_TAIL);
      throw new Error(`${String(error)}; exit code: ${exitCode ?? 'none'}\n${log}`);
    });
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Megabytes; not a number when there is no such process, or no /proc. */
export async function residentMegabytes(pid: number | undefined): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/VmRSS:\s+(\d+) kB/.exec(text)?.[1]) / 1_024;
}
