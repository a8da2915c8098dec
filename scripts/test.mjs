/**
 * Every check and every test, in the order in which a mistake is found soonest. `npm test -- unit e2e` runs some of the parts.
 * Prints what it does, and ends with `N passed, N failed`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const NX = 'node_modules/nx/dist/bin/nx.js';
const JEST = 'node_modules/jest/bin/jest.js';
const results = { passed: 0, failed: 0 };
const scratch = mkdtempSync(join(tmpdir(), 'weir-tests-'));

const PARTS = {
  lint: () => check('lint', [NX, 'run-many', '-t', 'lint', '--outputStyle=static']),
  format: () => check('format', ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.']),
  compose: checkCompose,
  unit: () => jest('unit'),
  servers: () => check('servers of the sandbox', ['apps/sandbox/dist/servers-main.js']),
  workflows: () => jest('workflows', '--maxWorkers=2'),
  // Each of these starts a sandbox of its own: two at a time is what two cores carry.
  integration: () => jest('integration', '--maxWorkers=2'),
  // With all its processes. Of two at a time on two slow cores a worker that was killed took half a minute to be up again.
  e2e: () => jest('e2e', '--maxWorkers=1'),
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(PARTS, name));
if (unknown.length > 0) {
  console.error(`no such part: ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}`);
  process.exit(2);
}
try {
  for (const [name, run] of Object.entries(PARTS)) {
    if (wanted.length === 0 || wanted.includes(name)) {
      console.log(`\n=== ${name}`);
      await run();
    }
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`\n${results.passed} passed, ${results.failed} failed`);
process.exitCode = results.failed === 0 && results.passed > 0 ? 0 : 1;

async function check(name, args, command = process.execPath) {
  const ok = (await run(command, args)) === 0;
  results[ok ? 'passed' : 'failed'] += 1;
  console.log(`${ok ? 'ok' : 'FAILED'}: ${name}`);
}

/** The compose file is for people with Docker; where the client is missing there is nothing to check it with. */
async function checkCompose() {
  if (spawnSync('docker', ['compose', 'version'], { stdio: 'ignore' }).status !== 0) {
    console.log('skipped: there is no docker compose client here');
    return;
  }
  await check('docker compose config', ['compose', 'config', '--quiet'], 'docker');
}

async function jest(project, ...args) {
  const outputFile = join(scratch, `${project}.json`);
  const status = await run(process.execPath, [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    JEST,
    '--selectProjects',
    project,
    '--json',
    `--outputFile=${outputFile}`,
    ...args,
  ]);
  try {
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(readFileSync(outputFile, 'utf8'));
    results.passed += numPassedTests;
    results.failed += numFailedTests + numRuntimeErrorTestSuites;
    // Tests that all passed in a run that failed: something else is wrong, and must not be lost.
    results.failed += status !== 0 && numFailedTests + numRuntimeErrorTestSuites === 0 ? 1 : 0;
  } catch {
    results.failed += 1;
    console.log(`FAILED: ${project} ended without a result`);
  }
}

async function run(command, args) {
  // jest prints its JSON on stdout when it is told to write it to a file as well: only stderr has the report.
  const stdout = args.includes('--json') ? 'ignore' : 'inherit';
  const child = spawn(command, args, { stdio: ['ignore', stdout, 'inherit'] });
  const [code] = await once(child, 'exit');
  return code;
}
