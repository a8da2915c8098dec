import { afterAll, beforeAll } from '@jest/globals';
import { joinSandbox, type TestCluster } from './cluster.ts';
import { Processes } from './processes.ts';
import { newStateDirectory, startTestSandbox, type RunningSandbox } from './sandbox.ts';

const START_TIMEOUT_MS = 120_000;

/** A sandbox for the tests of one file, with worker and API unless the arguments say otherwise. */
export function useSandbox(...args: readonly string[]): {
  readonly cluster: TestCluster;
  readonly sandbox: RunningSandbox;
  readonly processes: Processes;
} {
  const used: { cluster?: TestCluster; sandbox?: RunningSandbox; processes?: Processes } = {};
  beforeAll(async () => {
    used.sandbox = await startTestSandbox(await newStateDirectory(), ...args);
    used.processes = new Processes(used.sandbox.stateDirectory);
    used.cluster = await joinSandbox(used.sandbox.stateDirectory);
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await used.cluster?.close();
    await used.processes?.dispose();
    await used.sandbox?.dispose();
  }, START_TIMEOUT_MS);
  const started = <T>(value: T | undefined): T => {
    if (value === undefined) {
      throw new Error('the sandbox has not been started');
    }
    return value;
  };
  return {
    get cluster() {
      return started(used.cluster);
    },
    get sandbox() {
      return started(used.sandbox);
    },
    get processes() {
      return started(used.processes);
    },
  };
}
