import type { Mapping } from '@weir/mapping';

/** Where the double stands: Mappings of this namespace name their Services without it, as if Emissary ran here. */
export const GATEWAY_NAMESPACE = 'default';

/**
 * The name under which Envoy counts a Mapping's requests: its `stats_name`, else its service with `_` for all but letters
 * and digits (facts/mapping.md 4). Before that, a Service that is named without a namespace gets that of the Mapping, where
 * it is another than the gateway's (facts/mapping.md 5).
 */
export function clusterOf({ metadata: { namespace = GATEWAY_NAMESPACE }, spec }: Mapping): string {
  const given = spec['stats_name'] ?? spec['v3StatsName'];
  if (typeof given === 'string' && given !== '') {
    return given;
  }
  return withNamespace(spec.service ?? '', namespace).replaceAll(/[^0-9A-Za-z]/g, '_');
}

function withNamespace(service: string, namespace: string): string {
  const [, scheme = '', host = '', port = ''] = /^([^:/]+:\/\/)?([^:]*)(:.*)?$/.exec(service) ?? [];
  const isLocal = namespace === GATEWAY_NAMESPACE || host.includes('.') || host === 'localhost';
  return isLocal ? service : `${scheme}${host}.${namespace}${port}`;
}
