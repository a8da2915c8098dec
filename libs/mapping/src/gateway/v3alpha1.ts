import { onceEach } from '@weir/rollout';
import type { Mapping, MappingSpec } from '../types.ts';

const V3ALPHA1 = 'getambassador.io/v3alpha1';

/** Versions in which no host means every host. */
const OLDER = /^getambassador\.io\/v[12]$/;

/** What the conversion webhook puts in the place of a `hostname` that is not there (facts/mapping.md 3). */
const NO_HOSTNAME = '_skip_mapping_with_empty_host_';

/** What it puts around the `ambassador_id` of a Mapping that older gateways are not to see. */
const HIDDEN_ID = /^--apiVersion-v3alpha1-only--/;

/**
 * A Mapping of v1 or v2 as the gateway sees it, which reads v3alpha1 (facts/mapping.md 1a and 3): no host is hostname `*`;
 * `true` as the value of a header or a query parameter, which asks for its presence, is a regular expression; a boolean
 * `tls` is the scheme of the service. Only what routing depends on is converted. A Mapping of v3alpha1 with a hostname stays as
 * it is; one without, which would match nothing but by a Host's labels, matches every host afterwards.
 */
export const asV3Alpha1 = onceEach((mapping: Mapping): Mapping => {
  const { host: _host, tls, ambassador_id: id, headers, query_parameters: query, ...rest } = mapping.spec;
  const [exactHeaders, presentHeaders] = byPresence(headers);
  const [exactQuery, presentQuery] = byPresence(query);
  return {
    ...mapping,
    apiVersion: V3ALPHA1,
    spec: {
      ...rest,
      ...hostFields(mapping.spec),
      ...(tls === true && typeof rest.service === 'string'
        ? { service: withTls(rest.service) }
        : typeof tls === 'string' && { tls }),
      ...(id !== undefined && id !== null && { ambassador_id: ambassadorIds(id) }),
      ...(headers !== undefined && { headers: exactHeaders }),
      ...(query !== undefined && { query_parameters: exactQuery }),
      ...merged('regex_headers', presentHeaders, rest['regex_headers']),
      ...merged('regex_query_parameters', presentQuery, rest['regex_query_parameters']),
    },
  };
});

/** The Mapping as the gateway sees it: converted when it was read in an older version. */
export function asSeenByGateway(mapping: Mapping): Mapping {
  return OLDER.test(mapping.apiVersion ?? '') ? asV3Alpha1(mapping) : mapping;
}

/** The gateways that serve a Mapping or a Host; `default` when it names none. */
export function ambassadorIds(id: unknown): readonly string[] {
  const ids = Array.isArray(id) ? id.map(String) : typeof id === 'string' && id !== '' ? [id] : [];
  return ids.length === 0 ? ['default'] : ids.map((one) => one.replace(HIDDEN_ID, ''));
}

function hostFields({ host, hostname, host_regex: isRegex }: MappingSpec): Record<string, unknown> {
  if (hostname !== undefined && hostname !== null) {
    return { hostname };
  }
  if (host === NO_HOSTNAME) {
    return {};
  }
  const isSet = typeof host === 'string' && host !== '';
  return isSet && isRegex === true ? { host } : { hostname: isSet ? host : '*' };
}

function withTls(service: string): string {
  return service.includes('://') ? service : `https://${service}`;
}

type Values = Readonly<Record<string, unknown>>;

/** Values to be equal to, and names that only have to be there. */
function byPresence(values: unknown): [exact: Values, present: Values] {
  const entries = Object.entries((values ?? {}) as Values);
  return [
    Object.fromEntries(entries.filter(([, value]) => value !== true)),
    Object.fromEntries(entries.filter(([, value]) => value === true).map(([name]) => [name, '.*'])),
  ];
}

function merged(field: string, present: Values, regex: unknown): Record<string, unknown> {
  const all = { ...present, ...((regex ?? {}) as Values) };
  return Object.keys(all).length === 0 ? {} : { [field]: all };
}
