import { parseService, plannedShares, type Mapping } from '@weir/mapping';
import { newRun } from '@weir/rollout';
import { adoptedBy, type PlanInput } from './plan-input.ts';
import type { PlannedShare } from './plan.schemas.ts';
import { canaryBeside, stableMappings } from './planned-writes.ts';

/**
 * What the gateway would really give each pair of Mappings at a weight, by its model: percent of the requests of their route.
 * Pure; a weight that comes again is not worked out again.
 *
 * @returns nothing for a stable Mapping that is not there, or that can have no canary; the plan's problems say so
 */
export function sharesAt(input: PlanInput): (weight: number) => readonly PlannedShare[] {
  const { mappingApi, hosts } = input;
  const adopted = adoptedBy(input);
  const namespace = input.rollout.metadata.namespace ?? '';
  const isAdopted = ({ metadata }: Mapping): boolean =>
    metadata.namespace === namespace && adopted.includes(metadata.name);
  const mappings = input.allMappings.filter((one) => !isAdopted(one));
  const pairs = (mappingApi === undefined ? [] : stableMappings(input, mappingApi))
    .filter(({ spec }) => parseService(spec.service ?? '') !== undefined)
    .map((stable) => ({ stable, canary: canaryBeside(stable, input, newRun()) }));
  const known = new Map<number, readonly PlannedShare[]>();
  return (weight) => {
    const shares =
      known.get(weight) ??
      pairs.map(({ stable, canary }) => ({
        mapping: stable.metadata.name,
        ...plannedShares(mappings, hosts, stable, canary, weight),
      }));
    known.set(weight, shares);
    return shares;
  };
}
