import { Client, Connection, type ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';

/** gRPC's own limit is two minutes: that long a server that is back would not be noticed. */
const LONGEST_RECONNECT_MS = 2_000;

/**
 * Client and its connection, which is opened at the first call, so that a process starts while Temporal is down.
 *
 * @param options - in place of what a client of Temporal does by itself, such as its retries
 */
export function createTemporalClient(options: Pick<ConnectionOptions, 'interceptors'> = {}): {
  readonly client: Client;
  readonly connection: Connection;
} {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const channelArgs = { 'grpc.max_reconnect_backoff_ms': LONGEST_RECONNECT_MS };
  const connection = Connection.lazy({ ...connectionOptions, ...options, channelArgs });
  return { client: new Client({ connection, namespace: namespace ?? 'default' }), connection };
}

/** Address, namespace, TLS and keys by Temporal's standard environment names (TEMPORAL_ADDRESS, …). */
export { loadClientConnectConfig } from '@temporalio/envconfig';

/**
 * What tells installations of Weir on one cluster apart: the UUID of the client's namespace, which differs even between
 * namespaces of one name, and the task queue, which tells two installations in one namespace apart.
 */
export async function installationOf(client: Client, taskQueue: string): Promise<string> {
  const { namespaceInfo } = await client.workflowService.describeNamespace({ namespace: client.options.namespace });
  if (!namespaceInfo?.id) {
    throw new Error(`Temporal does not say the id of its namespace ${client.options.namespace}`);
  }
  return `${namespaceInfo.id}/${taskQueue}`;
}
