import type { Mapping, MappingSpec } from './types.ts';

/**
 * Whether two Mappings may be one weighted group, by what makes the gateway's group id (facts/mapping.md 1b): method, prefix,
 * headers with host, query parameters, precedence. Both must be Mappings of one gateway (`ambassador_id`). A shadow takes no
 * share. Without a host the labels that a Host selects by count too; Hosts are not read here, so labels are left out: to refuse
 * two that would not have met is safe, to let two meet that were thought apart is not.
 */
export function sharesTraffic(a: Mapping, b: Mapping): boolean {
  return !isShadow(a) && !isShadow(b) && sameGateway(a.spec, b.spec) && groupKey(a) === groupKey(b);
}

export function isShadow(mapping: Mapping): boolean {
  return mapping.spec['shadow'] === true;
}

function groupKey({ spec }: Mapping): string {
  const host = hostOf(spec);
  const precedence = typeof spec['precedence'] === 'number' ? spec['precedence'] : 0;
  return JSON.stringify([
    host,
    spec['method'] ?? '',
    spec.prefix ?? '',
    [...sortedEntries(spec['headers']), ...sortedEntries(spec['regex_headers'])],
    [...sortedEntries(spec['query_parameters']), ...sortedEntries(spec['regex_query_parameters'])],
    precedence,
  ]);
}

/** `host` and `hostname` are one key; `*` and nothing both mean every host. */
function hostOf(spec: MappingSpec): string {
  const host = spec['hostname'] ?? spec['host'];
  return typeof host === 'string' && host !== '*' ? host : '';
}

function sameGateway(a: MappingSpec, b: MappingSpec): boolean {
  const ids = ambassadorIds(b);
  return ambassadorIds(a).some((id) => ids.includes(id));
}

function ambassadorIds(spec: MappingSpec): readonly string[] {
  const id = spec['ambassador_id'];
  const ids = Array.isArray(id) ? id.map(String) : typeof id === 'string' ? [id] : [];
  return ids.length === 0 ? ['default'] : ids;
}

function sortedEntries(value: unknown): [string, string][] {
  return Object.entries((value ?? {}) as Record<string, unknown>)
    .map(([key, one]): [string, string] => [key, String(one)])
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
