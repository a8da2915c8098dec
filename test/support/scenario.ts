import type { WorkflowExecutionDescription } from '@temporalio/client';
import { ROLLOUTS, isKubernetesError, watchForever, type KubernetesObject, type Resource } from '@weir/kubernetes';
import type { RunState } from '@weir/contract';
import { revisionOf, workflowId, type RolloutRef, type RolloutStatus } from '@weir/rollout';
import { randomUUID } from 'node:crypto';
import type { TestCluster } from './cluster.ts';
import {
  DEPLOYMENTS,
  NAMESPACE_LIST,
  SERVICES,
  deployment,
  mapping,
  rollout,
  service,
  type ManifestStep,
} from './objects.ts';
import { eventually } from './wait.ts';

const MAPPINGS: Resource = { group: 'getambassador.io', version: 'v2', plural: 'mappings' };
const EVENTS: Resource = { group: '', version: 'v1', plural: 'events' };
const MANAGER = { fieldManager: 'test' };
const STABLE = { app: 'someapp', version: 'v1' };
const CANARY = { app: 'someapp', version: 'v2' };

export interface MappingObject extends KubernetesObject {
  readonly spec: {
    readonly prefix: string;
    readonly service: string;
    readonly weight?: number;
    readonly [field: string]: unknown;
  };
}

interface RolloutObject extends KubernetesObject {
  readonly status?: RolloutStatus;
}

interface EndpointSlice extends KubernetesObject {
  readonly endpoints?: readonly { readonly conditions?: { readonly ready?: boolean } }[];
}

interface ServiceObject extends KubernetesObject {
  readonly spec: { readonly selector: Readonly<Record<string, string>> };
}

export interface EventObject extends KubernetesObject {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

/** One write to a canary Mapping, as the API server tells it to everybody who watches. */
export interface WeightWrite {
  readonly mapping: string;
  /** `gone` when it was deleted. */
  readonly weight: number | 'gone';
  readonly generation: number;
  readonly atMs: number;
}

export interface Given {
  readonly steps: readonly ManifestStep[];
  /** Stable Mappings to create and to list; default one. */
  readonly mappings?: readonly string[];
  readonly name?: string;
}

/**
 * An application in a namespace of its own: two Deployments behind a stable and a canary Service, and stable Mappings. It
 * records every weight that a canary Mapping is given.
 */
export class Scenario {
  readonly writes: WeightWrite[] = [];

  private constructor(
    readonly cluster: TestCluster,
    readonly namespace: string,
    readonly name: string,
    readonly steps: readonly ManifestStep[],
    readonly mappings: readonly string[],
  ) {}

  static async given(
    cluster: TestCluster,
    { steps, mappings = ['stable-mapping'], name = 'someapp' }: Given,
  ): Promise<Scenario> {
    const namespace = `t-${randomUUID().slice(0, 8)}`;
    const scenario = new Scenario(cluster, namespace, name, steps, mappings);
    await scenario.create(
      NAMESPACE_LIST,
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      false,
    );
    await Promise.all([
      scenario.create(DEPLOYMENTS, deployment('someapp-stable', STABLE)),
      scenario.create(DEPLOYMENTS, deployment('someapp-canary', CANARY)),
      scenario.create(SERVICES, service('someapp-stable', STABLE)),
      scenario.create(SERVICES, service('someapp-canary', CANARY)),
      // A route of its own: Mappings of all namespaces share one gateway.
      ...mappings.map((one) => scenario.create(MAPPINGS, mapping(one, { prefix: `/${namespace}/${one}` }))),
    ]);
    await Promise.all(
      ['someapp-stable', 'someapp-canary'].map((one) =>
        eventually(`ready endpoints of ${one}`, () => scenario.hasReadyEndpoints(one)),
      ),
    );
    scenario.record();
    return scenario;
  }

  get ref(): RolloutRef {
    return { cluster: this.cluster.name, namespace: this.namespace, name: this.name };
  }

  get workflowId(): string {
    return workflowId(this.ref);
  }

  manifest(): ReturnType<typeof rollout> {
    return rollout(this.name, this.steps, this.mappings);
  }

  // --- the REST API, as a user ---

