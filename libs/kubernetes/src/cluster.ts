import type { KubernetesClient } from './client.ts';
import { NAMESPACES } from './resources.ts';

/**
 * Name of the cluster in workflow ids: the configured one, else the uid of the kube-system namespace, which lives as long
 * as the cluster.
 */
export async function clusterName(client: KubernetesClient, configured?: string): Promise<string> {
  if (configured !== undefined) {
    return configured;
  }
  const { metadata } = await client.get({ resource: NAMESPACES, name: 'kube-system' });
  if (metadata.uid === undefined) {
    throw new Error('the kube-system namespace has no uid: set WEIR_CLUSTER to a name for the cluster');
  }
  return metadata.uid;
}
