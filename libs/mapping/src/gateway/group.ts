import { coreKeysOf, mismatches, type CoreKeys } from './core-keys.ts';
import { isRedirect, isShadow, type ReadMapping } from './read-mapping.ts';
import type { DropReason } from './types.ts';

/** A group while Mappings are put into it, in processing order. */
export interface GrowingGroup {
  readonly id: string;
  /** Whose core keys are the group's, and in whose name its errors are listed. */
  readonly first: ReadMapping;
  readonly coreKeys: CoreKeys;
  readonly members: ReadMapping[];
  shadow?: ReadMapping;
  redirect?: ReadMapping;
}

/** A Mapping that a group did not take. */
export interface Refusal {
  readonly reason: DropReason;
  readonly why: string;
  /** The gateway lists it among its errors. */
  readonly isListed: boolean;
}

export function startGroup(id: string, first: ReadMapping): GrowingGroup {
  const group: GrowingGroup = { id, first, coreKeys: coreKeysOf(first), members: [] };
  accept(group, first);
  return group;
}

/** Puts a Mapping into a group, or says why the gateway leaves it out (facts/mapping.md 1b). */
export function accept(group: GrowingGroup, mapping: ReadMapping): Refusal | undefined {
  const refusal = refusalOf(group, mapping);
  if (refusal !== undefined) {
    return refusal;
  }
  if (isShadow(mapping)) {
    group.shadow = mapping;
  } else if (isRedirect(mapping)) {
    group.redirect = mapping;
  } else {
    group.members.push(mapping);
  }
  return undefined;
}

function refusalOf(group: GrowingGroup, mapping: ReadMapping): Refusal | undefined {
  const { name } = mapping;
  const twin = group.members.find((one) => cacheKey(one) === cacheKey(mapping));
  if (twin !== undefined) {
    const why = `Mapping ${name} has the same name as ${twin.name} up to the first dot: the gateway takes them for one`;
    return { reason: 'sameCacheKey', why, isListed: false };
  }
  const unlike = mismatches(group.coreKeys, coreKeysOf(mapping));
  if (unlike.length > 0) {
    const why = `cannot accept Mapping ${name} with mismatched ${unlike.join(', ')}: those of ${group.first.name} differ`;
    return { reason: 'unlikeGroup', why, isListed: true };
  }
  return isShadow(mapping) ? secondShadow(group, name) : mixedRedirect(group, mapping);
}

function secondShadow({ shadow }: GrowingGroup, name: string): Refusal | undefined {
  return (
    shadow && {
      reason: 'secondShadow',
      why: `cannot accept Mapping ${name} as a second shadow beside ${shadow.name}`,
      isListed: true,
    }
  );
}

function mixedRedirect({ redirect, members: [member] }: GrowingGroup, mapping: ReadMapping): Refusal | undefined {
  const other = redirect ?? (isRedirect(mapping) ? member : undefined);
  return (
    other && {
      reason: 'redirectMixed',
      why: `cannot accept Mapping ${mapping.name} beside ${other.name}: one of them is a redirect`,
      isListed: true,
    }
  );
}

/** The gateway keeps Mappings under what is before the first dot of their name. */
function cacheKey({ name, namespace }: ReadMapping): string {
  return `${namespace}/${name.split('.')[0]}`;
}
