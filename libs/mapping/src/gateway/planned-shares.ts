import type { Mapping } from '../types.ts';
import { asFarAsKnown } from './any-host.ts';
import { gatewaysOf, isSame, refOf } from './identity.ts';
import { modelGateway } from './model.ts';
import { shareOf } from './share.ts';
import type { GatewayModel, Host } from './types.ts';

/**
 * Percent of the requests of their route that the stable and the canary Mapping get when the canary has some weight, beside all
 * other Mappings. Where several gateways serve the stable Mapping, the first that it names is asked.
 *
 * @param mappings - of all namespaces; the canary need not be there yet, and is replaced when it is
 * @param hosts - undefined when they are not known
 * @param canary - as it is to be written, at whichever weight
 * @param weight - percent
 */
export function plannedShares(
  mappings: readonly Mapping[],
  hosts: readonly Host[] | undefined,
  stable: Mapping,
  canary: Mapping,
  weight: number,
): { readonly canary: number; readonly stable: number } {
  const model = modelBeside(mappings, hosts, { ...canary, spec: { ...canary.spec, weight } }, gatewaysOf(stable)[0]);
  return { canary: shareOf(model, refOf(canary)), stable: shareOf(model, refOf(stable)) };
}

/** The model of a gateway with one Mapping put in, or put in the place of the one of its name. */
export function modelBeside(
  mappings: readonly Mapping[],
  hosts: readonly Host[] | undefined,
  added: Mapping,
  ambassadorId = 'default',
): GatewayModel {
  const others = mappings.filter((one) => !isSame(one, added));
  const all = [...others, added].map((one) => asFarAsKnown(one, hosts));
  return modelGateway({ mappings: all, ambassadorId, ...(hosts && { hosts }) });
}
