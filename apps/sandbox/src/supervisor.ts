import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { processStartTime } from './process-identity.ts';

/** How to start a process; `env` is laid over the environment of whoever starts it. */
export interface CommandLine {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** A process that the sandbox started. */
export interface Supervised {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** How it ended, in words (`exit code 1`, `SIGKILL`); `undefined` while it runs. */
  readonly ended: string | undefined;
  /** Resolves when it has ended, with the same words; never rejects. */
  readonly end: Promise<string>;
  /** What it has logged since this start; its last lines only. */
  logTail(lines: number): string;
  /** Asks it to end, and kills it and what it started after `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/** A log that has grown over this is moved to `<name>.log.1` at the next start: a sandbox lives for weeks. */
const LOG_LIMIT_BYTES = 50 * 1024 * 1024;

/** Variables of the caller that would send a process of the sandbox to another cluster or Temporal. */
const FOREIGN_VARIABLE = /^(KUBECONFIG$|TEMPORAL_|ETCD_|KUBERNETES_SERVICE_)/;

/**
 * Starts processes so that none outlives the caller: each in its own session (Ctrl-C in a terminal does not reach it),
 * and each known to a reaper process that kills it when the caller is gone.
 */
export class Supervisor {
  readonly #logFolder: string;
  readonly #running = new Map<string, SupervisedProcess>();
  #reaper: ChildProcess | undefined;

  constructor(logFolder: string) {
    this.#logFolder = logFolder;
    mkdirSync(logFolder, { recursive: true, mode: 0o700 });
  }

  /** @throws when the command cannot be run at all. */
  start(name: string, { command, args, env, cwd }: CommandLine): Supervised {
    this.#reaper ??= startReaper();
    const logFile = join(this.#logFolder, `${name}.log`);
    if (existsSync(logFile) && statSync(logFile).size > LOG_LIMIT_BYTES) {
      renameSync(logFile, `${logFile}.1`);
    }
    const log = openSync(logFile, 'a', 0o600);
    const logStart = statSync(logFile).size;
    const inherited = Object.entries(process.env).filter(([key]) => !FOREIGN_VARIABLE.test(key));
    const child = spawn(command, args, {
      cwd,
      env: { ...Object.fromEntries(inherited), ...env },
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    if (child.pid === undefined) {
      child.on('error', () => {});
      throw new Error(`${name} cannot be started: ${command} is missing or not executable`);
    }
    const supervised = new SupervisedProcess(name, child, child.pid, logFile, logStart);
    this.#tellReaper(`+${child.pid} ${processStartTime(child.pid) ?? ''}`);
    this.#running.set(name, supervised);
    void supervised.end.then(() => {
      this.#running.delete(name);
      this.#tellReaper(`-${supervised.pid}`);
    });
    return supervised;
  }

  /** Stops the named processes together, those that run. */
  async stop(names: readonly string[], graceMs: number): Promise<void> {
    await Promise.all(names.map(async (name) => this.#running.get(name)?.stop(graceMs)));
  }

  /** Kills whatever still runs, and lets the reaper go. */
  async close(): Promise<void> {
    await this.stop([...this.#running.keys()], 0);
    this.#reaper?.stdin?.end();
    this.#reaper = undefined;
  }

  #tellReaper(line: string): void {
    this.#reaper?.stdin?.write(`${line}\n`);
  }
}

class SupervisedProcess implements Supervised {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  readonly end: Promise<string>;
  ended: string | undefined;
  readonly #logStart: number;

  constructor(name: string, child: ChildProcess, pid: number, logFile: string, logStart: number) {
    this.name = name;
    this.pid = pid;
    this.logFile = logFile;
    this.#logStart = logStart;
    this.end = new Promise((resolve) => {
      child.on('exit', (code, signal) => {
        this.ended = signal ?? `exit code ${code}`;
        resolve(this.ended);
      });
    });
  }

  logTail(lines: number): string {
    return readFileSync(this.logFile)
      .subarray(this.#logStart)
      .toString('utf8')
      .trimEnd()
      .split('\n')
      .slice(-lines)
      .join('\n');
  }

  async stop(graceMs: number): Promise<void> {
    if (graceMs > 0) {
      this.#signal('SIGTERM');
      const timer = new AbortController();
      await Promise.race([this.end, delay(graceMs, undefined, { signal: timer.signal }).catch(() => {})]);
      timer.abort();
    }
    // The whole group: what it started must not stay behind either.
    this.#signal('SIGKILL');
    await this.end;
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.ended !== undefined) {
      return;
    }
    try {
      process.kill(-this.pid, signal);
    } catch {
      // It ended in between; its exit event is on the way.
    }
  }
}

function startReaper(): ChildProcess {
  // Tests run from the sources, everything else from dist.
  const script = fileURLToPath(new URL(`./reaper${extname(import.meta.filename)}`, import.meta.url));
  const reaper = spawn(process.execPath, [script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true, cwd: '/' });
  reaper.on('error', () => {});
  reaper.stdin.on('error', () => {});
  // Neither the process nor its pipe keeps the caller alive.
  reaper.unref();
  (reaper.stdin as unknown as { unref(): void }).unref();
  return reaper;
}
