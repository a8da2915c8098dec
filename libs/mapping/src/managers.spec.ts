import { describe, expect, test } from '@jest/globals';
import { lastForeignChange, managerOf, whoChanged } from './managers.ts';
import { mapping } from './testing/mappings.ts';
import type { ManagedFieldsEntry, Mapping } from './types.ts';

function managed(...managedFields: readonly ManagedFieldsEntry[]): Mapping {
  return mapping('app', {}, { managedFields });
}

function by(
  manager: string,
  second: number,
  fieldsV1: object = {},
  more: Partial<ManagedFieldsEntry> = {},
): ManagedFieldsEntry {
  const time = `2026-11-02T15:00:${String(second).padStart(2, '0')}Z`;
  return { manager, operation: 'Update', time, fieldsV1: fieldsV1 as Record<string, unknown>, ...more };
}

const WEIGHT = { 'f:spec': { 'f:weight': {} } };

describe('who wrote a Mapping last, other than Weir', () => {
  test.each<[string, ManagedFieldsEntry[], string[], string | undefined]>([
    ['the manager of the field', [by('kubectl-edit', 1, WEIGHT)], ['spec.weight'], 'kubectl-edit'],
    [
      'the manager of the field, not a later one of others',
      [by('kubectl-edit', 1, WEIGHT), by('helm', 2)],
      ['spec.weight'],
      'kubectl-edit',
    ],
    [
      'the later of two managers of fields',
      [by('a', 1, WEIGHT), by('b', 2, { 'f:spec': { 'f:prefix': {} } })],
      ['spec.weight', 'spec.prefix'],
      'b',
    ],
    [
      'the newest when nobody has the field: it was taken off',
      [by('a', 1), by('b', 3), by('c', 2)],
      ['spec.weight'],
      'b',
    ],
    ['not the worker', [by('weir-worker', 2, WEIGHT), by('helm', 1)], ['spec.weight'], 'helm'],
    ['not the brake', [by('weir-brake', 2, WEIGHT), by('helm', 1)], ['spec.weight'], 'helm'],
    ['not who wrote the status', [by('ambassador', 2, WEIGHT, { subresource: 'status' }), by('helm', 1)], [], 'helm'],
    [
      'an entry without a subresource, spelled out',
      [by('helm', 1, WEIGHT, { subresource: '' })],
      ['spec.weight'],
      'helm',
    ],
    ['not somebody without a name', [by('', 2, WEIGHT), by('helm', 1)], ['spec.weight'], 'helm'],
    ['nobody, when only Weir wrote', [by('weir-worker', 2, WEIGHT)], ['spec.weight'], undefined],
    ['nobody, when nothing is kept', [], ['spec.weight'], undefined],
    [
      'of a label with dots',
      [
        by('helm', 2),
        by('kubectl-label', 1, { 'f:metadata': { 'f:labels': { '.': {}, 'f:app.kubernetes.io/name': {} } } }),
      ],
      ['metadata.labels.app.kubernetes.io/name'],
      'kubectl-label',
    ],
    [
      'of an annotation with dots',
      [by('helm', 2), by('kubectl-annotate', 1, { 'f:metadata': { 'f:annotations': { 'f:weir.dev/owner': {} } } })],
      ['metadata.annotations.weir.dev/owner'],
      'kubectl-annotate',
    ],
    [
      'of the owner references',
      [by('helm', 2), by('gc', 1, { 'f:metadata': { 'f:ownerReferences': {} } })],
      ['metadata.ownerReferences'],
      'gc',
    ],
    [
      'not of a field whose name begins so',
      [by('helm', 2), by('x', 1, { 'f:spec': { 'f:weights': {} } })],
      ['spec.weight'],
      'helm',
    ],
  ])('is %s', (_name, entries, fields, expected) => {
    expect(managerOf(managed(...entries), fields)).toBe(expected);
  });

  test('is undefined without managedFields', () => {
    expect(managerOf(mapping('app'), ['spec.weight'])).toBeUndefined();
  });

  test('comes with its time, and whether the field is its own', () => {
    expect(lastForeignChange(managed(by('helm', 7, WEIGHT)), ['spec.weight'])).toEqual({
      manager: 'helm',
      time: '2026-11-02T15:00:07Z',
      ownsField: true,
    });
    expect(lastForeignChange(managed({ manager: 'helm' }), ['spec.weight'])).toEqual({
      manager: 'helm',
      time: '',
      ownsField: false,
    });
  });
});

describe('of a stable and a canary Mapping that differ', () => {
  const PREFIX = { 'f:spec': { 'f:prefix': {} } };
  const worker = by('weir-worker', 5, PREFIX);

  test.each<[string, Mapping, Mapping, string[], { side: string; manager?: string }]>([
    [
      'the stable one was changed by who owns the field there',
      managed(by('helm', 9, PREFIX)),
      managed(worker),
      ['spec.prefix'],
      { side: 'stable', manager: 'helm' },
    ],
    [
      'the canary was changed by who owns the field there',
      managed(by('helm', 9, PREFIX)),
      managed(worker, by('kubectl-edit', 7, PREFIX)),
      ['spec.prefix'],
      { side: 'canary', manager: 'kubectl-edit' },
    ],
    [
      'the canary was changed last, by who took a field off',
      managed(by('helm', 1, PREFIX)),
      managed(worker, by('kubectl-edit', 7)),
      ['spec.prefix'],
      { side: 'canary', manager: 'kubectl-edit' },
    ],
    [
      'it was the stable one when that was changed after Weir’s last write, and nobody owns the field on the canary',
      managed(by('helm', 7, PREFIX)),
      managed(worker, by('kubectl-edit', 7)),
      ['spec.prefix'],
      { side: 'stable', manager: 'helm' },
    ],
    [
      'a weight is the canary’s',
      managed(by('helm', 9)),
      managed(worker, by('kubectl-edit', 7, WEIGHT)),
      ['spec.weight'],
      { side: 'canary', manager: 'kubectl-edit' },
    ],
    ['nobody is named when nobody is known', managed(), managed(worker), ['spec.prefix'], { side: 'canary' }],
    [
      'a mark of Weir’s is the canary’s',
      managed(by('helm', 9)),
      managed(worker),
      ['metadata.annotations.weir.dev/owner'],
      { side: 'canary' },
    ],
    [
      'so is the label of its Rollout',
      managed(by('helm', 9)),
      managed(worker),
      ['metadata.labels.weir.dev/rollout'],
      { side: 'canary' },
    ],
    [
      'another label is not',
      managed(by('helm', 9)),
      managed(worker),
      ['metadata.labels.host'],
      { side: 'stable', manager: 'helm' },
    ],
  ])('%s', (_name, stable, canary, fields, expected) => {
    expect(whoChanged(stable, canary, fields)).toEqual(expected);
  });
});
