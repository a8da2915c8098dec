import { routeRequest, type GatewayModel, type GatewayRequest, type WeightedRoute } from '@weir/mapping';
import type { IncomingMessage } from 'node:http';
import type { ClusterView, Endpoint } from './cluster-view.ts';
import { clusterOf } from './clusters.ts';
import type { ControlSettings } from './settings.ts';

/** What answering depends on. */
export interface TrafficContext {
  /** Undefined: the gateway has nothing to serve. */
  readonly model: GatewayModel | undefined;
  readonly cluster: Pick<ClusterView, 'endpointsOf'>;
  readonly revisions: ControlSettings['revisions'];
  /** The number of the request among those for one service of a Mapping, from 0. */
  readonly turn: (service: string) => number;
  /** In [0, 1). */
  readonly random: () => number;
}

/** What a request is answered with. */
export interface Answer {
  readonly status: number;
  readonly body: object;
  readonly headers: Readonly<Record<string, string>>;
  /** To be waited for before it is sent. */
  readonly latencyMs: number;
  /** Under this name Envoy counts it; absent: it found no route. */
  readonly cluster?: string;
  /** Whether an endpoint has answered. */
  readonly reached: boolean;
}

/** A request's way: its route by the model, the Service of that Mapping, one of its ready endpoints. */
export function answerOf(message: IncomingMessage, context: TrafficContext): Answer {
  const { model, random } = context;
  if (model === undefined) {
    // Where the real one has no Envoy, the double has no more than an answer that ends the connection.
    return failure(503, 'the gateway started with a configuration that Envoy refuses: it serves nothing', {
      connection: 'close',
    });
  }
  const request = requestOf(message);
  if (request === undefined) {
    return failure(400, 'the request names no path');
  }
  const route = routeRequest(model, request, () => Math.floor(random() * 100));
  if (route === undefined) {
    return failure(404, 'no Mapping takes this request');
  }
  return route.mapping.spec['host_redirect'] === true ? redirection(route, request) : upstream(route, context);
}

function upstream(route: WeightedRoute, context: TrafficContext): Answer {
  const { mapping } = route;
  const cluster = clusterOf(mapping);
  const endpoints = context.cluster.endpointsOf(mapping);
  if ('problem' in endpoints) {
    return { ...failure(503, endpoints.problem), cluster };
  }
  const endpoint = endpoints[context.turn(cluster) % endpoints.length] ?? endpoints[0];
  const { errorPercent = 0, latencyMs = 0 } = context.revisions[endpoint.revision ?? ''] ?? {};
  const isError = context.random() * 100 < errorPercent;
  return {
    status: isError ? 500 : 200,
    body: bodyOf(endpoint, route),
    headers: {},
    latencyMs,
    cluster,
    reached: true,
  };
}

/** Who answers, and by which Mapping. */
export interface PodAnswer extends Endpoint {
  /** As the Mapping names it. */
  readonly service: string;
  /** `<namespace>/<name>` */
  readonly mapping: string;
  /** Percent of the group's requests that the gateway gives to this Mapping. */
  readonly share: number;
  /** Percent, as the Mapping says; null when it says nothing. */
  readonly weight: number | null;
}

function bodyOf(endpoint: Endpoint, { mapping: { metadata, spec }, share }: WeightedRoute): PodAnswer {
  return {
    ...endpoint,
    service: spec.service ?? '',
    mapping: `${metadata.namespace ?? 'default'}/${metadata.name}`,
    share,
    weight: spec.weight ?? null,
  };
}

function redirection({ mapping: { spec } }: WeightedRoute, { path }: GatewayRequest): Answer {
  const { service = '' } = spec;
  const code = spec['redirect_response_code'];
  const location = `${service.includes('://') ? service : `http://${service}`}${path}`;
  return {
    status: typeof code === 'number' ? code : 301,
    body: { location },
    headers: { location },
    latencyMs: 0,
    reached: false,
  };
}

function failure(status: number, error: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, body: { error }, headers, latencyMs: 0, reached: false };
}

function requestOf({ url = '/', method = 'GET', headers }: IncomingMessage): GatewayRequest | undefined {
  const base = 'http://gateway';
  if (!URL.canParse(url, base)) {
    return undefined;
  }
  const { pathname, searchParams } = new URL(url, base);
  return { method, host: headers.host ?? '', path: pathname, headers, query: Object.fromEntries(searchParams) };
}
