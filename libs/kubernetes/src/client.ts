import { HttpMethod, KubeConfig, RequestContext, PatchStrategy } from '@kubernetes/client-node';
import { Agent, type Dispatcher } from 'undici';
import { fromAnswer, fromFault } from './errors.ts';
import { PODS, pathOf, type KubernetesObject, type Location, type ObjectList } from './resources.ts';

/**
 * A request that takes longer has failed: an API server answers a write in some 10 ms (facts/toolchain.md), and with a
 * conversion webhook in tens. Longer than its own webhook time-outs would hide them.
 */
export const REQUEST_TIMEOUT_MS = 4_000;

/** Connections are kept this long, so that renewed client certificates are taken up; tokens are read for every request. */
const CONNECTIONS_LIFETIME_MS = 600_000;

/** CRDs come and go with upgrades; whoever meets one that has gone looks at once. */
const DISCOVERY_LIFETIME_MS = 10_000;

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface RequestOptions {
  readonly signal?: AbortSignal;
}

export interface WriteOptions extends RequestOptions {
  readonly fieldManager: string;
  readonly dryRun?: boolean;
  /** What becomes of unknown and repeated fields of built-in kinds: refused, or dropped. Absent: dropped, with a warning. */
  readonly fieldValidation?: 'Strict' | 'Ignore';
}

/** RFC 6902; `path` is a JSON pointer: `/metadata/annotations/weir.dev~1run`. */
export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

export interface ApplyOptions extends WriteOptions {
  /** Takes fields over from other managers instead of answering 409. */
  readonly force?: boolean;
}

export interface ListOptions extends RequestOptions {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
}

export interface DeleteOptions extends RequestOptions {
  /** 409 when the object is another one by now. */
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/**
 * The Kubernetes verbs that Weir needs, for any kind of object. Kubeconfig, credentials, TLS and keep-alive connections are
 * `@kubernetes/client-node`'s; this adds one place for paths, deadlines and errors. Every failure is a `KubernetesError`.
 */
export class KubernetesClient {
  private readonly server: string;
  private connections: { readonly dispatcher: Dispatcher; readonly sinceMs: number } | undefined;
  private served: { readonly versions: Promise<string[]>; readonly sinceMs: number } | undefined;

  constructor(readonly config: KubeConfig) {
    const cluster = config.getCurrentCluster();
    if (cluster === null) {
      throw new Error('the kubeconfig has no current cluster: set KUBECONFIG, or run inside a cluster');
    }
    this.server = cluster.server;
  }

  /** From KUBECONFIG, ~/.kube/config or the pod's service account, as kubectl does. */
  static fromEnvironment(): KubernetesClient {
    const config = new KubeConfig();
    config.loadFromDefault();
    return new KubernetesClient(config);
  }

  /** Closes idle connections, which would hold a process for seconds. */
  async close(): Promise<void> {
    await this.connections?.dispatcher.close();
    this.connections = undefined;
  }

  get<T extends KubernetesObject>(at: Location, options: RequestOptions = {}): Promise<T> {
    return this.send<T>(HttpMethod.GET, at, {}, options);
  }

  list<T extends KubernetesObject>(at: Location, options: ListOptions = {}): Promise<ObjectList<T>> {
    const { signal, ...query } = options;
    return this.send(HttpMethod.GET, at, query, signal ? { signal } : {});
  }

  create<T extends KubernetesObject>(at: Location, body: T, options: WriteOptions): Promise<T> {
    return this.send(HttpMethod.POST, at, writeQuery(options), options, 'application/json', body);
  }

  /** JSON merge patch: `null` takes a field off. With `metadata.resourceVersion` in it, 409 when the object has moved on. */
  mergePatch<T extends KubernetesObject>(at: Location, body: unknown, options: WriteOptions): Promise<T> {
    return this.send(HttpMethod.PATCH, at, writeQuery(options), options, PatchStrategy.MergePatch, body);
  }

  /**
   * JSON patch: unlike a merge patch, it replaces a map as a whole. To write only over what was read, replace
   * `/metadata/resourceVersion` with what it was: 409 when the object has moved on (a failed `test` is a bare 422).
   */
  jsonPatch<T extends KubernetesObject>(
    at: Location,
    operations: readonly JsonPatchOperation[],
    options: WriteOptions,
  ): Promise<T> {
    return this.send(HttpMethod.PATCH, at, writeQuery(options), options, PatchStrategy.JsonPatch, operations);
  }

