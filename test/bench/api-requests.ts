import { get, type RequestOptions } from 'node:https';
import { text } from 'node:stream/consumers';
import type { TestCluster } from '../support/cluster.ts';

/** Kinds that a rollout tool reads and writes, and whatever follows from it; what servers do by themselves is left out. */
const KINDS = ['rollouts', 'mappings', 'services', 'replicasets', 'deployments', 'events', 'endpointslices', 'pods'];

/** Requests for these kinds that the API server has answered since it started, watches left out; from its own metrics. */
export async function requestsServed({ kubernetes }: TestCluster): Promise<number> {
  const tls: RequestOptions = {};
  await kubernetes.config.applyToHTTPSOptions(tls);
  const metrics = await new Promise<string>((resolve, reject) => {
    const url = `${kubernetes.config.getCurrentCluster()?.server ?? ''}/metrics`;
    get(url, tls, (answer) => resolve(text(answer))).on('error', reject);
  });
  return metrics
    .split('\n')
    .filter((line) => line.startsWith('apiserver_request_total{') && !/verb="(WATCH|CONNECT)"/.test(line))
    .filter((line) => KINDS.some((kind) => line.includes(`resource="${kind}"`)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
