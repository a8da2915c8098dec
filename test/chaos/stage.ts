import type { CommandLine } from '@weir/sandbox';
import { join } from 'node:path';
import { joinSandbox, readSandbox, type TestCluster } from '../support/cluster.ts';
import { Processes } from '../support/processes.ts';
import { newStateDirectory, startTestSandbox, type RunningSandbox } from '../support/sandbox.ts';
import { eventually } from '../support/wait.ts';
import { AppProcess, isAlive, residentMegabytes, type Listening } from './app-process.ts';
import { Observer } from './observer.ts';
import { ChaosProxy } from './proxy.ts';
import { WorkerProcess } from './worker-process.ts';

/** A Temporal server that was killed reads its database again; on a busy machine that takes some seconds. */
const BACK_MS = 60_000;

/** Resident memory in megabytes. */
export interface Memory {
  readonly worker: number;
  readonly api: number;
}

interface Parts {
  readonly cluster: TestCluster;
  readonly sandbox: RunningSandbox;
  readonly processes: Processes;
  readonly proxy: ChaosProxy;
  readonly apiProxy: ChaosProxy;
  readonly workers: readonly AppProcess[];
  readonly api: AppProcess;
}

/** Real servers, with workers and an API that reach the API server only through proxies. */
export class Stage {
  readonly cluster: TestCluster;
  /** Of the servers of the sandbox. */
  readonly processes: Processes;
  /** Of the workers. */
  readonly proxy: ChaosProxy;
  readonly observer: Observer;
  /** The first is the one that is killed. */
  readonly workers: readonly AppProcess[];

  private constructor(private readonly parts: Parts) {
    this.cluster = parts.cluster;
    this.processes = parts.processes;
    this.proxy = parts.proxy;
    this.workers = parts.workers;
    this.observer = new Observer(parts.cluster);
  }

  static async start(workerCount = 1): Promise<Stage> {
    const sandbox = await startTestSandbox(await newStateDirectory());
    const { stateDirectory } = sandbox;
    const processes = new Processes(stateDirectory);
    const cluster = await joinSandbox(stateDirectory);
    const { commands } = await readSandbox(stateDirectory);
    const { worker: workerCommand, api: apiCommand } = commands;
    if (workerCommand === undefined || apiCommand === undefined) {
      throw new Error('sandbox.json has no command for the worker or for the API');
    }
    // Those of the sandbox go straight to the API server.
    await Promise.all([processes.kill('worker'), processes.kill('api')]);
    const proxyFor = ({ env }: CommandLine, name: string): Promise<ChaosProxy> =>
      ChaosProxy.start(env['KUBECONFIG'] ?? '', stateDirectory, name);
    const proxy = await proxyFor(workerCommand, 'chaos-worker');
    const apiProxy = await proxyFor(apiCommand, 'chaos-api');
    const log = (name: string): string => join(stateDirectory, 'logs', `${name}.log`);
    const workers = Array.from(
      { length: workerCount },
      (_, index) => new WorkerProcess(workerCommand, proxy.kubeconfig, log(`chaos-worker-${index}`)),
    );
    const api = new ApiProcess(apiCommand, apiProxy.kubeconfig, log('chaos-api'));
    await Promise.all([...workers, api].map((app) => app.start()));
    return new Stage({ cluster, sandbox, processes, proxy, apiProxy, workers, api });
  }

  /** Everything through which Weir reaches the API server. */
  get proxies(): readonly ChaosProxy[] {
    return [this.parts.proxy, this.parts.apiProxy];
  }

  /** Returns when everything that a fault may have taken away is back, so that the next rollout begins undisturbed. */
  async ready(): Promise<void> {
    const isBack = async (): Promise<boolean> => {
      await this.cluster.temporal.workflowService.getSystemInfo({});
      return true;
    };
    await eventually('Temporal is back', isBack, BACK_MS);
    await Promise.all([this.parts.api, ...this.workers].map((app) => app.ready()));
  }

  /** Of the last worker, which nobody kills when there are more than one, and of the API. */
  async memory(): Promise<Memory> {
    return {
      worker: await residentMegabytes(this.workers.at(-1)?.pid),
      api: await residentMegabytes(this.parts.api.pid),
    };
  }

  /** @returns names of processes that outlived it: there should be none */
  async dispose(): Promise<readonly string[]> {
    const { sandbox, processes, api } = this.parts;
    const { pids } = await readSandbox(sandbox.stateDirectory);
    const apps = [...this.workers, api];
    const own = apps.flatMap((app) => app.pids.map((pid) => ['worker or API', pid] as const));
    await Promise.all(apps.map((app) => app.kill()));
    await this.cluster.close();
    await Promise.all(this.proxies.map((proxy) => proxy.close()));
    await processes.dispose();
    await sandbox.dispose();
    return [...Object.entries(pids), ...own].flatMap(([name, pid]) => (isAlive(pid) ? [`${name} (${pid})`] : []));
  }
}

/** On the port of the sandbox's own. */
class ApiProcess extends AppProcess {
  protected async listening(): Promise<Listening> {
    return { env: {}, readyUrl: `http://127.0.0.1:${this.command.env['WEIR_API_PORT']}/readyz` };
  }
}
