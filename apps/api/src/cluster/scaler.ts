import type { ManagedFields } from '@weir/kubernetes';
import { isOurs } from './field-managers.ts';
import type { RolloutObject } from './rollout-object.ts';

/**
 * Who scales a Rollout in the place of its manifest: a manager that wrote `spec.replicas` through the scale subresource, as a
 * HorizontalPodAutoscaler and `kubectl scale` do, or one that owns nothing of the spec but that field. undefined: nobody; a
 * manager that applies the whole manifest is a conflict like any other.
 */
export function scalerOf({ metadata }: RolloutObject): string | undefined {
  const entry = metadata.managedFields?.find(scales);
  return entry && (entry.manager ?? 'the scale subresource');
}

function scales({ manager, subresource, fieldsV1 }: ManagedFields): boolean {
  const spec = (fieldsV1?.['f:spec'] ?? {}) as Readonly<Record<string, unknown>>;
  if (!('f:replicas' in spec)) {
    return false;
  }
  return subresource === 'scale' || (!isOurs(manager) && Object.keys(spec).length === 1);
}
