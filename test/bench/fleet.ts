import { ENDPOINT_SLICES, type KubernetesObject, type Resource } from '@weir/kubernetes';
import { canaryMappingName } from '@weir/rollout';
import { randomUUID } from 'node:crypto';
import type { TestCluster } from '../support/cluster.ts';
import {
  DEPLOYMENTS,
  MAPPINGS,
  NAMESPACE_LIST,
  SERVICES,
  deployment,
  mapping,
  rollout,
  service,
  type ManifestStep,
} from '../support/objects.ts';
import { eventually } from '../support/wait.ts';
import { inTurns } from './in-turns.ts';
import { Watched } from './watched.ts';

const MANAGER = { fieldManager: 'bench' };
const LABELS = { stable: { app: 'someapp', version: 'v1' }, canary: { app: 'someapp', version: 'v2' } } as const;

interface EndpointSlice extends KubernetesObject {
  readonly endpoints?: readonly { readonly conditions?: { readonly ready?: boolean } }[] | null;
}

/** Many Rollouts in a namespace of their own that move traffic only: one pair of Services, a Mapping each. */
export class Fleet {
  readonly clock: Watched;

  private constructor(
    private readonly cluster: TestCluster,
    readonly namespace: string,
    private readonly ending: AbortController,
  ) {
    this.clock = new Watched(cluster, namespace, ending.signal);
  }

  static async given(cluster: TestCluster): Promise<Fleet> {
    const namespace = `bench-${randomUUID().slice(0, 8)}`;
    await cluster.kubernetes.create(
      { resource: NAMESPACE_LIST },
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      MANAGER,
    );
    const fleet = new Fleet(cluster, namespace, new AbortController());
    await Promise.all(
      (['stable', 'canary'] as const).flatMap((role) => [
        fleet.create(DEPLOYMENTS, deployment(`someapp-${role}`, LABELS[role])),
        fleet.create(SERVICES, service(`someapp-${role}`, LABELS[role])),
      ]),
    );
    await eventually('ready endpoints', () => fleet.hasReadyEndpoints());
    return fleet;
  }

  /** No longer watches; what it made goes with the sandbox. */
  close(): void {
    this.ending.abort();
  }

  create<T extends KubernetesObject>(resource: Resource, object: T): Promise<T> {
    return this.cluster.kubernetes.create({ resource, namespace: this.namespace }, object, MANAGER);
  }

  /** Rollouts by name, each with a Mapping of its name, under way by these steps. */
  async start(names: readonly string[], steps: readonly ManifestStep[]): Promise<void> {
    await inTurns(names, async (name) => {
      await this.create(MAPPINGS, mapping(name, { prefix: `/${this.namespace}/${name}` }));
      await this.request('PUT', name, '', rollout(name, steps, [name]));
    });
  }

  /** Rollouts that are all paused at a weight. */
  async pausedAt(names: readonly string[], weight: number): Promise<void> {
    const paused = names.map((name) =>
      this.clock.mapping(canaryMappingName(name), (now) => now?.spec.weight === weight, 120_000),
    );
    await this.start(names, [{ setWeight: weight }, { pause: {} }]);
    await Promise.all(paused);
  }

  async request(method: string, name: string, path = '', body?: unknown): Promise<void> {
    const url = `${this.cluster.apiUrl}/v1/namespaces/${this.namespace}/rollouts/${name}${path}`;
    const response = await fetch(url, {
      method,
      ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) {
      throw new Error(`${method} ${url}: ${response.status} ${text}`);
    }
  }

  patch(name: string, body: object, fieldManager = 'bench'): Promise<KubernetesObject> {
    const at = { resource: MAPPINGS, namespace: this.namespace, name };
    return this.cluster.kubernetes.mergePatch(at, body, { fieldManager });
  }

  delete(name: string): Promise<void> {
    return this.cluster.kubernetes.delete({ resource: MAPPINGS, namespace: this.namespace, name });
  }

  private async hasReadyEndpoints(): Promise<boolean> {
    const { items } = await this.cluster.kubernetes.list<EndpointSlice>({
      resource: ENDPOINT_SLICES,
      namespace: this.namespace,
    });
    return items.filter(({ endpoints }) => endpoints?.some(({ conditions }) => conditions?.ready)).length >= 2;
  }
}

export function namesOf(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
}
