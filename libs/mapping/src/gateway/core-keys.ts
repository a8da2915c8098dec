import { canonical, onceEach } from '@weir/rollout';
import type { ReadMapping } from './read-mapping.ts';

/** Fields of the spec in which a Mapping must be like its group. Prefix and headers are in the group's id already, almost. */
const CORE_FIELDS = [
  'bypass_auth',
  'cluster_timeout_ms',
  'connect_timeout_ms',
  'cluster_idle_timeout_ms',
  'cluster_max_connection_lifetime_ms',
  'keepalive',
  'labels',
  'load_balancer',
  'prefix',
  'prefix_regex',
  'prefix_exact',
] as const;

/** Name and value, as comparable text, of each core key that a Mapping has. */
export type CoreKeys = ReadonlyMap<string, string>;

/**
 * The core keys of a Mapping (facts/mapping.md 1b). `circuit_breakers` every Mapping has, because the gateway fills in its
 * default, which is none: so one without them is unlike one with them on either side (measurements B1 and B3).
 */
export const coreKeysOf = onceEach(({ spec, match }: ReadMapping): CoreKeys => {
  const fields = CORE_FIELDS.map((field): [string, unknown] => [field, spec[field]]).filter(
    ([, value]) => value !== undefined && value !== null,
  );
  const all: [string, unknown][] = [
    ...fields,
    ['circuit_breakers', spec['circuit_breakers'] ?? null],
    ['headers', match.headers],
  ];
  return new Map(all.map(([key, value]) => [key, canonical(value)]));
});

/** The core keys for which a Mapping is not let into a group. What the group has and the Mapping lacks is no such key. */
export function mismatches(group: CoreKeys, arriving: CoreKeys): string[] {
  return [...arriving].filter(([key, value]) => group.get(key) !== value).map(([key]) => key);
}
