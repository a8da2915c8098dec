import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DEFAULT_GATEWAYS } from './arguments.ts';
import { tryLock } from './file-lock.ts';
import { type Pki, ensurePki } from './pki.ts';
import { choosePorts } from './ports.ts';
import { REPOSITORY } from './repository.ts';
import { type Sandbox, type SandboxOptions } from './sandbox-info.ts';
import { type ServerPaths, ensureServers } from './servers/index.ts';
import { Start } from './start.ts';
import { readPorts, writeKubeconfigs, writeWhole } from './state-files.ts';
import { NotReadyError } from './wait.ts';

/** Two sandboxes that start at once can choose the same port, which is rare; three times in a row is another problem. */
const START_ATTEMPTS = 3;

/**
 * Part by part: with `recursive` Node turns in a circle where a file system refuses new folders with ENOENT, as /proc does.
 *
 * @throws when it cannot be made, or is a file
 */
function makeFolder(folder: string): void {
  if (existsSync(folder)) {
    if (!statSync(folder).isDirectory()) {
      throw new Error(`${folder} is not a folder: name another --state`);
    }
    return;
  }
  makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

/**
 * Starts Kubernetes, Temporal and Weir on 127.0.0.1 with the state in one folder, and answers when all are ready.
 *
 * @throws when the folder belongs to a running sandbox, a named port is in use, a server cannot be built, or a process
 * ends before it is ready; then nothing is left running.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const state = resolve(options.state);
  makeFolder(state);
  const lock = tryLock(join(state, 'sandbox.lock'));
  if ('heldBy' in lock) {
    throw new Error(
      `${state} belongs to a sandbox that is running as process ${lock.heldBy}: stop it, or use another --state`,
    );
  }
  try {
    rmSync(join(state, 'sandbox.json'), { force: true });
    const binaries = await ensureServers(options);
    const pki = await ensurePki(join(state, 'pki'));
    return await startOnFreePorts({ ...options, state }, binaries, pki, () => lock.release());
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function startOnFreePorts(
  options: SandboxOptions,
  binaries: ServerPaths,
  pki: Pki,
  stopped: () => void,
): Promise<Sandbox> {
  const { gateways = DEFAULT_GATEWAYS } = options;
  const portsFile = join(options.state, 'ports.json');
  let remembered = readPorts(portsFile);
  for (let attempt = 1; ; attempt += 1) {
    const ports = await choosePorts(options.ports ?? {}, remembered, gateways);
    // Those of gateways that are left out this time stay remembered.
    writeWhole(portsFile, { ...remembered, ...ports });
    const kubeconfigs = writeKubeconfigs(options.state, pki, ports);
    const layout = { state: options.state, binaries, ports, gateways, pki, kubeconfigs, repository: REPOSITORY };
    const start = new Start(options, layout, stopped);
    try {
      return await start.run();
    } catch (error) {
      await start.abandon();
      if (!(error instanceof NotReadyError && error.portTaken) || attempt === START_ATTEMPTS) {
        throw error;
      }
      remembered = {};
    }
  }
}
