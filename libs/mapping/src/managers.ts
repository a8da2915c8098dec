import { BRAKE_FIELD_MANAGER, WORKER_FIELD_MANAGER } from '@weir/rollout';
import type { ManagedFieldsEntry, Mapping } from './types.ts';

const OURS: readonly string[] = [WORKER_FIELD_MANAGER, BRAKE_FIELD_MANAGER];

/** The last change to a Mapping that was not Weir's. */
export interface ForeignChange {
  readonly manager: string;
  /** RFC 3339, whole seconds; empty when the API server does not say. */
  readonly time: string;
  /** Whether it is the manager of one of the fields that were asked for; one that took a field off is not. */
  readonly ownsField: boolean;
}

/** {@link lastForeignChange}'s manager. */
export function managerOf(mapping: Mapping, fields: readonly string[]): string | undefined {
  return lastForeignChange(mapping, fields)?.manager;
}

/**
 * Who wrote a Mapping last, other than Weir: the manager of one of the fields, else the newest of all.
 *
 * @param fields - paths such as `spec.weight` or `metadata.labels.app`; a label's own dots do not matter
 * @returns undefined when managedFields name nobody else
 */
export function lastForeignChange(
  { metadata: { managedFields = [] } }: Mapping,
  fields: readonly string[],
): ForeignChange | undefined {
  const others = managedFields
    .filter(({ manager = '', subresource = '' }) => manager !== '' && !OURS.includes(manager) && subresource === '')
    .toSorted((a, b) => (b.time ?? '').localeCompare(a.time ?? ''));
  const owner = others.find((entry) => fields.some((field) => owns(entry, field)));
  const { manager, time = '' } = owner ?? others[0] ?? {};
  return manager === undefined ? undefined : { manager, time, ownsField: owner !== undefined };
}

function owns({ fieldsV1 = {} }: ManagedFieldsEntry, field: string): boolean {
  const path = field.startsWith('metadata.')
    ? ['metadata', ...splitOnce(field.slice('metadata.'.length))]
    : splitOnce(field);
  let tree: unknown = fieldsV1;
  for (const part of path) {
    tree = (tree as Record<string, unknown> | undefined)?.[`f:${part}`];
  }
  return tree !== undefined;
}

/** `spec.weight` has two parts, `labels.app.kubernetes.io/name` too. */
function splitOnce(text: string): string[] {
  const dot = text.indexOf('.');
  return dot === -1 ? [text] : [text.slice(0, dot), text.slice(dot + 1)];
}

/**
 * Which of two Mappings somebody changed, so that they differ in these fields, and who did. It was the canary when somebody
 * else owns one of the fields there, when only Weir gives a Mapping such a field, or when the stable Mapping is older than
 * Weir's last write: that write carried everything over. Who only took a field off owns nothing, and is not known.
 */
export function whoChanged(
  stable: Mapping,
  canary: Mapping,
  fields: readonly string[],
): { readonly side: 'stable' | 'canary'; readonly manager?: string } {
  const onCanary = lastForeignChange(canary, fields);
  const onStable = lastForeignChange(stable, fields);
  const isOlder = (onStable?.time ?? '') < lastWriteOfOurs(canary);
  const side = onCanary?.ownsField === true || fields.some(isOfCanaryOnly) || isOlder ? 'canary' : 'stable';
  const manager = (side === 'canary' ? onCanary : onStable)?.manager;
  return { side, ...(manager !== undefined && { manager }) };
}

/** The stable Mapping has no weight, and none of Weir's marks. */
function isOfCanaryOnly(field: string): boolean {
  return field === 'spec.weight' || /^metadata\.(annotations|ownerReferences|labels\.weir\.dev)/.test(field);
}

function lastWriteOfOurs({ metadata: { managedFields = [] } }: Mapping): string {
  const times = managedFields.flatMap(({ manager = '', time = '' }) => (OURS.includes(manager) ? [time] : []));
  return times.toSorted().at(-1) ?? '';
}
