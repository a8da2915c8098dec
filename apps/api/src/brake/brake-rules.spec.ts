import { describe, expect, test } from '@jest/globals';
import { KubernetesError } from '@weir/kubernetes';
import { revisionOf, type RolloutSpec } from '@weir/rollout';
import { parseSpec } from '@weir/rollout/manifest';
import {
  aCanary,
  aManifest,
  aManifestWithPods,
  aRollout,
  type CanaryParts,
  type RolloutParts,
} from '../testing/builders.ts';
import { brakePatch, isPromoted, leastWeight, metAnother, saysNoRunIsOpen } from './brake-rules.ts';
import { knownCanary, type KnownCanary } from './known-traffic.ts';

function specOf(manifest: Record<string, unknown>): RolloutSpec {
  const parsed = parseSpec(manifest['spec']);
  if (!parsed.ok) {
    throw new Error(JSON.stringify(parsed.errors));
  }
  return parsed.spec;
}

function known(parts: CanaryParts = {}): KnownCanary {
  const canary = knownCanary(aCanary(parts));
  if (canary === undefined) {
    throw new Error('the builder makes a canary Mapping');
  }
  return canary;
}

const TRAFFIC_ONLY = specOf(aManifest());
const WITH_PODS = specOf(aManifestWithPods());
const DYNAMIC = specOf(aManifestWithPods({ dynamicStableScale: true }));
const SELECTOR = { app: 'someapp', version: 'v2' };
const HASHED = { app: 'someapp', 'rollouts-pod-template-hash': 'v2' };
const available = new Map([['v1', 3]]);

test.each<[string, RolloutSpec | undefined, Record<string, string> | undefined, string, boolean]>([
  ['its hash is that of the canary', WITH_PODS, HASHED, 'v2', true],
  ['its hash is another', WITH_PODS, { ...HASHED, 'rollouts-pod-template-hash': 'v1' }, 'v2', false],
  ['it has no hash', WITH_PODS, SELECTOR, revisionOf(SELECTOR), false],
  ['traffic only: its whole selector is that of the canary', TRAFFIC_ONLY, SELECTOR, revisionOf(SELECTOR), true],
  ['traffic only: its selector is another', TRAFFIC_ONLY, { version: 'v1' }, revisionOf(SELECTOR), false],
  ['traffic only: a hash alone says nothing', TRAFFIC_ONLY, HASHED, 'v2', false],
  ['the Service is gone', WITH_PODS, undefined, 'v2', false],
  ['the Rollout cannot be read', undefined, HASHED, 'v2', false],
  ['the canary does not say its revision', WITH_PODS, { ...HASHED, 'rollouts-pod-template-hash': '' }, '', false],
])('the stable Service selects the canary when %s', (_, spec, selector, revision, promoted) => {
  expect(isPromoted({ spec, selector, available }, [known({ revision })])).toBe(promoted);
});

test.each<[string, RolloutSpec | undefined, string, number]>([
  ['traffic only', TRAFFIC_ONLY, 'v1', 0],
  ['pods for all traffic', WITH_PODS, 'v1', 0],
  ['dynamicStableScale and 3 of 4 stable pods', DYNAMIC, 'v1', 25],
  ['dynamicStableScale and no ReplicaSet of the stable revision', DYNAMIC, 'v9', 100],
  ['a Rollout that cannot be read', undefined, 'v1', 0],
])('the least weight with %s', (_, spec, hash, least) => {
  expect(leastWeight({ spec, selector: { 'rollouts-pod-template-hash': hash }, available })).toBe(least);
});

describe('the patch of the brake', () => {
  const order = { actor: 'eve', reason: '5xx', at: '2026-11-23T10:00:00Z', key: 'abort:1' };

  test('is for that one object, has weight 0 and the order, and leaves the number of the write', () => {
    expect(brakePatch(known(), 0, order)).toEqual({
      metadata: {
        uid: 'uid of stable-mapping0-canary',
        annotations: { 'weir.dev/weight': '0', 'weir.dev/order': JSON.stringify(order) },
      },
      spec: { weight: 0 },
    });
  });

  test('with a weight above 0 goes only over what was read', () => {
    expect(brakePatch(known(), 25, order)).toMatchObject({ metadata: { resourceVersion: '50' }, spec: { weight: 25 } });
  });
});

const AT_END: RolloutParts = { status: { observedGeneration: '1' }, note: { outcome: 'promoted' } };
test.each<[string, RolloutParts, boolean]>([
  ['its run has ended', AT_END, true],
  ['its run has ended, and something newer is stored', { ...AT_END, generation: 2 }, false],
  ['its run is under way', { ...AT_END, note: {} }, false],
  ['it was never looked at', {}, false],
])('a Rollout says that no run is open: %s', (_, parts, says) => {
  expect(saysNoRunIsOpen(aRollout(parts))).toBe(says);
});

const uidCause = [{ field: 'metadata.uid', message: 'field is immutable' }];
test.each<[string, unknown, boolean]>([
  ['is gone', new KubernetesError('notFound', '', 404), true],
  ['has another resourceVersion', new KubernetesError('conflict', '', 409), true],
  ['has another uid', new KubernetesError('invalid', '', 422, undefined, uidCause), true],
  ['is refused for something else', new KubernetesError('invalid', '', 422), false],
  ['cannot be reached', new KubernetesError('unavailable', ''), false],
  ['meets a defect of ours', new TypeError(), false],
])('a Mapping that %s is another one', (_, error, another) => {
  expect(metAnother(error)).toBe(another);
});
