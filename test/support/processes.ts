import type { ProcessName } from '@weir/sandbox';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readSandbox } from './cluster.ts';
import { eventually } from './wait.ts';

const WORKER_UP_MS = 60_000;

/** Kills processes of a sandbox and starts them again on the same data, as a person would by hand. */
export class Processes {
  private readonly startedByHand = new Map<ProcessName, ChildProcess>();

  constructor(private readonly stateDirectory: string) {}

  /** SIGKILL to the process of the sandbox, or to the one that was started in its place. */
  async kill(name: ProcessName): Promise<void> {
    const replacement = this.startedByHand.get(name);
    if (replacement !== undefined) {
      return end(replacement);
    }
    const pid = (await readSandbox(this.stateDirectory)).pids[name];
    if (pid === undefined) {
      throw new Error(`the sandbox has no process ${name}`);
    }
    process.kill(pid, 'SIGKILL');
    await eventually(`${name} is dead`, async () => !isAlive(pid));
  }

  /** By the command that `sandbox.json` names. */
  async start(name: ProcessName, env: Readonly<Record<string, string>> = {}): Promise<void> {
    const command = (await readSandbox(this.stateDirectory)).commands[name];
    if (command === undefined) {
      throw new Error(`sandbox.json has no command for ${name}`);
    }
    const child = spawn(command.command, command.args, {
      cwd: command.cwd,
      env: { ...process.env, ...command.env, ...env },
      stdio: 'ignore',
    });
    this.startedByHand.set(name, child);
  }

  /**
   * Starts the worker, and returns when it polls: on a machine that is busy with other tests this may take half a minute.
   *
   * @returns that moment, in epoch milliseconds
   */
  async startWorker(env: Readonly<Record<string, string>> = {}): Promise<number> {
    const { commands } = await readSandbox(this.stateDirectory);
    const url = `http://127.0.0.1:${commands.worker?.env['WEIR_WORKER_HEALTH_PORT']}/readyz`;
    await this.start('worker', env);
    const isUp = async (): Promise<boolean> => (await fetch(url, { headers: { connection: 'close' } })).ok;
    await eventually('the worker is up', isUp, WORKER_UP_MS);
    return Date.now();
  }

  /** Ends what was started by hand: the sandbox knows nothing of it. */
  async dispose(): Promise<void> {
    await Promise.all([...this.startedByHand.values()].map(end));
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