  request(method: string, path = '', body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.cluster.apiUrl}/v1/namespaces/${this.namespace}/rollouts/${this.name}${path}`, {
      method,
      headers: {
        // A connection that is kept would keep the test process, too.
        connection: 'close',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  }

  /** PUTs the manifest; fails the test when it is refused. */
  async put(manifest: unknown = this.manifest()): Promise<void> {
    const response = await this.request('PUT', '', manifest);
    if (!response.ok) {
      throw new Error(`PUT: ${response.status} ${await response.text()}`);
    }
  }

  async post(command: string, body: object = {}): Promise<Response> {
    return this.request('POST', `/${command}`, body);
  }

  // --- the cluster, as an administrator ---

  create<T extends KubernetesObject>(resource: Resource, object: T, namespaced = true): Promise<T> {
    const at = namespaced ? { resource, namespace: this.namespace } : { resource };
    return this.cluster.kubernetes.create(at, object, MANAGER);
  }

  patch<T extends KubernetesObject>(resource: Resource, name: string, body: unknown): Promise<T> {
    return this.cluster.kubernetes.mergePatch({ resource, namespace: this.namespace, name }, body, MANAGER);
  }

  delete(resource: Resource, name: string): Promise<void> {
    return this.cluster.kubernetes.delete({ resource, namespace: this.namespace, name });
  }

  async rollout(): Promise<RolloutObject | undefined> {
    return this.read<RolloutObject>(ROLLOUTS, this.name);
  }

  async status(): Promise<RolloutStatus | undefined> {
    return (await this.rollout())?.status;
  }

  async selectorOf(name: string): Promise<Readonly<Record<string, string>>> {
    return (await this.cluster.kubernetes.get<ServiceObject>({ resource: SERVICES, namespace: this.namespace, name }))
      .spec.selector;
  }

  async canaryMappings(): Promise<readonly MappingObject[]> {
    const { items } = await this.cluster.kubernetes.list<MappingObject>({
      resource: MAPPINGS,
      namespace: this.namespace,
    });
    return items.filter(({ metadata }) => metadata.labels?.['weir.dev/rollout'] !== undefined);
  }

  mapping(name: string): Promise<MappingObject | undefined> {
    return this.read<MappingObject>(MAPPINGS, name);
  }

  async events(): Promise<readonly EventObject[]> {
    return (
      await this.cluster.kubernetes.list<EventObject>({ resource: EVENTS, namespace: this.namespace })
    ).items.filter((event) => (event as { involvedObject?: { kind?: string } }).involvedObject?.kind === 'Rollout');
  }

  // --- what a test waits for ---

  phase(phase: RolloutStatus['phase'], timeoutMs?: number): Promise<RolloutStatus> {
    return eventually(
      `phase ${phase} of ${this.namespace}/${this.name}`,
      async () => {
        const object = await this.rollout();
        const { status, metadata } = object ?? {};
        const current = Number(status?.observedGeneration) >= (metadata?.generation ?? Infinity);
        return current && status?.phase === phase && status;
      },
      timeoutMs,
    );
  }

  /** Paused in the step with that index, by the plan. */
  pausedAt(stepIndex: number): Promise<RolloutStatus> {
    return eventually(`paused at step ${stepIndex}`, async () => {
      const status = await this.status();
      return status?.phase === 'Paused' && status.currentStepIndex === stepIndex && status;
    });
  }

  /** No run is open, and no canary Mapping is left. */
  async settled(): Promise<WorkflowExecutionDescription> {
    return eventually('the run has closed', async () => {
      const description = await this.cluster.runs.handle(this.ref).describe();
      return description.status.name !== 'RUNNING' && description.status.name !== 'CONTINUED_AS_NEW' && description;
    });
  }

  async state(): Promise<RunState> {
    return this.cluster.runs.handle(this.ref).query<RunState>('state');
  }

  /** Weights in the order in which they were written, without times: `app0-canary 30`. */
  course(): string[] {
    return this.writes.map(({ mapping: name, weight }) => `${name} ${weight}`);
  }

  revisionOfCanary(): string {
    return revisionOf(CANARY);
  }

  async hasReadyEndpoints(serviceName: string): Promise<boolean> {
    const resource: Resource = { group: 'discovery.k8s.io', version: 'v1', plural: 'endpointslices' };
    const { items } = await this.cluster.kubernetes.list<EndpointSlice>(
      { resource, namespace: this.namespace },
      { labelSelector: `kubernetes.io/service-name=${serviceName}` },
    );
    return items.some(({ endpoints }) => endpoints?.some(({ conditions }) => conditions?.ready));
  }

  private async read<T extends KubernetesObject>(resource: Resource, name: string): Promise<T | undefined> {
    try {
      return await this.cluster.kubernetes.get<T>({ resource, namespace: this.namespace, name });
    } catch (error) {
      if (isKubernetesError(error, 'notFound')) {
        return undefined;
      }
      throw error;
    }
  }

  private record(): void {
    const seen = new Map<string, number>();
    void watchForever<MappingObject>(this.cluster.kubernetes, {
      at: { resource: MAPPINGS, namespace: this.namespace },
      selector: { labelSelector: 'weir.dev/rollout' },
      signal: this.cluster.closing,
      onChange: ({ type, object: { metadata, spec } }) => {
        const { name, generation = 0, uid = '' } = metadata;
        if (type === 'DELETED') {
          this.writes.push({ mapping: name, weight: 'gone', generation, atMs: Date.now() });
        } else if (seen.get(uid) !== generation) {
          seen.set(uid, generation);
          this.writes.push({ mapping: name, weight: spec.weight ?? Number.NaN, generation, atMs: Date.now() });
        }
      },
    });
  }
}
