import type { CommandLine } from '@weir/sandbox';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../support/free-port.ts';

/** It imports the SDK and compiles the bundle, beside another that does all the work. */
const READY_TIMEOUT_MS = 60_000;
/** What is measured from its being ready is ten times that and more. */
const POLL_MS = 10;

/** A worker of Weir's that is the measurement's own to kill. */
export class OwnWorker {
  private child: ChildProcess | undefined;

  constructor(
    private readonly command: CommandLine,
    /** Path of its log. */
    private readonly log: string,
  ) {}

  /** Starts it; returns when it polls for tasks. */
  async start(): Promise<void> {
    const port = await freePort();
    const { command, args, cwd, env } = this.command;
    const log = await open(this.log, 'a');
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env, WEIR_WORKER_HEALTH_PORT: String(port) },
      stdio: ['ignore', log.fd, log.fd],
    });
    this.child = child;
    await log.close();
    const deadlineMs = performance.now() + READY_TIMEOUT_MS;
    while (!(await isReady(port))) {
      if (child.exitCode !== null || performance.now() > deadlineMs) {
        throw new Error(`a worker is not ready; its log is ${this.log}`);
      }
      await delay(POLL_MS);
    }
  }

  get isRunning(): boolean {
    const { child } = this;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** SIGKILL; returns when it is dead. */
  async kill(): Promise<void> {
    const { child } = this;
    if (child !== undefined && this.isRunning) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
  }
}

async function isReady(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/readyz`, { headers: { connection: 'close' } })).ok;
  } catch {
    return false; // It does not listen yet.
  }
}
