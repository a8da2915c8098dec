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
import { SERVER_NAMES, serverBuilds } from './catalog.ts';
import type { ServerBuild, ServerName } from './catalog.ts';
import { requireGo } from './go.ts';

/** Where each server's binary is. */
export type ServerPaths = Readonly<Record<ServerName, string>>;

export interface EnsureServersOptions {
  /** Takes one line of progress; nothing is said when there is nothing to do. */
  readonly report?: (line: string) => void;
  /** Ends a running build. */
  readonly signal?: AbortSignal;
}

const PROGRESS_EVERY_MS = 15_000;
const LOCK_POLL_MS = 500;
const LOG_LINES_IN_ERROR = 15;

/**
 * The binaries of all servers: those that environment variables name, and the others built from the pinned modules
 * under `tools/` into `.servers/`, once for each version. A second caller waits for the first one's build.
 *
 * @throws when a named binary is missing or not executable, when Go is missing or older than 1.26, when a build fails
 * (the message ends with the last lines of its log), and when the signal aborts.
 */
export async function ensureServers({ report = () => {}, signal }: EnsureServersOptions = {}): Promise<ServerPaths> {
  const folder = join(REPOSITORY, '.servers');
  const builds = serverBuilds(readFileSync(join(REPOSITORY, 'tools/kubernetes/go.mod'), 'utf8'));
  const paths = new Map(
    builds.map((build) => [build.name, namedBinary(build) ?? join(folder, folderName(build), build.name)]),
  );
  const missing = () => builds.filter(({ name }) => !existsSync(paths.get(name) ?? ''));
  if (missing().length > 0) {
    requireGo(join(REPOSITORY, 'tools/etcd'));
    mkdirSync(folder, { recursive: true });
    const lock = await lockWhenFree(join(folder, 'build.lock'), report, signal);
    try {
      await buildAll(missing(), folder, report, signal);
    } finally {
      lock.release();
    }
  }
  return Object.fromEntries(paths) as Record<ServerName, string>;
}

/**
 * The binary that the environment names for a server.
 *
 * @throws when it is no executable file.
 */
export function namedBinary({ name, variable }: ServerBuild, env: NodeJS.ProcessEnv = process.env): string | undefined {
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
function folderName(build: ServerBuild): string {
  const module = join(REPOSITORY, 'tools', build.module);
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum']) {
    hash.update(readFileSync(join(module, file)));
  }
  hash.update(buildArguments(build, '').join('\0'));
  return `${build.name}-${hash.digest('hex').slice(0, 12)}`;
}

function buildArguments(build: ServerBuild, output: string): string[] {
  return ['build', '-trimpath', '-ldflags', build.linkerFlags, '-o', output, build.package];
}

async function buildAll(
  builds: readonly ServerBuild[],
  folder: string,
  report: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (builds.length === 0) {
    return;
  }
  const supervisor = new Supervisor(join(folder, 'logs'));
  report(
    `building ${builds.length} of the sandbox's ${SERVER_NAMES.length} servers from source, once: seconds with a warm ` +
      'Go cache, about 15 minutes with a cold one',
  );
  try {
    for (const [index, build] of builds.entries()) {
      await buildOne(build, `${build.name} (${index + 1} of ${builds.length})`, folder, supervisor, report, signal);
    }
  } finally {
    await supervisor.close();
  }
}

async function buildOne(
  build: ServerBuild,
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
function removeOlder(name: ServerName, folder: string, current: string): void {
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
