import { describe, expect, test } from '@jest/globals';
import type { ManagedFields } from '@weir/kubernetes';
import { parseManifest } from '@weir/rollout/manifest';
import { aManifestWithPods, aRollout } from '../testing/builders.ts';
import { leftToScaler } from './left-to-scaler.ts';

function wanted(spec: object = {}) {
  const parsed = parseManifest(aManifestWithPods({}, spec), { namespace: 'default', name: 'someapp' });
  if (!parsed.ok) {
    throw new Error(JSON.stringify(parsed.errors));
  }
  return parsed.rollout;
}

const scaledBy = (entry: ManagedFields) => aRollout({ metadata: { managedFields: [entry] } });
const REPLICAS = { 'f:spec': { 'f:replicas': {} } };
const HPA = { manager: 'kube-controller-manager', operation: 'Update', subresource: 'scale', fieldsV1: REPLICAS };

describe('spec.replicas of a manifest', () => {
  test('is left to the scale subresource, and that is said', () => {
    const { rollout, warnings } = leftToScaler(wanted(), scaledBy(HPA), false);
    expect(rollout.spec).not.toHaveProperty('replicas');
    expect(rollout.spec).toHaveProperty('template');
    expect(warnings).toEqual([
      { path: 'spec.replicas', message: expect.stringContaining('kube-controller-manager scales the Rollout') },
    ]);
  });

  test.each<[string, Parameters<typeof leftToScaler>[1], boolean]>([
    ['of a new Rollout', undefined, false],
    ['that nobody scales', aRollout(), false],
    ['that is taken over by force', scaledBy(HPA), true],
    ['that our own PUT wrote', scaledBy({ manager: 'weir', operation: 'Apply', fieldsV1: REPLICAS }), false],
    ['that our worker gave its default', scaledBy({ manager: 'weir-worker', fieldsV1: REPLICAS }), false],
    [
      'of somebody who applies a whole manifest, and is met as a conflict',
      scaledBy({ manager: 'gitops', fieldsV1: { 'f:spec': { 'f:replicas': {}, 'f:template': {} } } }),
      false,
    ],
  ])('%s is applied', (_, existing, force) => {
    const given = leftToScaler(wanted(), existing, force);
    expect(given.rollout.spec).toHaveProperty('replicas', 4);
    expect(given.warnings).toEqual([]);
  });

  test('is left to one who writes that field alone', () => {
    const { warnings } = leftToScaler(wanted(), scaledBy({ manager: 'autoscaler', fieldsV1: REPLICAS }), false);
    expect(warnings).toHaveLength(1);
  });

  test('that is not there needs no word', () => {
    expect(leftToScaler(wanted({ replicas: undefined }), scaledBy(HPA), false).warnings).toEqual([]);
  });
});
