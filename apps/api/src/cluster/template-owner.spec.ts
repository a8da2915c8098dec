import { describe, expect, test } from '@jest/globals';
import type { ManagedFields } from '@weir/kubernetes';
import { withTemplateApplied } from './template-owner.ts';

const APPLIED: ManagedFields = {
  manager: 'weir',
  operation: 'Apply',
  fieldsV1: {
    'f:spec': { 'f:strategy': {}, 'f:template': { '.': {}, 'f:metadata': { 'f:labels': { 'f:app': {} } } } },
  },
};
const UPDATED: ManagedFields = {
  manager: 'weir',
  operation: 'Update',
  fieldsV1: {
    'f:metadata': { 'f:annotations': { 'f:weir.dev/change': {} } },
    'f:spec': { 'f:restartAt': {}, 'f:template': { 'f:metadata': { 'f:labels': { 'f:old': {} } }, 'f:spec': {} } },
  },
};
const STATUS: ManagedFields = {
  manager: 'weir',
  operation: 'Update',
  subresource: 'status',
  fieldsV1: { 'f:status': {} },
};
const OTHER: ManagedFields = { manager: 'hpa', operation: 'Update', subresource: 'scale', fieldsV1: { 'f:spec': {} } };

const TEMPLATE_OF_BOTH = { '.': {}, 'f:metadata': { 'f:labels': { 'f:app': {}, 'f:old': {} } }, 'f:spec': {} };

describe('the field managers after an undo', () => {
  test('have the pod template with what was applied, and the rest where it was', () => {
    expect(withTemplateApplied([APPLIED, OTHER, UPDATED, STATUS])).toEqual([
      OTHER,
      STATUS,
      { ...UPDATED, fieldsV1: { ...UPDATED.fieldsV1, 'f:spec': { 'f:restartAt': {} } } },
      { ...APPLIED, fieldsV1: { 'f:spec': { 'f:strategy': {}, 'f:template': TEMPLATE_OF_BOTH } } },
    ]);
  });

  test('begin to apply when nothing was applied yet', () => {
    const [, applied] = withTemplateApplied([UPDATED]) ?? [];
    expect(applied).toMatchObject({
      manager: 'weir',
      operation: 'Apply',
      fieldsV1: { 'f:spec': { 'f:template': { 'f:spec': {} } } },
    });
    expect(applied?.fieldsV1).not.toHaveProperty('f:metadata');
  });

  test.each<[string, ManagedFields[]]>([
    ['nobody wrote yet', []],
    ['only others and our applies are there', [APPLIED, OTHER, STATUS]],
    ['we changed something else', [APPLIED, { ...UPDATED, fieldsV1: { 'f:spec': { 'f:restartAt': {} } } }]],
  ])('are right already when %s', (_, managed) => {
    expect(withTemplateApplied(managed)).toBeUndefined();
  });
});
