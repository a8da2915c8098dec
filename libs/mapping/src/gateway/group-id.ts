import { onceEach } from '@weir/rollout';
import { selectorOf, selects } from './hosts.ts';
import type { ReadMapping } from './read-mapping.ts';
import type { Host, ValueMatch } from './types.ts';

/**
 * What makes Mappings one weighted group (facts/mapping.md 1b): method, prefix, headers with host, query parameters, the labels
 * by which Hosts select a Mapping that has no host, and precedence. The parts are put together with nothing between them, as the
 * gateway does it. Neither namespace nor service nor weight is in it, nor whether a value is a regular expression.
 *
 * @param hosts - of this gateway, in its order
 * @returns the parts themselves; the gateway makes a hash of them
 */
export function groupId(mapping: ReadMapping, hosts: readonly Host[]): string {
  const { host, labels, precedence } = mapping;
  const selected = host === undefined ? selectedBy(labels, hosts).join('') : '';
  return requestsOf(mapping) + selected + (precedence === 0 ? '' : String(precedence));
}

/** What a request must be like. */
const requestsOf = onceEach(({ match }: ReadMapping): string => {
  const method = 'GET'; // of every Mapping: one that says its method has it among the headers
  return [method, match.path, ...[...match.headers, ...match.query].flatMap(nameAndValue)].join('');
});

function nameAndValue({ name, value }: ValueMatch): string[] {
  return value === undefined ? [name] : [name, value];
}

/** Only the labels that a Host asks for: others make no other group. */
function selectedBy(labels: ReadMapping['labels'], hosts: readonly Host[]): string[] {
  return hosts
    .map(selectorOf)
    .filter((selector) => selector !== undefined && selects(selector, labels))
    .flatMap((selector) => Object.entries(selector ?? {}))
    .flat();
}
