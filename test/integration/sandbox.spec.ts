import { afterEach, describe, expect, test } from '@jest/globals';
import type { SandboxInfo } from '@weir/sandbox';
import { ROLLOUTS } from '@weir/kubernetes';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { joinSandbox, readSandbox, type TestCluster } from '../support/cluster.ts';
import { newStateDirectory, startTestSandbox, type RunningSandbox } from '../support/sandbox.ts';
import { Scenario } from '../support/scenario.ts';
import { eventually } from '../support/wait.ts';

const TEST_TIMEOUT_MS = 240_000;
/** What a process that nobody holds any more may take to be gone. */
const GONE_MS = 15_000;
const BOOTSTRAP = fileURLToPath(new URL('../../scripts/bootstrap.mjs', import.meta.url));
const running: RunningSandbox[] = [];
const joined: TestCluster[] = [];

afterEach(async () => {
  await Promise.all(joined.splice(0).map((cluster) => cluster.close()));
  await Promise.all(running.splice(0).map((sandbox) => sandbox.dispose()));
}, TEST_TIMEOUT_MS);

async function start(stateDirectory: string, ...args: readonly string[]): Promise<RunningSandbox> {
  const sandbox = await startTestSandbox(stateDirectory, ...args);
  running.push(sandbox);
  return sandbox;
}

async function join(stateDirectory: string): Promise<TestCluster> {
  const cluster = await joinSandbox(stateDirectory);
  joined.push(cluster);
  return cluster;
}

/** Dead, or dead and not yet reaped by whoever inherited it. */
async function isGone(pid: number): Promise<boolean> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return true;
  }
}

function allGone({ pids }: SandboxInfo): Promise<boolean> {
  return eventually(
    `processes are gone: ${JSON.stringify(pids)}`,
    async () => (await Promise.all(Object.values(pids).map(isGone))).every(Boolean),
    GONE_MS,
  );
}

describe('given a sandbox that is ready', () => {
  test(
    'when it is killed with SIGKILL, then none of its processes is left',
    async () => {
      const sandbox = await start(await newStateDirectory(), '--no-worker', '--no-api');
      const info = await readSandbox(sandbox.stateDirectory);
      sandbox.process.kill('SIGKILL');
      await allGone(info);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when it is stopped as by Ctrl-C, then none is left and the state can be taken up again',
    async () => {
      const stateDirectory = await newStateDirectory();
      const first = await start(stateDirectory, '--no-worker', '--no-api');
      const info = await readSandbox(stateDirectory);
      const before = await join(stateDirectory);
      const scenario = await Scenario.given(before, { steps: [], mappings: ['kept'] });
      await before.runs.tell(scenario.ref, { uid: 'u', generation: 1 });
      await first.stop();
      await allGone(info);
      await expect(readSandbox(stateDirectory)).rejects.toThrow(/ENOENT/);

      await start(stateDirectory, '--no-worker', '--no-api');
      const again = await readSandbox(stateDirectory);
      expect(again.apiUrl).toBe(info.apiUrl);
      const after = await join(stateDirectory);
      expect(after.name).toBe(before.name);
      const at = {
        resource: { group: 'getambassador.io', version: 'v2', plural: 'mappings' },
        namespace: scenario.namespace,
      };
      expect((await after.kubernetes.get({ ...at, name: 'kept' })).metadata.name).toBe('kept');
      expect((await after.runs.handle(scenario.ref).describe()).status.name).toBe('RUNNING');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when its worker is killed, then it stays dead and the sandbox stays up',
    async () => {
      const sandbox = await start(await newStateDirectory());
      const info = await readSandbox(sandbox.stateDirectory);
      process.kill(info.pids.worker ?? Number.NaN, 'SIGKILL');
      await eventually('the worker is gone', () => isGone(info.pids.worker ?? Number.NaN));
      expect((await fetch(`${info.apiUrl}/readyz`, { headers: { connection: 'close' } })).status).toBe(200);
      expect(sandbox.process.exitCode).toBeNull();
      expect(await isGone(info.pids['kube-apiserver'] ?? Number.NaN)).toBe(false);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when another one starts beside it, then neither sees the other',
    async () => {
      const [one, two] = await Promise.all([
        start(await newStateDirectory(), '--no-worker', '--no-api'),
        start(await newStateDirectory(), '--no-worker', '--no-api'),
      ]);
      const [a, b] = await Promise.all([join(one.stateDirectory), join(two.stateDirectory)]);
      expect(a.name).not.toBe(b.name);
      const scenario = await Scenario.given(a, { steps: [] });
      await scenario.create(ROLLOUTS, scenario.manifest());
      expect((await b.kubernetes.list({ resource: ROLLOUTS })).items).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );
});

describe('given a sandbox that was started by npm run', () => {
  test(
    'when its parent is killed with SIGKILL, then none of its processes is left',
    async () => {
      const stateDirectory = await newStateDirectory();
      const parent = spawn(
        process.execPath,
        [BOOTSTRAP, 'sandbox', '--state', stateDirectory, '--no-worker', '--no-api'],
        {
          stdio: 'ignore',
        },
      );
      const info = await eventually(
        'the sandbox is ready',
        () => readSandbox(stateDirectory).catch(() => undefined),
        120_000,
      );
      parent.kill('SIGKILL');
      await once(parent, 'exit');
      await allGone(info);
      await rm(stateDirectory, { recursive: true, force: true });
    },
    TEST_TIMEOUT_MS,
  );
});
