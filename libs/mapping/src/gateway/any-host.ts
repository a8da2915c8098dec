import type { Mapping } from '../types.ts';
import { selectorOf, selects } from './hosts.ts';
import { readMapping } from './read-mapping.ts';
import type { Host } from './types.ts';
import { asSeenByGateway, asV3Alpha1 } from './v3alpha1.ts';

/**
 * A Mapping as the gateway sees it, where that is known: one of v3alpha1 that has no host, and that no Host selects by its labels,
 * is taken for one of every host. Either it serves nothing, and then nothing is lost by that; or it was stored as v2 in a cluster
 * without the conversion webhook, or the Hosts could not be read, and then it serves.
 *
 * @param hosts - undefined when they are not known
 */
export function asFarAsKnown(mapping: Mapping, hosts: readonly Host[] = []): Mapping {
  const seen = asSeenByGateway(mapping);
  const { host, isHostRegex, labels } = readMapping(seen);
  const selectors = hosts.map(selectorOf).filter((selector) => selector !== undefined);
  const isPlaced = host !== undefined || isHostRegex || selectors.some((selector) => selects(selector, labels));
  return isPlaced ? seen : asV3Alpha1(seen);
}
