import { describe, expect, jest, test } from '@jest/globals';
import type { KubernetesClient } from '@weir/kubernetes';
import { ROLE_METADATA_ANNOTATION, podTemplateHash } from '@weir/rollout';
import type { PodTemplate } from '@weir/rollout/manifest';
import type { ReplicaSetObject } from './replica-sets.ts';
import { wantedRevision } from './wanted-revision.ts';

const HASH = 'rollouts-pod-template-hash';
const SELECTOR = { matchLabels: { app: 'someapp' } };

function template(image: string, more: object = {}, labels: Record<string, string> = {}): PodTemplate {
  return { metadata: { labels: { app: 'someapp', ...labels } }, spec: { containers: [{ name: 'a', image, ...more }] } };
}

const WRITTEN = template('someapp:2');
const OWN_HASH = podTemplateHash(WRITTEN);
const DEFAULTS = { imagePullPolicy: 'IfNotPresent' };

function replicaSet(hash: string, pods: PodTemplate): ReplicaSetObject {
  return {
    metadata: { name: `someapp-${hash}`, labels: { [HASH]: hash } },
    spec: { selector: SELECTOR, template: pods },
  };
}

const withDefaults = (hash: string, labels: Record<string, string> = {}) =>
  replicaSet(hash, template('someapp:2', DEFAULTS, { [HASH]: hash, ...labels }));

const withRole = (hash: string, labels: Record<string, string>): ReplicaSetObject => {
  const { metadata, spec } = withDefaults(hash, labels);
  return { metadata: { ...metadata, annotations: { [ROLE_METADATA_ANNOTATION]: JSON.stringify({ labels }) } }, spec };
};

/** An API server that fills the defaults into what it is asked to make. */
function world() {
  const create = jest.fn((_at: unknown, { spec, ...rest }: ReplicaSetObject, _options: { dryRun?: boolean }) => {
    const pods = template('someapp:2', DEFAULTS, spec.template.metadata?.labels);
    return Promise.resolve({ ...rest, spec: { ...spec, template: pods } });
  });
  return { kubernetes: { create } as unknown as KubernetesClient, create };
}

const ROLLOUT = {
  metadata: { name: 'someapp', namespace: 'default', uid: 'u' },
};

describe('the revision that a pod template is', () => {
  test.each<[string, ReplicaSetObject[], string, number]>([
    ['a new one when there is none', [], OWN_HASH, 0],
    ['the one of its hash, and the API server is not asked', [withDefaults('a'), withDefaults(OWN_HASH)], OWN_HASH, 0],
    ['the one of that template with the defaults in it, as an undo writes it', [withDefaults('a')], 'a', 1],
    ['the one of an Argo controller', [withDefaults('5f6d7c8b9d')], '5f6d7c8b9d', 1],
    ['the one whose pods have the metadata of a role', [withRole('a', { role: 'stable' })], 'a', 1],
    ['a new one when another label differs', [withDefaults('a', { tier: 'gold' })], OWN_HASH, 1],
    ['a new one when the image differs', [replicaSet('a', template('someapp:1', DEFAULTS))], OWN_HASH, 1],
  ])('is %s', async (_, existing, expected, asked) => {
    const { kubernetes, create } = world();
    const source = { template: WRITTEN, selector: SELECTOR };
    expect(await wantedRevision(kubernetes, ROLLOUT, source, existing, {})).toBe(expected);
    expect(create.mock.calls.map(([, , { dryRun }]) => dryRun)).toEqual(Array.from({ length: asked }, () => true));
  });
});
