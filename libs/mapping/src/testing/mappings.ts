import { modelGateway } from '../gateway/index.ts';
import type { GatewayModel, Host } from '../gateway/types.ts';
import type { Mapping } from '../types.ts';

/** What a test says of a Mapping; the rest is the same for all: route `/app` of every host, in namespace `default`. */
export function mapping(name: string, spec: object = {}, metadata: object = {}): Mapping {
  return {
    apiVersion: 'getambassador.io/v3alpha1',
    kind: 'Mapping',
    metadata: { name, namespace: 'default', ...metadata },
    spec: { hostname: '*', prefix: '/app', service: `${name}:80`, ...spec },
  };
}

/** As {@link mapping}, but only labels can say for which host it is. */
export function withoutHost(name: string, labels?: object, spec: object = {}): Mapping {
  const { hostname: _, ...rest } = mapping(name).spec;
  const metadata = { name, namespace: 'default', ...(labels && { labels }) };
  return { ...mapping(name), metadata: metadata as Mapping['metadata'], spec: { ...rest, ...spec } };
}

export function host(hostname: string, matchLabels?: Record<string, string>): Host {
  const name = hostname.replaceAll(/[^a-z0-9]+/g, '-') + Object.values(matchLabels ?? {}).join('-');
  return { metadata: { name }, spec: { hostname, ...(matchLabels && { mappingSelector: { matchLabels } }) } };
}

export function model(...mappings: readonly Mapping[]): GatewayModel {
  return modelGateway({ mappings });
}

/** Each group's routes with their cumulative weights, in the order in which they are tried: `app0-canary 30, app 100`. */
export function numerators({ groups }: GatewayModel): string[] {
  return groups.map(({ routes }) =>
    routes.map(({ mapping: { metadata }, numerator }) => `${metadata.name} ${numerator}`).join(', '),
  );
}

/** Each group's routes with their percent. */
export function shares({ groups }: GatewayModel): string[] {
  return groups.map(({ routes }) =>
    routes.map(({ mapping: { metadata }, share }) => `${metadata.name} ${share} %`).join(', '),
  );
}

/** Names of the Mappings that serve nothing, with the reason. */
export function drops({ dropped }: GatewayModel): string[] {
  return dropped.map(({ mapping: { metadata }, reason }) => `${metadata.name}: ${reason}`);
}