  /** Server-side apply. */
  apply<T extends KubernetesObject>(at: Location, body: unknown, options: ApplyOptions): Promise<T> {
    const query = { ...writeQuery(options), force: options.force ?? false };
    return this.send(HttpMethod.PATCH, at, query, options, PatchStrategy.ServerSideApply, body);
  }

  async delete(at: Location, { uid, resourceVersion, ...options }: DeleteOptions = {}): Promise<void> {
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid, resourceVersion } };
    await this.send(HttpMethod.DELETE, at, {}, options, 'application/json', body);
  }

  /** `group/version`s that the cluster serves, from one discovery request; what was found 10 s ago or less is believed. */
  servedApiVersions(): Promise<string[]> {
    const nowMs = Date.now();
    if (this.served === undefined || nowMs - this.served.sinceMs > DISCOVERY_LIFETIME_MS) {
      const versions = this.discover();
      this.served = { versions, sinceMs: nowMs };
      versions.catch(() => (this.served = undefined));
    }
    return this.served.versions;
  }

  private async discover(): Promise<string[]> {
    interface GroupList {
      readonly groups: readonly { readonly versions: readonly { readonly groupVersion: string }[] }[];
    }
    const { groups } = await this.request<GroupList>('GET /apis', HttpMethod.GET, '/apis', {});
    return groups.flatMap(({ versions }) => versions.map(({ groupVersion }) => groupVersion));
  }

  /** What a pod answers to a GET, through the API server: JSON. `port` is the pod's. */
  getFromPod<T>(
    { namespace, pod, port, path }: { namespace: string; pod: string; port: number; path: string },
    options: RequestOptions = {},
  ): Promise<T> {
    const at = `${pathOf({ resource: PODS, namespace, name: `${pod}:${port}` })}/proxy${path}`;
    return this.request(`GET ${path} of pod ${namespace}/${pod}:${port}`, HttpMethod.GET, at, options);
  }

  /** Whether the API server says that it is ready. */
  async ping(options: RequestOptions = {}): Promise<void> {
    await this.request('GET /version', HttpMethod.GET, '/version', options);
  }

  private send<T>(
    method: HttpMethod,
    at: Location,
    query: Query,
    options: RequestOptions,
    contentType?: string,
    body?: unknown,
  ): Promise<T> {
    const search = new URLSearchParams(
      Object.entries(query).flatMap(([key, value]) =>
        value === undefined ? [] : [[key, String(value)] as [string, string]],
      ),
    );
    const what = `${method} ${at.resource.plural} ${[at.namespace, at.name].filter(Boolean).join('/')}`.trim();
    return this.request(what, method, `${pathOf(at)}?${search.toString()}`, options, contentType, body);
  }

  private async request<T>(
    what: string,
    method: HttpMethod,
    path: string,
    { signal }: RequestOptions,
    contentType?: string,
    body?: unknown,
  ): Promise<T> {
    const context = new RequestContext(this.server + path, method);
    context.setHeaderParam('Accept', 'application/json');
    if (contentType !== undefined) {
      context.setHeaderParam('Content-Type', contentType);
      context.setBody(JSON.stringify(body));
    }
    const deadline = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
    let status: number;
    let text: string;
    let headers: Dispatcher.ResponseData['headers'];
    try {
      await this.config.applySecurityAuthentication(context);
      const { origin, pathname, search } = new URL(context.getUrl());
      const answer = await this.keptAlive(context.getDispatcher()).request({
        origin,
        path: pathname + search,
        method,
        headers: context.getHeaders(),
        body: context.getBody() as string | undefined,
        signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
      });
      ({ statusCode: status, headers } = answer);
      text = await answer.body.text();
    } catch (error) {
      throw fromFault(what, error);
    }
    if (status < 200 || status > 299) {
      const error = fromAnswer(what, status, text, [headers['retry-after']].flat()[0]);
      if (error.kind === 'notServed') {
        this.served = undefined;
      }
      throw error;
    }
    return JSON.parse(text) as T;
  }

  /** client-node 2.0 makes a new agent, and so a new TLS connection, for every request; we keep the first. */
  private keptAlive(fresh: Dispatcher | undefined): Dispatcher {
    const nowMs = Date.now();
    if (this.connections === undefined || nowMs - this.connections.sinceMs > CONNECTIONS_LIFETIME_MS) {
      this.connections = { dispatcher: fresh ?? new Agent(), sinceMs: nowMs };
    }
    return this.connections.dispatcher;
  }
}

function writeQuery({ fieldManager, dryRun, fieldValidation }: WriteOptions): Query {
  return { fieldManager, dryRun: dryRun === true ? 'All' : undefined, fieldValidation };
}
