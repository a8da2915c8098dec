import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { NativeConnection, Worker } from '@temporalio/worker';
import { gatewayDiagnostics, type GatewayDiagnostics } from '@weir/activities';
import { KubernetesClient, clusterName } from '@weir/kubernetes';
import type { Logger } from '@weir/platform';
import {
  RolloutRuns,
  createTemporalClient,
  ensureSearchAttributes,
  ensureSweepSchedule,
  installationOf,
  sweepNow,
} from '@weir/temporal';
import { RolloutWatch } from './rollout-watch.ts';
import type { WorkerSettings } from './settings.ts';
import { createTemporalWorkers } from './temporal-worker.ts';
import { untilDone } from './until-done.ts';

/** Temporal or Kubernetes may come up after the worker does. */
const START_RETRY_MS = 1_000;

/** A Temporal that refuses Schedules does so again; meanwhile nothing is swept. */
const SWEEP_RETRY_MS = 10_000;

/** Starts the Temporal worker, the watches and the sweep, and ends them in the order that loses nothing. */
@Injectable()
export class WorkerService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly temporal = createTemporalClient();
  private readonly stopping = new AbortController();
  private workers: readonly Worker[] = [];
  private connection: NativeConnection | undefined;
  private kubernetes: KubernetesClient | undefined;
  private watch: RolloutWatch | undefined;
  private starting: Promise<void> = Promise.resolve();
  private running: Promise<unknown> = Promise.resolve();
  private sweeping: Promise<void> = Promise.resolve();

  constructor(
    private readonly settings: WorkerSettings,
    private readonly logger: Logger,
  ) {}

  /** Whether it polls for tasks. */
  isReady(): boolean {
    return this.workers.length > 0 && this.workers.every(isRunning);
  }

  onApplicationBootstrap(): void {
    this.starting = this.startWhenPossible();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await Promise.all([this.starting, this.sweeping]);
    this.workers.filter(isRunning).forEach((worker) => worker.shutdown());
    await this.running;
    await this.watch?.stop();
    await this.connection?.close();
    await Promise.all([this.temporal.connection.close(), this.kubernetes?.close()]);
  }

  private startWhenPossible(): Promise<void> {
    return untilDone(() => this.start(), {
      retryMs: START_RETRY_MS,
      signal: this.stopping.signal,
      failed: (error) => this.logger.warn({ err: error }, 'not started yet, trying again'),
    });
  }

  private async start(): Promise<void> {
    const { WEIR_TASK_QUEUE: taskQueue, WEIR_CLUSTER, WEIR_MAPPING_API_VERSION: mappingApiVersion } = this.settings;
    this.kubernetes ??= KubernetesClient.fromEnvironment();
    const { kubernetes } = this;
    const { client, connection } = this.temporal;
    const [cluster, installation] = await Promise.all([
      clusterName(kubernetes, WEIR_CLUSTER),
      installationOf(client, taskQueue),
      ensureSearchAttributes(connection, client.options.namespace),
    ]);
    const runs = new RolloutRuns(client, taskQueue);
    const gateway = this.gateway(kubernetes);
    const watch = new RolloutWatch({ kubernetes, runs, cluster, installation, mappingApiVersion, logger: this.logger });
    const created = await createTemporalWorkers(taskQueue, {
      kubernetes,
      installation,
      cluster,
      runs,
      seen: watch.seen,
      followEndpoints: watch.followEndpoints,
      ...(mappingApiVersion !== undefined && { mappingApiVersion }),
      ...(gateway && { gateway }),
    });
    this.workers = created.workers;
    this.connection = created.connection;
    this.running = Promise.all(created.workers.map((worker) => worker.run())).catch((error: unknown) => {
      // A process that is up with a dead worker helps nobody: whatever supervises it starts a new one.
      this.logger.fatal({ err: error }, 'the Temporal worker failed');
      process.exit(1);
    });
    this.watch = watch;
    watch.start();
    this.sweeping = this.sweep();
    this.logger.info({ cluster, taskQueue, namespace: client.options.namespace }, 'the worker is polling');
  }

  /** What was left behind while no worker was up need not wait for the Schedule. No rollout depends on it: the worker is up before. */
  private sweep(): Promise<void> {
    const { client } = this.temporal;
    const { WEIR_TASK_QUEUE: taskQueue } = this.settings;
    return untilDone(
      async () => {
        await ensureSweepSchedule(client, taskQueue);
        await sweepNow(client, taskQueue);
      },
      {
        retryMs: SWEEP_RETRY_MS,
        signal: this.stopping.signal,
        failed: (error) => this.logger.warn({ err: error }, 'the sweep could not be scheduled, trying again'),
      },
    );
  }

  private gateway(kubernetes: KubernetesClient): GatewayDiagnostics | undefined {
    const { WEIR_GATEWAY_DIAGNOSTICS_URLS: urls, WEIR_GATEWAY_DIAGNOSTICS_SERVICE: service } = this.settings;
    const source = urls === undefined ? service && { service } : { urls };
    return source && gatewayDiagnostics(kubernetes, source);
  }
}

function isRunning(worker: Worker): boolean {
  return worker.getState() === 'RUNNING';
}
