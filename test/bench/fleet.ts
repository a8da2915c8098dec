import { ENDPOINT_SLICES, ROLLOUTS, type KubernetesObject, type Resource } from '@weir/kubernetes';
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
import { BarePatch } from './bare-patch.ts';
import { inTurns } from './in-turns.ts';
import { patiently } from './patiently.ts';
import { rest } from './rest.ts';
import { Watched } from './watched.ts';

const MANAGER = { fieldManager: 'bench' };
const START_TIMEOUT_MS = 120_000;
/** Far more than one takes among many: it is no measurement. */
const START_OF_ONE_MS = 500;
const LABELS = { stable: { app: 'someapp', version: 'v1' }, canary: { app: 'someapp', version: 'v2' } } as const;

interface EndpointSlice extends KubernetesObject {
  readonly endpoints?: readonly { readonly conditions?: { readonly ready?: boolean } }[] | null;
}

/** Many Rollouts in a namespace of their own that move traffic only: one pair of Services, a Mapping each. */
export class Fleet {
  private constructor(
    readonly cluster: TestCluster,
    readonly namespace: string,
    readonly clock: Watched,
    /** A Mapping of nobody's beside theirs. */
    readonly bare: BarePatch,
    private readonly ending: AbortController,
  ) {}

  static async given(cluster: TestCluster): Promise<Fleet> {
    const namespace = `bench-${randomUUID().slice(0, 8)}`;
    await cluster.kubernetes.create(
      { resource: NAMESPACE_LIST },
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      MANAGER,
    );
    const ending = new AbortController();
    const clock = new Watched(cluster, namespace, ending.signal);
    const bare = await BarePatch.in(cluster.kubernetes, clock, namespace);
    const fleet = new Fleet(cluster, namespace, clock, bare, ending);
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
  async start(names: readonly string[], steps: readonly ManifestStep[], atOnce?: number): Promise<void> {
    const startOne = async (name: string): Promise<void> => {
      await this.create(MAPPINGS, mapping(name, { prefix: `/${this.namespace}/${name}` }));
      await patiently(() => this.request('PUT', name, '', rollout(name, steps, [name])));
    };
    await inTurns(names, startOne, atOnce);
  }

  /**
   * Rollouts that are all paused at a weight.
   *
   * @param more - steps behind the pause
   */
  async pausedAt(names: readonly string[], weight: number, more: readonly ManifestStep[] = []): Promise<void> {
    const timeoutMs = START_TIMEOUT_MS + names.length * START_OF_ONE_MS;
    await Promise.all([
      ...names.map((name) =>
        this.clock.mapping(canaryMappingName(name), (now) => now?.spec.weight === weight, timeoutMs),
      ),
      this.start(names, [{ setWeight: weight }, { pause: {} }, ...more]),
    ]);
  }

  /** Their Rollouts go, and with them their runs. */
  async clear(names: readonly string[]): Promise<void> {
    const { kubernetes } = this.cluster;
    const at = { resource: ROLLOUTS, namespace: this.namespace };
    await inTurns(names, async (name) => {
      await patiently(() => kubernetes.delete({ ...at, name }));
    });
    const gone = async (): Promise<boolean> => (await kubernetes.list(at)).items.length === 0;
    await eventually('the Rollouts are gone', gone, START_TIMEOUT_MS);
  }

  request(method: 'PUT' | 'POST', name: string, path: string, body: object): Promise<void> {
    return rest(this.cluster, { namespace: this.namespace, name }, method, path, body);
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
