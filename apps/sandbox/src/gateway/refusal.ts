import { modelGateway, type GatewayInput, type GatewayModel } from '@weir/mapping';
import { nameOf } from './conversion.ts';
import type { InstanceSettings } from './settings.ts';

/** The model without the Mapping that the gateway is told to find an error in, and with the error. Pure. */
export function modelWithout(
  input: GatewayInput,
  { mapping, message }: NonNullable<InstanceSettings['refuse']>,
): GatewayModel {
  const refused = input.mappings.filter((one) => nameOf(one) === mapping);
  const model = modelGateway({ ...input, mappings: input.mappings.filter((one) => !refused.includes(one)) });
  return {
    ...model,
    errors: [...model.errors, ...refused.map(({ metadata }) => [rkeyOf(metadata), message] as const)],
  };
}

/** The name by which the gateway's diagnostics list a Mapping (facts/mapping.md 1b). */
function rkeyOf({ name, namespace }: { readonly name: string; readonly namespace?: string }): string {
  return `${name}.${namespace ?? 'default'}.1`;
}
