import type { JsonPatchOperation, KubernetesObject } from '@weir/kubernetes';
import { CHANGE_ANNOTATION } from '@weir/rollout';
import { noted, type Change } from './change.ts';

/**
 * The whole `spec.template` of a Rollout or a Deployment replaced, over what was read, and who did it noted. A merge patch
 * would leave what the old template had and the new one does not.
 */
export function templatePatch(object: KubernetesObject, template: unknown, change: Change): JsonPatchOperation[] {
  const note = noted(change);
  const pointer = `/metadata/annotations/${CHANGE_ANNOTATION.replace('/', '~1')}`;
  return [
    unchanged(object),
    { op: 'replace', path: '/spec/template', value: template },
    object.metadata.annotations === undefined
      ? { op: 'add', path: '/metadata/annotations', value: note }
      : { op: 'add', path: pointer, value: note[CHANGE_ANNOTATION] },
  ];
}

/** Makes the API server refuse the patch with 409 when the object is not the one that was read. */
export function unchanged({ metadata }: KubernetesObject): JsonPatchOperation {
  return { op: 'replace', path: '/metadata/resourceVersion', value: metadata.resourceVersion };
}
