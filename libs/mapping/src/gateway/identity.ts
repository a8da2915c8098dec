import type { Mapping } from '../types.ts';
import type { MappingRef } from './types.ts';
import { ambassadorIds } from './v3alpha1.ts';

/** Ids of the gateways that serve a Mapping; never empty. */
export function gatewaysOf({ spec }: Mapping): readonly string[] {
  return ambassadorIds(spec['ambassador_id']);
}

export function refOf({ metadata: { name, namespace = 'default' } }: Mapping): MappingRef {
  return { name, namespace };
}

/** Whether two are the same object, perhaps of two versions. */
export function isSame(a: Mapping, b: Mapping): boolean {
  return a.metadata.name === b.metadata.name && refOf(a).namespace === refOf(b).namespace;
}
