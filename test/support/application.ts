import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { RunState } from '@weir/contract';
import {
  ENDPOINT_SLICES,
  EVENTS,
  ROLLOUTS,
  SERVICES,
  isKubernetesError,
  type KubernetesObject,
  type Resource,
} from '@weir/kubernetes';
import { workflowId, type RolloutRef, type RolloutStatus } from '@weir/rollout';
import type { TestCluster } from './cluster.ts';
import { MAPPINGS } from './objects.ts';
import { eventually } from './wait.ts';

const MANAGER = { fieldManager: 'test' };

export interface MappingObject extends KubernetesObject {
  readonly spec: {
    readonly prefix: string;
    readonly service: string;
    readonly weight?: number;
    readonly [field: string]: unknown;
  };
}

export interface RolloutObject extends KubernetesObject {
  readonly spec?: { readonly replicas?: number };
  readonly status?: RolloutStatus;
}

interface EndpointSlice extends KubernetesObject {
  readonly endpoints?: readonly { readonly conditions?: { readonly ready?: boolean } }[];
}

export interface ServiceObject extends KubernetesObject {
  readonly spec: { readonly selector: Readonly<Record<string, string>> };
}

export interface EventObject extends KubernetesObject {
  /** How many it stands for. */
  readonly count: number;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

/** A Rollout in a namespace of its own, as its user and as an administrator of the cluster. */
export abstract class Application {
  protected constructor(
    readonly cluster: TestCluster,
    readonly namespace: string,
    readonly name: string,
  ) {}

  /** What a PUT sends. */
  abstract manifest(): object;

  get ref(): RolloutRef {
    return { cluster: this.cluster.name, namespace: this.namespace, name: this.name };
  }

  get workflowId(): string {
    return workflowId(this.ref);
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

  patch<T extends KubernetesObject>(
    resource: Resource,
    name: string,
    body: unknown,
    subresource?: 'status' | 'scale',
  ): Promise<T> {
    const at = { resource, namespace: this.namespace, name, ...(subresource && { subresource }) };
    return this.cluster.kubernetes.mergePatch(at, body, MANAGER);
  }

  delete(resource: Resource, name: string): Promise<void> {
    return this.cluster.kubernetes.delete({ resource, namespace: this.namespace, name });
  }

  async list<T extends KubernetesObject>(resource: Resource, labelSelector?: string): Promise<readonly T[]> {
    const { items } = await this.cluster.kubernetes.list<T>(
      { resource, namespace: this.namespace },
      { ...(labelSelector !== undefined && { labelSelector }) },
    );
    return items;
  }

  async read<T extends KubernetesObject>(resource: Resource, name: string): Promise<T | undefined> {
    try {
      return await this.cluster.kubernetes.get<T>({ resource, namespace: this.namespace, name });
    } catch (error) {
      if (isKubernetesError(error, 'notFound')) {
        return undefined;
      }
      throw error;
    }
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
    const items = await this.list<MappingObject>(MAPPINGS);
    return items.filter(({ metadata }) => metadata.labels?.['weir.dev/rollout'] !== undefined);
  }

  mapping(name: string): Promise<MappingObject | undefined> {
    return this.read<MappingObject>(MAPPINGS, name);
  }

  /** Events about the Rollout, in the order in which they were written. */
  async events(): Promise<readonly EventObject[]> {
    const items = await this.list<EventObject>(EVENTS);
    return items
      .filter((event) => (event as { involvedObject?: { kind?: string } }).involvedObject?.kind === 'Rollout')
      .sort((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion));
  }

  // --- what a test waits for ---

  phase(phase: RolloutStatus['phase'], timeoutMs?: number): Promise<RolloutStatus> {
    return this.statusThat(`phase ${phase}`, (status) => status.phase === phase, timeoutMs);
  }

  /** Paused in the step with that index, by the plan. */
  pausedAt(stepIndex: number, timeoutMs?: number): Promise<RolloutStatus> {
    return this.statusThat(
      `paused at step ${stepIndex}`,
      ({ phase, currentStepIndex }) => phase === 'Paused' && currentStepIndex === stepIndex,
      timeoutMs,
    );
  }

  /** A status of the generation that is stored now, and that is so. */
  statusThat(what: string, isSo: (status: RolloutStatus) => boolean, timeoutMs?: number): Promise<RolloutStatus> {
    let seen: RolloutStatus | undefined;
    return eventually(
      `${what} of ${this.namespace}/${this.name}`,
      async () => {
        const object = await this.rollout();
        const { metadata } = object ?? {};
        seen = object?.status;
        const current = Number(seen?.observedGeneration) >= (metadata?.generation ?? Infinity);
        return current && seen !== undefined && isSo(seen) && seen;
      },
      timeoutMs,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}; status: ${JSON.stringify(seen)}`);
    });
  }

  /** No run is open, and no canary Mapping is left. */
  async settled(timeoutMs?: number): Promise<WorkflowExecutionDescription> {
    return eventually(
      'the run has closed',
      async () => {
        const description = await this.cluster.runs.handle(this.ref).describe();
        return description.status.name !== 'RUNNING' && description.status.name !== 'CONTINUED_AS_NEW' && description;
      },
      timeoutMs,
    );
  }

  async state(): Promise<RunState> {
    return this.cluster.runs.handle(this.ref).query<RunState>('state');
  }

  async hasReadyEndpoints(serviceName: string): Promise<boolean> {
    const items = await this.list<EndpointSlice>(ENDPOINT_SLICES, `kubernetes.io/service-name=${serviceName}`);
    return items.some(({ endpoints }) => endpoints?.some(({ conditions }) => conditions?.ready));
  }
}
