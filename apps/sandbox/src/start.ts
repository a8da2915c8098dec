import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  HOST,
  type Layout,
  TEMPORAL_NAMESPACE,
  apiCommand,
  apiserverCommand,
  controllerManagerCommand,
  etcdCommand,
  gatewayCommand,
  gatewayUrls,
  joinEnvironment,
  kwokCommand,
  schedulerCommand,
  temporalCommand,
  workerCommand,
} from './commands.ts';
import { kwokConfiguration } from './kwok-stages.ts';
import { type ProcessName, type Sandbox, type SandboxInfo, type SandboxOptions } from './sandbox-info.ts';
import { writeWhole } from './state-files.ts';
import { type CommandLine, type Supervised, Supervisor } from './supervisor.ts';
import { NotReadyError, answersOk, waitUntilReady } from './wait.ts';

/** Ready in seconds on an idle machine; this is for one that builds something else at the same time. */
const READY_TIMEOUT_MS = 120_000;
/** The last started first: each can still reach what it needs. Weir's own processes may finish what they do. */
const STOP_ORDER: readonly { readonly names: readonly ProcessName[]; readonly graceMs: number }[] = [
  { names: ['api'], graceMs: 5000 },
  { names: ['worker'], graceMs: 8000 },
  { names: ['gateway'], graceMs: 3000 },
  { names: ['temporal', 'kwok', 'kube-scheduler', 'kube-controller-manager'], graceMs: 3000 },
  { names: ['kube-apiserver'], graceMs: 3000 },
  { names: ['etcd'], graceMs: 3000 },
];
const QUICK_GRACE_MS = 250;

/** One attempt to start everything. */
export class Start {
  readonly #options: SandboxOptions;
  readonly #layout: Layout;
  readonly #supervisor: Supervisor;
  readonly #stopped: () => void;
  readonly #commands: Partial<Record<ProcessName, CommandLine>> = {};
  readonly #pids: Partial<Record<ProcessName, number>> = {};
  /** Ends the waits for the others when one process fails. */
  readonly #failure = new AbortController();
  #ready = false;
  #stopping: Promise<void> | undefined;

  constructor(options: SandboxOptions, layout: Layout, stopped: () => void) {
    this.#options = options;
    this.#layout = layout;
    this.#stopped = stopped;
    this.#supervisor = new Supervisor(join(options.state, 'logs'));
  }

