import { asV3Alpha1, type Host, type Mapping } from '@weir/mapping';
import { CANARY_SUFFIX } from '@weir/rollout';

/**
 * The Mappings as a gateway reads them behind Ambassador's conversion webhook (facts/mapping.md 3). The sandbox has none:
 * its API server changes `apiVersion` and nothing else, and a Mapping of v2 without a host, which means every host, comes
 * as one of v3alpha1, where it means none. In which version it was written the API server keeps in `managedFields`.
 *
 * A Mapping without a host that a Host selects stays as it is: there the labels decide. Pure.
 */
export function asTheGatewayReads(mappings: readonly Mapping[], hosts: readonly Host[]): Mapping[] {
  const byName = new Map(mappings.map((mapping) => [nameOf(mapping), mapping]));
  return mappings.map((mapping) => {
    const isPlaced = hasHost(mapping) || !hosts.some((host) => selects(host, mapping));
    return isPlaced && isOfV2(mapping, byName) ? asV3Alpha1(mapping) : mapping;
  });
}

/** `<namespace>/<name>` */
export function nameOf({ metadata: { namespace = 'default', name } }: Mapping): string {
  return `${namespace}/${name}`;
}

/**
 * Whether it was written in v2. A canary Mapping is a copy of its stable one in v3alpha1, where the webhook would have put
 * a hostname in already: so it counts as written like the stable one. While that is gone, nobody can tell; then the canary
 * goes on serving, as the copy with a hostname would.
 */
function isOfV2(mapping: Mapping, byName: ReadonlyMap<string, Mapping>): boolean {
  const name = nameOf(mapping);
  const stable = name.endsWith(CANARY_SUFFIX) ? byName.get(name.slice(0, -CANARY_SUFFIX.length)) : mapping;
  return stable === undefined || [mapping, stable].some(hasWriterOfV2);
}

function hasWriterOfV2({ metadata: { managedFields = [] } }: Mapping): boolean {
  return managedFields.some(({ apiVersion }) => apiVersion === 'getambassador.io/v2');
}

function hasHost({ spec }: Mapping): boolean {
  return [spec['hostname'], spec['host']].some((host) => host !== undefined && host !== null);
}

function selects({ spec }: Host, { metadata: { labels = {} } }: Mapping): boolean {
  const wanted = Object.entries((spec.mappingSelector ?? spec.selector)?.matchLabels ?? {});
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}
