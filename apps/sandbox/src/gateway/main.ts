/**
 * The local gateway: a test double of Ambassador Edge Stack / Emissary-ingress. One process watches the cluster for any
 * number of instances, each with a port for traffic and one for diagnostics and settings, on 127.0.0.1.
 */
import { KubernetesClient } from '@weir/kubernetes';
import { createLogger } from '@weir/platform';
import { once } from 'node:events';
import { HOST } from '../commands.ts';
import { createAdmin } from './admin.ts';
import { parseGatewayArguments } from './arguments.ts';
import { ClusterView } from './cluster-view.ts';
import { GatewayInstance, type Pods } from './instance.ts';
import { watchCluster } from './watches.ts';

/** Of requests in flight when it is stopped: a latency that a test has set may be longer, and is cut off. */
const STOP_MS = 1_500;

const logger = createLogger('gateway', process.env['WEIR_LOG_LEVEL'] ?? 'info');
const ports = parseGatewayArguments(process.argv.slice(2));
const kubernetes = KubernetesClient.fromEnvironment();
const view = new ClusterView();
const pods: Pods = { revisions: {} };
const instances = ports.map((one, index) => {
  const instance = new GatewayInstance(view, pods, logger.child({ instance: index + 1 }));
  return { instance, admin: createAdmin(instance), ports: one };
});
const stopping = new AbortController();

async function listen(): Promise<void> {
  await Promise.all(
    instances.map(async ({ instance, admin, ports: { traffic, diagnostics } }) => {
      instance.server.listen({ host: HOST, port: traffic, exclusive: true });
      await once(instance.server, 'listening');
      await admin.listen({ host: HOST, port: diagnostics, exclusive: true });
    }),
  );
  logger.info({ ports }, 'the gateway is up');
}

async function stop(): Promise<void> {
  stopping.abort();
  const cutOff = setTimeout(() => instances.forEach(({ instance }) => instance.server.closeAllConnections()), STOP_MS);
  await Promise.all(
    instances.map(async ({ instance, admin }) => {
      instance.stop();
      const closed = once(instance.server, 'close');
      instance.server.close();
      await Promise.all([closed, admin.close()]);
    }),
  );
  clearTimeout(cutOff);
  await Promise.all([watching, kubernetes.close()]);
}

// It listens when it knows the cluster: then a port that answers is a gateway that serves.
const known = Promise.withResolvers<void>();
const onConfiguration = (): void => {
  const configuration = view.configuration();
  instances.forEach(({ instance }) => instance.offer(configuration));
  known.resolve();
};
const watching = watchCluster(kubernetes, view, onConfiguration, { logger, signal: stopping.signal });
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => void stop().then(() => process.exit(0)));
}
await known.promise;
await listen();