  /** @throws {NotReadyError} when a process ends before all are ready; then {@link Start.abandon} is to be called. */
  async run(): Promise<Sandbox> {
    const { state, worker = true, api = true } = this.#options;
    const apps = [
      ...(this.#layout.gateways > 0 ? [this.#gateway()] : []),
      ...(worker ? [this.#worker()] : []),
      ...(api ? [this.#api()] : []),
    ];
    try {
      await Promise.all([this.#startTemporal(), this.#startKubernetes()]);
      await Promise.all(apps.map((start) => start()));
    } catch (error) {
      // What failed first says why; what the others say of it is a consequence.
      this.#failure.abort(error);
      throw this.#signal.reason;
    }
    const info = this.#info();
    writeWhole(join(state, 'sandbox.json'), info);
    this.#ready = true;
    return { info, stop: (quickly) => this.#stop(quickly ?? false) };
  }

  /** Kills what was started, without the ceremony of a stop: nothing of it was ready. */
  abandon(): Promise<void> {
    this.#ready = false;
    return this.#supervisor.close();
  }

  async #startTemporal(): Promise<void> {
    const temporal = this.#startProcess('temporal', temporalCommand(this.#layout));
    const { prepareTemporal } = await import('./temporal.ts');
    await this.#wait(temporal, () => prepareTemporal(`${HOST}:${this.#layout.ports.temporal}`, TEMPORAL_NAMESPACE));
  }

  async #startKubernetes(): Promise<void> {
    const { ports, pki, kubeconfigs, repository, state } = this.#layout;
    this.#startProcess('etcd', etcdCommand(this.#layout));
    const apiserver = this.#startProcess('kube-apiserver', apiserverCommand(this.#layout));
    // Its import takes most of a second, which the servers need anyway.
    const { connectToCluster, prepareCluster } = await import('./cluster.ts');
    const tls = { ca: pki.kubernetesCa, client: pki.users.admin };
    await this.#wait(apiserver, () => answersOk(`https://${HOST}:${ports.kubernetes}/readyz`, tls));
    writeFileSync(join(state, 'kwok.yaml'), kwokConfiguration());
    const scheduler = this.#startProcess('kube-scheduler', schedulerCommand(this.#layout));
    const kwok = this.#startProcess('kwok', kwokCommand(this.#layout));
    await Promise.all([
      this.#startControllerManager(prepareCluster(connectToCluster(kubeconfigs.admin), repository, this.#signal)),
      this.#wait(scheduler, () => answersOk(`https://${HOST}:${ports.scheduler}/healthz`, { ca: tls.ca })),
      this.#wait(kwok, () => answersOk(`http://${HOST}:${ports.kwok}/healthz`)),
    ]);
  }

  /** After the CRDs: the garbage collector looks for new kinds twice a minute, and until then nothing that a Rollout owns goes. */
  async #startControllerManager(prepared: Promise<void>): Promise<void> {
    await prepared;
    const { ports, pki } = this.#layout;
    const controllerManager = this.#startProcess('kube-controller-manager', controllerManagerCommand(this.#layout));
    const url = `https://${HOST}:${ports.controllerManager}/healthz`;
    await this.#wait(controllerManager, () => answersOk(url, { ca: pki.kubernetesCa }));
  }

  #worker(): () => Promise<void> {
    return this.#app('worker', workerCommand(this.#layout), [`http://${HOST}:${this.#layout.ports.worker}/readyz`]);
  }

  #api(): () => Promise<void> {
    return this.#app('api', apiCommand(this.#layout), [`http://${HOST}:${this.#layout.ports.api}/readyz`]);
  }

  /** Alive is enough: one that is not ready, because a Mapping makes its configuration invalid, is what a user may want to see. */
  #gateway(): () => Promise<void> {
    const urls = gatewayUrls(this.#layout).diagnostics.map((url) => `${url}/ambassador/v0/check_alive`);
    return this.#app('gateway', gatewayCommand(this.#layout), urls);
  }

  /** Answers how to start an app of Weir; looks at once whether it is there, before others are started for it. */
  #app(name: 'worker' | 'api' | 'gateway', command: CommandLine, urls: readonly string[]): () => Promise<void> {
    const script = command.args[0] ?? '';
    if (!existsSync(script)) {
      const without = name === 'gateway' ? '--gateways 0' : `--no-${name}`;
      throw new Error(`${script} is missing: build it with 'npm run build', or use ${without}`);
    }
    return () =>
      this.#wait(this.#startProcess(name, command), async () =>
        (await Promise.all(urls.map((url) => answersOk(url)))).every(Boolean),
      );
  }

  #startProcess(name: ProcessName, command: CommandLine): Supervised {
    this.#signal.throwIfAborted();
    const process = this.#supervisor.start(name, command);
    this.#commands[name] = command;
    this.#pids[name] = process.pid;
    void process.end.then((how) => {
      if (this.#stopping) {
        return;
      }
      if (this.#ready) {
        this.#options.report?.(`${name} (pid ${process.pid}) has ended: ${how}; its log is ${process.logFile}`);
      } else {
        this.#failure.abort(new NotReadyError(process, `ended before it was ready (${how})`));
      }
    });
    return process;
  }

  #wait(process: Supervised, isReady: () => Promise<boolean>): Promise<void> {
    return waitUntilReady(process, isReady, READY_TIMEOUT_MS, this.#signal);
  }

  get #signal(): AbortSignal {
    const given = this.#options.signal;
    return given ? AbortSignal.any([given, this.#failure.signal]) : this.#failure.signal;
  }

  #info(): SandboxInfo {
    const { ports, kubeconfigs } = this.#layout;
    const { traffic, diagnostics } = gatewayUrls(this.#layout);
    return {
      apiUrl: `http://${HOST}:${ports.api}`,
      ...(traffic[0] !== undefined && { gatewayUrl: traffic[0] }),
      gatewayUrls: traffic,
      diagnosticsUrls: diagnostics,
      kubeconfig: kubeconfigs.admin,
      temporalAddress: `${HOST}:${ports.temporal}`,
      temporalNamespace: TEMPORAL_NAMESPACE,
      temporalUiUrl: `http://${HOST}:${ports.temporalUi}`,
      pids: { sandbox: process.pid, ...this.#pids } as SandboxInfo['pids'],
      env: joinEnvironment(this.#layout, kubeconfigs.byhand),
      commands: this.#commands,
    };
  }

  #stop(quickly: boolean): Promise<void> {
    this.#stopping ??= this.#stopAll(quickly);
    return this.#stopping;
  }

  async #stopAll(quickly: boolean): Promise<void> {
    // First, so that nobody who reads it takes a sandbox that is on its way down for a running one.
    rmSync(join(this.#options.state, 'sandbox.json'), { force: true });
    for (const { names, graceMs } of STOP_ORDER) {
      await this.#supervisor.stop(names, quickly ? QUICK_GRACE_MS : graceMs);
    }
    await this.#supervisor.close();
    this.#stopped();
  }
}
