import type { KubernetesObject, Resource } from '@weir/kubernetes';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readSandbox, type TestCluster } from './cluster.ts';
import { freePort } from './free-port.ts';
import { eventually } from './wait.ts';

const CRDS: Resource = { group: 'apiextensions.k8s.io', version: 'v1', plural: 'customresourcedefinitions' };
/** What it watches besides Rollouts, and does not start without. */
const KINDS = [
  { kind: 'AnalysisRun', scope: 'Namespaced' },
  { kind: 'AnalysisTemplate', scope: 'Namespaced' },
  { kind: 'ClusterAnalysisTemplate', scope: 'Cluster' },
  { kind: 'Experiment', scope: 'Namespaced' },
] as const;

interface Definition extends KubernetesObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** A controller of Argo Rollouts that runs in the cluster of a sandbox, with an administrator's rights. */
export interface ArgoController {
  /** Its field manager: Kubernetes' client for Go takes the name of the binary. */
  readonly manager: string;
  stop(): Promise<void>;
}

/** Starts it without an instance id: it takes every Rollout that has none. */
export async function startArgoController(
  binary: string,
  cluster: TestCluster,
  flags: readonly string[] = [],
): Promise<ArgoController> {
  await Promise.all(KINDS.map((one) => define(cluster, one)));
  const { kubeconfig } = await readSandbox(cluster.stateDirectory);
  const [health, metrics] = [await freePort(), await freePort()];
  const log = await open(join(cluster.stateDirectory, 'logs', 'argo-rollouts.log'), 'a');
  const child = spawn(
    binary,
    [
      ...['--kubeconfig', kubeconfig, '--leader-elect=false'],
      ...['--healthzPort', String(health), '--metricsPort', String(metrics)],
      ...flags,
    ],
    { stdio: ['ignore', log.fd, log.fd] },
  );
  // Nobody else would end it: the sandbox does not know of it.
  const killed = (): void => void child.kill('SIGKILL');
  process.once('exit', killed);
  child.once('exit', () => process.off('exit', killed));
  const failed = once(child, 'error').then(([error]: unknown[]) => error);
  await log.close();
  try {
    await eventually('the Argo Rollouts controller is up', async () => {
      if (child.exitCode !== null) {
        throw new Error(`it ended with ${child.exitCode}; its log is argo-rollouts.log in the logs of the sandbox`);
      }
      const headers = { connection: 'close' };
      return (await fetch(`http://127.0.0.1:${health}/healthz`, { headers })).ok;
    });
  } catch (error) {
    await end(child);
    throw child.pid === undefined ? await failed : error;
  }
  return { manager: basename(binary), stop: () => end(child) };
}

/** The least that is a kind: what is in it is of no interest here. */
async function define({ kubernetes }: TestCluster, { kind, scope }: (typeof KINDS)[number]): Promise<void> {
  const [singular, plural] = [kind.toLowerCase(), `${kind.toLowerCase()}s`];
  const name = `${plural}.argoproj.io`;
  const openAPIV3Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  await kubernetes.apply(
    { resource: CRDS, name },
    {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name },
      spec: {
        group: 'argoproj.io',
        scope,
        names: { kind, singular, plural },
        versions: [
          { name: 'v1alpha1', served: true, storage: true, schema: { openAPIV3Schema }, subresources: { status: {} } },
        ],
      },
    },
    { fieldManager: 'test' },
  );
  await eventually(`${kind} is served`, async () => {
    const { status } = await kubernetes.get<Definition>({ resource: CRDS, name });
    return status?.conditions?.some((one) => one.type === 'Established' && one.status === 'True');
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}
