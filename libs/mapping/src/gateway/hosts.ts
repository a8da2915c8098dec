import type { StringMap } from '../types.ts';
import type { ReadMapping } from './read-mapping.ts';
import type { Host } from './types.ts';
import { ambassadorIds } from './v3alpha1.ts';

/** What the gateway makes for itself when it finds no Host. */
const DEFAULT_HOST: Host = { metadata: { name: 'default-host' }, spec: { hostname: '*' } };

/** The Hosts of one gateway, in its order; never empty. */
export function hostsOf(hosts: readonly Host[], ambassadorId: string): readonly Host[] {
  const ours = hosts.filter(({ spec }) => ambassadorIds(spec.ambassador_id).includes(ambassadorId));
  return ours.length === 0 ? [DEFAULT_HOST] : ours.toSorted((a, b) => (rkeyOf(a) < rkeyOf(b) ? -1 : 1));
}

export function hostnameOf({ spec: { hostname } }: Host): string {
  return hostname === undefined || hostname === '' ? '*' : hostname;
}

/** The labels by which a Host selects Mappings; undefined when it selects by hostname only. */
export function selectorOf({ spec }: Host): StringMap | undefined {
  const selector = [spec.mappingSelector, spec.selector].find((one) => one && Object.keys(one).length > 0);
  return selector && (selector.matchLabels ?? {});
}

/** All of a selector's labels have to be there. A selector without any selects all. */
export function selects(selector: StringMap, labels: StringMap): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

/**
 * Whether a group is served under a Host: by its hostname, by its labels, or by both where the Host and the group have both.
 * One that has neither is served nowhere (facts/mapping.md 1a).
 *
 * @param labels - of all Mappings of the group together
 */
export function isServedUnder(
  host: Host,
  { host: hostname, isHostRegex }: Pick<ReadMapping, 'host' | 'isHostRegex'>,
  labels: StringMap,
): boolean {
  const selector = selectorOf(host);
  const hasHost = isHostRegex || hostname !== undefined;
  const hostFits = isHostRegex || (hostname !== undefined && hostnamesMeet(hostnameOf(host), hostname));
  if (selector === undefined) {
    return hostFits;
  }
  return selects(selector, labels) && (hostFits || !hasHost);
}

/** Whether some hostname fits both; one star at most in each, at its beginning or its end. */
function hostnamesMeet(a: string, b: string): boolean {
  return b.includes('*') && !a.includes('*') ? isHostOf(b, a) : isHostOf(a, b);
}

/** Whether a glob with a star at its beginning or its end, or none, fits a hostname. */
export function isHostOf(glob: string, hostname: string): boolean {
  if (glob.endsWith('*')) {
    return hostname.startsWith(glob.slice(0, -1));
  }
  return glob.startsWith('*') ? hostname.endsWith(glob.slice(1)) : glob === hostname;
}

/** The one of some globs that Envoy chooses for a hostname: exact, else the longest suffix, else the longest prefix. */
export function bestHost(globs: readonly string[], hostname: string): string | undefined {
  const rank = (glob: string): number => (!glob.includes('*') ? 3 : glob === '*' ? 0 : glob.startsWith('*') ? 2 : 1);
  return globs
    .filter((glob) => isHostOf(glob.toLowerCase(), hostname))
    .toSorted((a, b) => rank(b) - rank(a) || b.length - a.length)[0];
}

function rkeyOf({ metadata: { name, namespace = 'default' } }: Host): string {
  return `${name}.${namespace}.1`;
}
