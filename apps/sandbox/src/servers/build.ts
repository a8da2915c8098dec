import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { tryLock } from '../file-lock.ts';
import type { FileLock } from '../file-lock.ts';
import { REPOSITORY } from '../repository.ts';
import { Supervisor } from '../supervisor.ts';
import type { Build } from './catalog.ts';
import { requireGo } from './go.ts';

export interface BuildOptions {
  /** Takes one line of progress; nothing is said when there is nothing to do. */
  readonly report?: (line: string) => void;
  /** Ends a running build. */
  readonly signal?: AbortSignal;
}

const PROGRESS_EVERY_MS = 15_000;
const LOCK_POLL_MS = 500;
const LOG_LINES_IN_ERROR = 15;

/**
 * Where the binary of each is, in the same order: what the environment names, and what is built from the pinned modules
 * under `tools/` into `.servers/`, once for each version. A second caller waits for the first one's build.
 *
 * @param what - the builds in the words of the progress report, and how long they take
 * @throws when a named binary is missing or not executable, when Go is missing or too old, when a build fails (the message
 * ends with the last lines of its log), and when the signal aborts.
 */
export async function ensureBuilt(
  builds: readonly Build[],
  what: (missing: number) => string,
  { report = () => {}, signal }: BuildOptions = {},
): Promise<readonly string[]> {
  const folder = join(REPOSITORY, '.servers');
  const binaries = builds.map((build) => ({
    build,
    path: namedBinary(build) ?? join(folder, folderName(build), build.name),
  }));
  const missing = () => binaries.filter(({ path }) => !existsSync(path)).map(({ build }) => build);
  if (missing().length > 0) {
    requireGo(join(REPOSITORY, 'tools/etcd'));
    mkdirSync(folder, { recursive: true });
    const lock = await lockWhenFree(join(folder, 'build.lock'), report, signal);
    try {
      const still = missing();
      if (still.length > 0) {
        report(`building ${what(still.length)}`);
        await buildAll(still, folder, report, signal);
      }
    } finally {
      lock.release();
    }
  }
  return binaries.map(({ path }) => path);
}

/**
 * The binary that the environment names for a server.
 *
 * @throws when it is no executable file.
 */
export function namedBinary({ name, variable }: Build, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const value = env[variable];
  if (!value) {
    return undefined;
  }
  const path = resolve(value);
  if (!existsSync(path)) {
    throw new Error(`${variable} names ${path} as the ${name} to run, and there is no such file`);
  }
  try {
    accessSync(path, constants.X_OK);
  } catch {
    throw new Error(`${variable} names ${path} as the ${name} to run, and it is not executable (chmod +x it)`);
  }
  if (!statSync(path).isFile()) {
    throw new Error(`${variable} names ${path} as the ${name} to run, and it is a folder`);
  }
  return path;
}

/** Changes with whatever changes the binary, so that a bump of a pinned version builds anew. */
function folderName(build: Build): string {
  const module = join(REPOSITORY, 'tools', build.module);
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum']) {
    hash.update(readFileSync(join(module, file)));
  }
  hash.update(buildArguments(build, '').join('\0'));
  return `${build.name}-${hash.digest('hex').slice(0, 12)}`;
}

function buildArguments(build: Build, output: string): string[] {
  return ['build', '-trimpath', '-ldflags', build.linkerFlags, '-o', output, build.package];
}

async function buildAll(
  builds: readonly Build[],
  folder: string,
  report: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const supervisor = new Supervisor(join(folder, 'logs'));
  try {
    for (const [index, build] of builds.entries()) {
      await buildOne(build, `${build.name} (${index + 1} of ${builds.length})`, folder, supervisor, report, signal);
    }
  } finally {
    await supervisor.close();
  }
}

async function buildOne(
  build: Build,
  label: string,
  folder: string,
  supervisor: Supervisor,
  report: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  const started = Date.now();
  const elapsed = () => `${Math.round((Date.now() - started) / 1000)} s`;
  const target = join(folder, folderName(build));
  const draft = `${target}.${process.pid}.part`;
  const compiler = supervisor.start(`build-${build.name}`, {
    command: 'go',
    args: buildArguments(build, join(draft, build.name)),
    // No C compiler on the machine is needed, and the binary does not depend on the machine's libraries.
    env: { CGO_ENABLED: '0' },
    cwd: join(REPOSITORY, 'tools', build.module),
  });
  const progress = setInterval(() => report(`building ${label}: ${elapsed()}`), PROGRESS_EVERY_MS);
  const abort = () => void compiler.stop(0);
  signal?.addEventListener('abort', abort);
  try {
    const ended = await compiler.end;
    signal?.throwIfAborted();
    if (ended !== 'exit code 0') {
      const tail = compiler.logTail(LOG_LINES_IN_ERROR);
      throw new Error(`building ${build.name} failed (${ended}); the whole log is ${compiler.logFile}:\n${tail}`);
    }
    renameSync(draft, target);
    removeOlder(build.name, folder, target);
    report(`built ${label} in ${elapsed()}`);
  } finally {
    clearInterval(progress);
    signal?.removeEventListener('abort', abort);
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Old versions of a server, and what a killed build left: hundreds of megabytes each. */
function removeOlder(name: string, folder: string, current: string): void {
  for (const file of readdirSync(folder)) {
    const path = join(folder, file);
    if (path !== current && new RegExp(`^${name}-[0-9a-f]{12}(\\.|$)`).test(file)) {
      rmSync(path, { recursive: true, force: true });
    }
  }
}

async function lockWhenFree(path: string, report: (line: string) => void, signal?: AbortSignal): Promise<FileLock> {
  let waitedFor: number | undefined;
  for (;;) {
    const lock = tryLock(path);
    if ('release' in lock) {
      return lock;
    }
    if (lock.heldBy !== waitedFor) {
      report(`waiting for process ${lock.heldBy}, which is building the servers`);
    }
    waitedFor = lock.heldBy;
    await delay(LOCK_POLL_MS, undefined, { signal });
  }
}
