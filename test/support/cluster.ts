import { KubeConfig } from '@kubernetes/client-node';
import { Client, Connection } from '@temporalio/client';
import { KubernetesClient, clusterName } from '@weir/kubernetes';
import type { SandboxInfo } from '@weir/sandbox';
import { RolloutRuns } from '@weir/temporal';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A running sandbox, seen with an administrator's eyes. */
export interface TestCluster {
  readonly stateDirectory: string;
  readonly name: string;
  readonly kubernetes: KubernetesClient;
  readonly temporal: Client;
  readonly runs: RolloutRuns;
  readonly apiUrl: string;
  /** Aborted by `close`: what watches the cluster for a test ends with it. */
  readonly closing: AbortSignal;
  close(): Promise<void>;
}

/** `sandbox.json` as it is now. */
export async function readSandbox(stateDirectory: string): Promise<SandboxInfo> {
  return JSON.parse(await readFile(join(stateDirectory, 'sandbox.json'), 'utf8')) as SandboxInfo;
}

export async function joinSandbox(stateDirectory: string): Promise<TestCluster> {
  const info = await readSandbox(stateDirectory);
  const config = new KubeConfig();
  config.loadFromFile(info.kubeconfig);
  const kubernetes = new KubernetesClient(config);
  const connection = await Connection.connect({ address: info.temporalAddress });
  const closing = new AbortController();
  const temporal = new Client({ connection, namespace: info.temporalNamespace });
  return {
    stateDirectory,
    name: await clusterName(kubernetes),
    kubernetes,
    temporal,
    runs: new RolloutRuns(temporal, info.env['WEIR_TASK_QUEUE'] ?? 'weir'),
    apiUrl: info.apiUrl,
    closing: closing.signal,
    close: async () => {
      closing.abort();
      await Promise.all([connection.close(), kubernetes.close()]);
    },
  };
}
