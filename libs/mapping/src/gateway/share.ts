import type { GatewayModel, MappingRef, WeightedRoute } from './types.ts';

/** Percent of the requests of its group that a Mapping answers; 0 when it is dropped, unknown, or a shadow. */
export function shareOf(model: GatewayModel, ref: MappingRef): number {
  return routeOf(model, ref)?.share ?? 0;
}

/** The route of a Mapping; undefined when it has none. */
export function routeOf({ groups }: GatewayModel, { namespace, name }: MappingRef): WeightedRoute | undefined {
  return groups
    .flatMap(({ routes }) => routes)
    .find(({ mapping: { metadata } }) => metadata.name === name && (metadata.namespace ?? 'default') === namespace);
}
