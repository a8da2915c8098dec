import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { NativeConnection, Worker } from '@temporalio/worker';
import { KubernetesClient, clusterName } from '@weir/kubernetes';
import type { Logger } from '@weir/platform';
import { RolloutRuns, createTemporalClient, ensureSearchAttributes, installationOf } from '@weir/temporal';
import { setTimeout as delay } from 'node:timers/promises';
import { RolloutWatch } from './rollout-watch.ts';
import type { WorkerSettings } from './settings.ts';
import { createTemporalWorker } from './temporal-worker.ts';

/** Temporal or Kubernetes may come up after the worker does. */
const START_RETRY_MS = 1_000;

/** Starts the Temporal worker and the watch on Rollouts, and ends them in the order that loses nothing. */
@Injectable()
export class WorkerService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly temporal = createTemporalClient();
  private readonly stopping = new AbortController();
  private worker: Worker | undefined;
  private connection: NativeConnection | undefined;
  private kubernetes: KubernetesClient | undefined;
  private watch: RolloutWatch | undefined;
  private starting: Promise<void> = Promise.resolve();
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly settings: WorkerSettings,
    private readonly logger: Logger,
  ) {}

  /** Whether the worker polls for tasks. */
  isReady(): boolean {
    return this.worker?.getState() === 'RUNNING';
  }

  onApplicationBootstrap(): void {
    this.starting = this.startWhenPossible();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.starting;
    if (this.worker?.getState() === 'RUNNING') {
      this.worker.shutdown();
    }
    await this.running;
    await this.watch?.stop();
    await this.connection?.close();
    await Promise.all([this.temporal.connection.close(), this.kubernetes?.close()]);
  }

  private async startWhenPossible(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        await this.start();
        return;
      } catch (error) {
        this.logger.warn({ err: error }, 'not started yet, trying again');
        await delay(START_RETRY_MS, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      }
    }
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
    const created = await createTemporalWorker(taskQueue, {
      kubernetes,
      installation,
      ...(mappingApiVersion !== undefined && { mappingApiVersion }),
    });
    this.worker = created.worker;
    this.connection = created.connection;
    this.running = created.worker.run().catch((error: unknown) => {
      // A process that is up with a dead worker helps nobody: whatever supervises it starts a new one.
      this.logger.fatal({ err: error }, 'the Temporal worker failed');
      process.exit(1);
    });
    this.watch = new RolloutWatch(kubernetes, new RolloutRuns(client, taskQueue), cluster, this.logger);
    this.watch.start();
    this.logger.info({ cluster, taskQueue, namespace: client.options.namespace }, 'the worker is polling');
  }
}
