import { asFarAsKnown } from './gateway/any-host.ts';
import { groupId } from './gateway/group-id.ts';
import { hostsOf } from './gateway/hosts.ts';
import { gatewaysOf } from './gateway/identity.ts';
import { isShadow, readMapping } from './gateway/read-mapping.ts';
import type { Host } from './gateway/types.ts';
import type { Mapping } from './types.ts';

/**
 * Whether two Mappings are of one weighted group in a gateway that serves both (facts/mapping.md 1b). A shadow takes no share.
 *
 * @param hosts - of all namespaces; undefined when they are not known: then labels are left out, because to refuse two that would
 *   not have met is safe, and to let two meet that were thought apart is not
 */
export function sharesTraffic(a: Mapping, b: Mapping, hosts?: readonly Host[]): boolean {
  const common = gatewaysOf(a).filter((id) => gatewaysOf(b).includes(id));
  return !isShadow(a) && !isShadow(b) && common.some((id) => groupIn(a, id, hosts) === groupIn(b, id, hosts));
}

function groupIn(mapping: Mapping, ambassadorId: string, hosts?: readonly Host[]): string {
  return groupId(readMapping(asFarAsKnown(mapping, hosts)), hostsOf(hosts ?? [], ambassadorId));
}
