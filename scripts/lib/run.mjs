import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { basename } from 'node:path';

/** Somebody asked this process to end while it prepared the task. */
export class InterruptedError extends Error {
  constructor(signal) {
    super(`interrupted by ${signal}`);
    this.exitCode = exitCodeOf(null, signal);
  }
}

const PARENT_POLL_MS = 500;
/** How long a child may take to end once nobody waits for it; the sandbox then sees that this process is gone too. */
const WITHOUT_PARENT_MS = 1000;
/** One Ctrl-C reaches the child from the terminal, and again from npm through this process: it is passed on once. */
const SAME_INTERRUPT_MS = 1000;
const STILL_EVERY_MS = 15_000;

/**
 * Runs the task itself: its output is shown, and signals are passed on.
 *
 * @returns the exit code; 128 plus its number for a signal.
 */
export async function runLoudly(command, args, { cwd, env }) {
  const { code, signal } = await supervise(spawn(command, args, { cwd, env, stdio: 'inherit' }));
  return exitCodeOf(code, signal);
}

/**
 * Runs a preparation: its output is shown only when it fails, and what it is doing when it takes longer.
 *
 * @throws {InterruptedError}
 * @throws when it fails.
 */
export async function runQuietly(command, args, { doing, announceAfterMs, cwd, env }) {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk));
  const startedAt = Date.now();
  const announce = setTimeout(() => process.stdout.write(`${doing} ...\n`), announceAfterMs);
  const still = setInterval(() => {
    process.stdout.write(`  ... still at it after ${Math.round((Date.now() - startedAt) / 1000)} s\n`);
  }, STILL_EVERY_MS);
  const { code, asked } = await supervise(child).finally(() => {
    clearTimeout(announce);
    clearInterval(still);
  });
  if (asked) throw new InterruptedError(asked);
  if (code !== 0) throw new Error(`${Buffer.concat(output).toString().trimEnd()}\n\nThis failed: ${doing}`);
}

function exitCodeOf(code, signal) {
  return code ?? 128 + (constants.signals[signal] ?? 0);
}

/**
 * Waits until the child has ended, and ends it when this process is asked to end or nobody waits for it any more.
 * `asked`: the signal that asked this process to end, if one did.
 */
function supervise(child) {
  return new Promise((resolve, reject) => {
    let asked;
    let interruptedAt = 0;
    const pass = (signal) => {
      asked ??= signal;
      const again = signal === 'SIGINT' && Date.now() - interruptedAt < SAME_INTERRUPT_MS;
      interruptedAt = Date.now();
      if (!again) child.kill(signal);
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, pass);
    const isOrphan = watchAncestors();
    const parentWatch = setInterval(() => {
      if (!isOrphan()) return;
      clearInterval(parentWatch);
      pass('SIGTERM');
      setTimeout(() => process.exit(exitCodeOf(null, 'SIGTERM')), WITHOUT_PARENT_MS).unref();
    }, PARENT_POLL_MS);
    const settle = (finish, value) => {
      clearInterval(parentWatch);
      for (const signal of signals) process.off(signal, pass);
      finish(value);
    };
    child.on('error', (error) => settle(reject, error));
    // 'close' and not 'exit': only then has all output arrived.
    child.on('close', (code, signal) => settle(resolve, { code, signal, asked }));
  });
}

/**
 * A function that says whether the process that waits for this one is gone. npm starts scripts through a shell, and
 * where that shell stays in between it outlives a killed npm: then the shell's parent is what is watched.
 */
function watchAncestors() {
  const parent = process.ppid;
  const shell = process.env.npm_lifecycle_event !== undefined && ['sh', 'bash', 'dash'].includes(statOf(parent)?.name);
  const grandparent = shell ? statOf(parent)?.parent : undefined;
  return () => process.ppid !== parent || (shell && statOf(parent)?.parent !== grandparent);
}

/** Linux only; undefined elsewhere. */
function statOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const end = stat.lastIndexOf(')');
    return {
      name: basename(stat.slice(stat.indexOf('(') + 1, end)),
      parent: Number(stat.slice(end + 2).split(' ')[1]),
    };
  } catch {
    return undefined;
  }
}
