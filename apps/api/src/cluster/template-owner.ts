import type { ManagedFields } from '@weir/kubernetes';
import { USER_FIELD_MANAGER } from '@weir/rollout';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The field managers of a Rollout after an undo, put right. What a PATCH writes belongs to the manager's updates, and not to
 * what it applies; the next PUT would meet a conflict with itself, and fields that its manifest no longer has would stay. So
 * the pod template goes over to what was applied, as kubectl does when it moves to server-side apply.
 *
 * @returns undefined when there is nothing to put right
 */
export function withTemplateApplied(managed: readonly ManagedFields[]): readonly ManagedFields[] | undefined {
  const updated = managed.find((entry) => isOurs(entry, 'Update'));
  const updatedSpec = treeIn(updated?.fieldsV1, 'f:spec');
  const { 'f:template': template, ...spec } = updatedSpec ?? {};
  if (updated === undefined || template === undefined) {
    return undefined;
  }
  const applied = managed.find((entry) => isOurs(entry, 'Apply')) ?? { ...updated, operation: 'Apply', fieldsV1: {} };
  const others = managed.filter((entry) => entry !== updated && entry !== applied);
  return [
    ...others,
    { ...updated, fieldsV1: { ...updated.fieldsV1, 'f:spec': spec } },
    { ...applied, fieldsV1: union(applied.fieldsV1 ?? {}, { 'f:spec': { 'f:template': template } }) },
  ];
}

function isOurs({ manager, operation, subresource }: ManagedFields, wanted: string): boolean {
  return manager === USER_FIELD_MANAGER && operation === wanted && subresource === undefined;
}

/** Both trees of fields in one. */
function union(a: Fields, b: Fields): Fields {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries([...names].map((name) => [name, union(treeIn(a, name) ?? {}, treeIn(b, name) ?? {})]));
}

function treeIn(fields: Fields | undefined, name: string): Fields | undefined {
  return fields?.[name] as Fields | undefined;
}
