/** Of TypeScript, which Node runs by itself: what is measured or disturbed is built, what does so need not be. */
const TYPESCRIPT = ['--experimental-transform-types', '--disable-warning=ExperimentalWarning'];
const APPS = ['@weir/sandbox', '@weir/worker', '@weir/api'];

/** What each task runs with Node 24, and which projects must be built first, each with all that it depends on. */
export const TASKS = {
  demo: { args: ['apps/sandbox/dist/demo.js'], builds: APPS },
  sandbox: { args: ['apps/sandbox/dist/main.js'], builds: APPS },
  worker: { args: ['apps/worker/dist/main.js'], builds: ['@weir/worker'] },
  api: { args: ['apps/api/dist/main.js'], builds: ['@weir/api'] },
  test: { args: ['scripts/test.mjs'], builds: 'all' },
  bench: { args: [...TYPESCRIPT, 'test/bench/main.ts'], builds: 'all' },
  chaos: { args: [...TYPESCRIPT, 'test/chaos/main.ts'], builds: 'all' },
  soak: { args: [...TYPESCRIPT, 'test/chaos/soak.ts'], builds: 'all' },
  build: { args: ['-e', ''], builds: 'all' },
  lint: { args: ['node_modules/nx/dist/bin/nx.js', 'run-many', '-t', 'lint'], builds: [] },
  format: { args: ['node_modules/prettier/bin/prettier.cjs', '--log-level=warn', '--write', '.'], builds: [] },
  // Not part of any other task: it takes minutes, and one test needs it.
  'build:peer': { args: ['apps/sandbox/dist/servers-main.js', 'peer'], builds: ['@weir/sandbox'] },
};

export function usage(name) {
  const wrong = name === undefined ? 'No task given' : `'${name}' is no task`;
  return `${wrong}. Usage: node scripts/bootstrap.mjs ${Object.keys(TASKS).join('|')} [arguments of the task]\n`;
}

/** The first number of a version such as `24.9.0`. */
export function majorOf(version) {
  return Number(version.split('.')[0]);
}

/**
 * Whether node_modules holds what package-lock.json names, told from npm's own record of what it installed.
 *
 * @param lock - package-lock.json, parsed.
 * @param installed - node_modules/.package-lock.json, parsed; undefined when there is none.
 */
export function isInstalled(lock, installed) {
  if (!lock || !installed) return false;
  const has = ([path, wanted]) => {
    const found = installed.packages[path];
    // Packages for other platforms are in the lock file, and rightly not here.
    if (!found) return path === '' || wanted.optional === true;
    return found.version === wanted.version && found.integrity === wanted.integrity && found.link === wanted.link;
  };
  return (
    Object.entries(lock.packages).every(has) && Object.keys(installed.packages).every((path) => lock.packages[path])
  );
}
