import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from './wait.ts';

/** A cold start takes some 8 s on two idle cores; a test run is not idle. */
const READY_TIMEOUT_MS = 90_000;
const STOP_TIMEOUT_MS = 40_000;

const MAIN = fileURLToPath(new URL('../../apps/sandbox/dist/main.js', import.meta.url));

/** A sandbox in a process of its own, as `npm run sandbox` starts it. */
export interface RunningSandbox {
  readonly stateDirectory: string;
  readonly process: ChildProcess;
  /** As Ctrl-C does; returns when the process has ended. */
  stop(): Promise<void>;
  /** Stops it if it still runs, and removes its state. */
  dispose(): Promise<void>;
}

export async function newStateDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'weir-test-'));
}

/**
 * Starts a sandbox and waits until it says that it is ready. Without a local gateway, unless `--gateways` is among the
 * arguments: it costs a second and memory, and most tests send no traffic.
 */
export async function startTestSandbox(stateDirectory: string, ...args: readonly string[]): Promise<RunningSandbox> {
  const gateways = args.some((arg) => /^--gateways(=|$)/.test(arg)) ? [] : ['--gateways', '0'];
  const child = spawn(process.execPath, [MAIN, '--state', stateDirectory, ...gateways, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => (output += text));
  }
  await eventually(
    'the sandbox is ready',
    async () => {
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`the sandbox ended: ${output}`);
      }
      return output.includes('ready') && (await readFile(join(stateDirectory, 'sandbox.json'), 'utf8')) !== '';
    },
    READY_TIMEOUT_MS,
  ).catch(async (error: unknown) => {
    child.kill('SIGTERM');
    throw new Error(`${String(error)}\n${output}`);
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit', { signal: AbortSignal.timeout(STOP_TIMEOUT_MS) });
      child.kill('SIGINT');
      await ended;
    }
  };
  return {
    stateDirectory,
    process: child,
    stop,
    dispose: async () => {
      await stop();
      // A server that was told to end may still be closing its files on a busy machine.
      await rm(stateDirectory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
}
