import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { KubernetesClient, type KubernetesObject, type Resource } from '@weir/kubernetes';
import { get, type RequestOptions } from 'node:https';
import { text } from 'node:stream/consumers';
import type { TestCluster } from '../support/cluster.ts';
import { NAMESPACE_LIST } from '../support/objects.ts';
import { countsIn, type RequestCounts } from './api-requests.ts';

const NAMESPACE = 'bench';
const serviceAccount = (name: string): string => `system:serviceaccount:${NAMESPACE}:${name}`;

/** Whose requests the API server counts apart, by the user that each shows a certificate or a token of. */
const USERS = {
  worker: 'weir-worker',
  api: 'weir-api',
  peer: serviceAccount('peer'),
  bench: serviceAccount('bench'),
  scheduler: 'system:kube-scheduler',
} as const;

/** `administrators`: the controllers and kwok, and the API server itself. */
export type ClientName = keyof typeof USERS | 'administrators';

const MANAGER = { fieldManager: 'bench' };
const FLOW_SCHEMAS: Resource = { group: 'flowcontrol.apiserver.k8s.io', version: 'v1', plural: 'flowschemas' };
const SERVICE_ACCOUNTS: Resource = { group: '', version: 'v1', plural: 'serviceaccounts' };
const BINDINGS: Resource = { group: 'rbac.authorization.k8s.io', version: 'v1', plural: 'clusterrolebindings' };
/** Longer than any run of the bench. */
const TOKEN_SECONDS = 4 * 60 * 60;
/** Before every other but the built-in `exempt`, which takes all administrators and may alone have 1. */
const PRECEDENCE = 2;

/** The name of a client's FlowSchema: what the metric calls it. */
export function schemaOf(client: ClientName): string {
  return client === 'administrators' ? 'exempt' : `bench-${client}`;
}

/**
 * Has the API server count the requests of each client apart, by a FlowSchema for each, and the bench itself among them.
 * All go to the priority level `exempt`: nobody queues, and who asks as an administrator has no advantage.
 *
 * @returns the cluster as the bench is to see it
 */
export async function countClientsApart(cluster: TestCluster): Promise<TestCluster> {
  const { kubernetes } = cluster;
  const apply = (resource: Resource, object: KubernetesObject, namespace?: string): Promise<KubernetesObject> =>
    kubernetes.apply({ resource, name: object.metadata.name, ...(namespace && { namespace }) }, object, MANAGER);
  await apply(NAMESPACE_LIST, named('v1', 'Namespace', NAMESPACE));
  const accounts = ['bench', 'peer'] as const;
  await Promise.all([
    ...(Object.keys(USERS) as (keyof typeof USERS)[]).map((client) => apply(FLOW_SCHEMAS, flowSchema(client))),
    ...accounts.map((name) => apply(SERVICE_ACCOUNTS, named('v1', 'ServiceAccount', name), NAMESPACE)),
    apply(BINDINGS, allRights(accounts)),
  ]);
  const own = new KubernetesClient(await kubeconfigOf(cluster, 'bench'));
  const close = async (): Promise<void> => {
    await cluster.close();
    await own.close();
  };
  return { ...cluster, kubernetes: own, close };
}

/** By a token of the service account, as a controller in a cluster has one. */
export async function kubeconfigOf({ kubernetes }: TestCluster, name: 'bench' | 'peer'): Promise<KubeConfig> {
  const { status } = await kubernetes.config.makeApiClient(CoreV1Api).createNamespacedServiceAccountToken({
    namespace: NAMESPACE,
    name,
    body: { spec: { audiences: [], expirationSeconds: TOKEN_SECONDS } },
  });
  const cluster = kubernetes.config.getCurrentCluster();
  if (status === undefined || cluster === null) {
    throw new Error(`the API server issued no token for ${name}`);
  }
  const config = new KubeConfig();
  config.loadFromClusterAndUser(cluster, { name, token: status.token });
  return config;
}

/** The counts as they are now. */
export async function requestCounts({ kubernetes }: TestCluster): Promise<RequestCounts> {
  const options: RequestOptions = {};
  await kubernetes.config.applyToHTTPSOptions(options);
  const metrics = await new Promise<string>((resolve, reject) => {
    const url = `${kubernetes.config.getCurrentCluster()?.server ?? ''}/metrics`;
    get(url, options, (answer) => resolve(text(answer))).on('error', reject);
  });
  return countsIn(metrics);
}

function named(apiVersion: string, kind: string, name: string): KubernetesObject {
  return { apiVersion, kind, metadata: { name } };
}

function allRights(accounts: readonly string[]): KubernetesObject {
  const apiGroup = 'rbac.authorization.k8s.io';
  return {
    ...named(`${apiGroup}/v1`, 'ClusterRoleBinding', 'bench'),
    roleRef: { apiGroup, kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: accounts.map((name) => ({ kind: 'ServiceAccount', namespace: NAMESPACE, name })),
  } as KubernetesObject;
}

function flowSchema(client: keyof typeof USERS): KubernetesObject {
  return {
    ...named('flowcontrol.apiserver.k8s.io/v1', 'FlowSchema', schemaOf(client)),
    spec: {
      matchingPrecedence: PRECEDENCE,
      priorityLevelConfiguration: { name: 'exempt' },
      rules: [
        {
          subjects: [{ kind: 'User', user: { name: USERS[client] } }],
          resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true }],
          nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
        },
      ],
    },
  } as KubernetesObject;
}
