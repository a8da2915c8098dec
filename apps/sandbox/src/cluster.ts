import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { KubeConfig, KubernetesObjectApi, PatchStrategy, loadAllYaml } from '@kubernetes/client-node';
import type { KubernetesObject } from '@kubernetes/client-node';
import { USERS } from './pki.ts';

const FIELD_MANAGER = 'weir-sandbox';
const ESTABLISHED_POLL_MS = 50;

interface Condition {
  readonly type: string;
  readonly status: string;
}

/** The one node: kwok answers for it, and says of every pod that is scheduled to it that it is ready. */
const FAKE_NODE = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: 'fake-node',
    annotations: { 'kwok.x-k8s.io/node': 'fake' },
    labels: { 'kubernetes.io/hostname': 'fake-node', 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' },
  },
};

/** Who joins by hand may be a worker or an API, so it may do what both of them may. */
const BY_HAND_BINDINGS = ['weir-worker', 'weir-api'].map((role) => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: `${role}-by-hand` },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: USERS.byhand.user }],
}));

/** What the local gateway watches. On a real cluster Ambassador brings its own rights. */
const GATEWAY_RIGHTS = [
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: USERS.gateway.user },
    rules: [
      { apiGroups: ['getambassador.io'], resources: ['mappings', 'hosts'], verbs: ['list', 'watch'] },
      { apiGroups: [''], resources: ['services', 'pods'], verbs: ['list', 'watch'] },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
    ],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: USERS.gateway.user },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: USERS.gateway.user },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: USERS.gateway.user }],
  },
];

/** Storage of a new CRD is ready within a second or two, also on a busy machine. */
const SERVED_TIMEOUT_MS = 20_000;

interface CustomResourceDefinition extends KubernetesObject {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string }[];
  };
}

/** A client for objects of any kind. */
export function connectToCluster(kubeconfig: string): KubernetesObjectApi {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  return KubernetesObjectApi.makeApiClient(config);
}

/**
 * The objects in a file of YAML documents. Read by the client library: it writes objects of kinds that it knows by its
 * own names of fields, and would drop `x-kubernetes-preserve-unknown-fields` from a CRD that another parser read.
 */
export function readObjects(file: string): KubernetesObject[] {
  return loadAllYaml(readFileSync(file, 'utf8')) as KubernetesObject[];
}

/** Server-side apply: creates the object, or sets the fields that it names. */
export async function applyObject<T extends KubernetesObject>(cluster: KubernetesObjectApi, object: T): Promise<T> {
  return cluster.patch(object, undefined, undefined, FIELD_MANAGER, true, PatchStrategy.ServerSideApply);
}

/**
 * Brings the CRDs, the rights of worker, API and gateway, and the fake node into the cluster, and waits until the CRDs are
 * served.
 *
 * @throws when the cluster refuses an object.
 */
export async function prepareCluster(
  cluster: KubernetesObjectApi,
  repository: string,
  signal?: AbortSignal,
): Promise<void> {
  const folder = join(repository, 'deploy/crds');
  const crds = readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .flatMap((file) => readObjects(join(folder, file)));
  const others = [
    ...readObjects(join(repository, 'deploy/rbac.yaml')),
    ...BY_HAND_BINDINGS,
    ...GATEWAY_RIGHTS,
    FAKE_NODE,
  ];
  // One first, so that the API groups are asked for once and not by every request at the same time.
  await applyObject(cluster, FAKE_NODE);
  await Promise.all([...crds, ...others].map((object) => applyObject(cluster, object)));
  await Promise.all(
    crds.map(async (crd) => {
      await waitUntilEstablished(cluster, crd, signal);
      await waitUntilServed(cluster, crd as CustomResourceDefinition, signal);
    }),
  );
}

async function waitUntilEstablished(
  cluster: KubernetesObjectApi,
  crd: KubernetesObject,
  signal?: AbortSignal,
): Promise<void> {
  for (;;) {
    signal?.throwIfAborted();
    const header = { apiVersion: crd.apiVersion, kind: crd.kind, metadata: { name: crd.metadata?.name ?? '' } };
    const read = (await cluster.read(header)) as { status?: { conditions?: readonly Condition[] } };
    if (read.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True')) {
      return;
    }
    await delay(ESTABLISHED_POLL_MS);
  }
}

/** An established CRD answers 429 while its storage is being made ready: the sandbox is ready when a list goes through. */
async function waitUntilServed(
  cluster: KubernetesObjectApi,
  { spec: { group, names, versions } }: CustomResourceDefinition,
  signal?: AbortSignal,
): Promise<void> {
  const deadlineMs = Date.now() + SERVED_TIMEOUT_MS;
  for (const { name } of versions) {
    while (!(await isServed(cluster, `${group}/${name}`, names.kind, deadlineMs))) {
      signal?.throwIfAborted();
      await delay(ESTABLISHED_POLL_MS);
    }
  }
}

async function isServed(
  cluster: KubernetesObjectApi,
  apiVersion: string,
  kind: string,
  deadlineMs: number,
): Promise<boolean> {
  try {
    await cluster.list(apiVersion, kind);
    return true;
  } catch (error) {
    if (Date.now() > deadlineMs) {
      throw error;
    }
    return false;
  }
}
