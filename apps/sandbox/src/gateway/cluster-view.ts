import { modelGateway, parseService, type GatewayModel, type Host, type Mapping } from '@weir/mapping';
import { POD_TEMPLATE_HASH_LABEL, revisionOf } from '@weir/rollout';
import { asTheGatewayReads } from './conversion.ts';

/** What the gateway is configured by, at one moment. */
export class Configuration {
  #model: GatewayModel | undefined;

  constructor(
    readonly mappings: readonly Mapping[],
    readonly hosts: readonly Host[],
  ) {}

  /** Made once, by whichever instance needs it first. */
  get model(): GatewayModel {
    this.#model ??= modelGateway(this);
    return this.#model;
  }
}

/** One pod that takes requests for a Service. */
export interface Endpoint {
  /** Its name; its address when it is no pod. */
  readonly pod: string;
  /** Hash; null of an address that is no pod. */
  readonly revision: string | null;
}

/** As far as it says where requests go. */
export interface ServiceObject extends Named {
  readonly spec?: { readonly ports?: readonly { readonly port: number }[] };
}

export interface EndpointSliceObject extends Named {
  readonly endpoints?: readonly {
    readonly addresses?: readonly string[];
    readonly conditions?: { readonly ready?: boolean | null };
    readonly targetRef?: { readonly kind?: string; readonly name?: string };
  }[];
}

export type PodObject = Named;

interface Named {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

/** The label by which an EndpointSlice says whose it is. */
const SERVICE_LABEL = 'kubernetes.io/service-name';
/** A Deployment's controller adds it to the pods; no Service of Weir's selects by it. */
const DEPLOYMENT_HASH_LABEL = 'pod-template-hash';
const PORT = 80;
const TLS_PORT = 443;

/** Why a request has no endpoint to go to. */
export interface NoEndpoint {
  readonly problem: string;
}

/**
 * The cluster as all instances see it. Mappings and Hosts configure a gateway; Services, EndpointSlices and pods do not:
 * with the resolver `kubernetes-service` a gateway knows a Service's address and no more, and the node behind it follows
 * the endpoints at once, however frozen the gateway is.
 */
export class ClusterView {
  readonly mappings = new Objects<Mapping>();
  readonly hosts = new Objects<Host>();
  readonly services = new Objects<ServiceObject>();
  readonly pods = new Objects<PodObject>();
  readonly slices = new Slices();

  configuration(): Configuration {
    const hosts = this.hosts.all();
    return new Configuration(asTheGatewayReads(this.mappings.all(), hosts), hosts);
  }

  /** The ready endpoints of what a Mapping names as its service, in no order. */
  endpointsOf({ metadata, spec }: Mapping): readonly [Endpoint, ...Endpoint[]] | NoEndpoint {
    const parsed = parseService(spec.service ?? '');
    if (parsed === undefined) {
      return { problem: `${spec.service ?? 'nothing'} is no service` };
    }
    const key = `${parsed.namespace ?? metadata.namespace ?? 'default'}/${parsed.name}`;
    const service = this.services.get(key);
    if (service === undefined) {
      return { problem: `there is no Service ${key}` };
    }
    const port = parsed.port === '' ? defaultPort(parsed.scheme) : Number(parsed.port.slice(1));
    if (!service.spec?.ports?.some((one) => one.port === port)) {
      return { problem: `the Service ${key} has no port ${port}` };
    }
    const [first, ...more] = this.#readyEndpoints(key);
    return first === undefined ? { problem: `the Service ${key} has no ready endpoint` } : [first, ...more];
  }

  #readyEndpoints(service: string): Endpoint[] {
    return this.slices.of(service).flatMap(({ metadata: { namespace }, endpoints }) =>
      (endpoints ?? [])
        // An endpoint that does not say is ready, by the definition of the API.
        .filter(({ conditions }) => conditions?.ready !== false)
        .map(({ addresses, targetRef }) => {
          const pod = this.pods.get(`${namespace}/${targetRef?.name}`);
          return { pod: targetRef?.name ?? addresses?.[0] ?? 'unknown', revision: pod ? revisionOfPod(pod) : null };
        }),
    );
  }
}

/** Objects of one kind by `<namespace>/<name>`. */
class Objects<T extends Named> {
  readonly #objects = new Map<string, T>();

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  all(): readonly T[] {
    return [...this.#objects.values()];
  }

  set(object: T): void {
    this.#objects.set(keyOf(object), object);
  }

  delete(object: T): void {
    this.#objects.delete(keyOf(object));
  }
}

/** EndpointSlices by their Service: each request looks there. */
class Slices {
  readonly #byService = new Map<string, Objects<EndpointSliceObject>>();

  of(service: string): readonly EndpointSliceObject[] {
    return this.#byService.get(service)?.all() ?? [];
  }

  set(slice: EndpointSliceObject): void {
    const service = serviceOf(slice);
    const slices = this.#byService.get(service) ?? new Objects<EndpointSliceObject>();
    slices.set(slice);
    this.#byService.set(service, slices);
  }

  delete(slice: EndpointSliceObject): void {
    this.#byService.get(serviceOf(slice))?.delete(slice);
  }
}

function serviceOf({ metadata: { namespace, labels } }: EndpointSliceObject): string {
  return `${namespace ?? 'default'}/${labels?.[SERVICE_LABEL] ?? ''}`;
}

function keyOf({ metadata: { namespace, name } }: Named): string {
  return `${namespace ?? 'default'}/${name}`;
}

function defaultPort(scheme: string): number {
  return scheme.toLowerCase() === 'https://' ? TLS_PORT : PORT;
}

/**
 * The hash that Weir's ReplicaSets put on their pods. Pods that somebody else runs are of the revision that a Service
 * would be which selects all of their labels.
 */
function revisionOfPod({ metadata: { labels = {} } }: PodObject): string {
  const { [DEPLOYMENT_HASH_LABEL]: _, ...own } = labels;
  return labels[POD_TEMPLATE_HASH_LABEL] ?? revisionOf(own);
}
