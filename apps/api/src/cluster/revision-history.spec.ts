import { describe, expect, jest, test } from '@jest/globals';
import { KubernetesError, type KubernetesClient, type Location } from '@weir/kubernetes';
import { createLogger } from '@weir/platform';
import { podTemplateHash } from '@weir/rollout';
import { parseSpec } from '@weir/rollout/manifest';
import { POD_SPEC, aManifestWithPods, aReplicaSet, aRollout } from '../testing/builders.ts';
import { RevisionHistory } from './revision-history.ts';
import { TemplateCheck } from './template-check.ts';

const OWN_HASH = podTemplateHash(POD_SPEC.template);
const WITH_DEFAULTS = {
  metadata: { labels: { app: 'someapp' } },
  spec: { containers: [{ name: 'someapp', image: 'someapp:2', imagePullPolicy: 'IfNotPresent' }] },
};

/** A cluster with these ReplicaSets, that fills the defaults into a pod template, or fails to. */
function world(replicaSets: readonly object[], fault?: Error) {
  const create = jest.fn(() => (fault ? Promise.reject(fault) : Promise.resolve({ template: WITH_DEFAULTS })));
  const kubernetes = {
    list: () => Promise.resolve({ metadata: {}, items: replicaSets }),
    get: ({ name }: Location) => Promise.reject(new KubernetesError('notFound', `${name} not found`, 404)),
    create,
  } as unknown as KubernetesClient;
  const templates = new TemplateCheck(kubernetes, createLogger('test', 'silent'));
  return { history: new RevisionHistory(kubernetes, templates), create };
}

async function pods(history: RevisionHistory, spec: object = {}) {
  const manifest = aManifestWithPods({}, spec)['spec'] as object;
  const parsed = parseSpec(manifest);
  if (!parsed.ok || parsed.spec.workload === undefined) {
    throw new Error('it has no pods');
  }
  return history.pods(aRollout({ spec: manifest }), parsed.spec.workload, AbortSignal.timeout(1_000));
}

describe('the history of a Rollout', () => {
  test('is its own ReplicaSets that have a number, newest first', async () => {
    const { history } = world([
      aReplicaSet(1, 'a'),
      aReplicaSet(3, 'c'),
      aReplicaSet(2, 'b', { ownerReferences: [] }),
      aReplicaSet(4, 'd', { annotations: {} }),
    ]);
    const past = await history.of(aRollout(), AbortSignal.timeout(1_000));
    expect(past.map(({ number, podTemplateHash: hash }) => [number, hash])).toEqual([
      [3, 'c'],
      [1, 'a'],
    ]);
  });
});

describe('the revision that a Rollout wants', () => {
  test.each<[string, object[], string, number]>([
    ['is a new one when there is none yet', [], OWN_HASH, 0],
    ['is the one with its hash, and nobody is asked', [aReplicaSet(1, 'a'), aReplicaSet(2, OWN_HASH)], OWN_HASH, 0],
    ['is the one with the same template, but for defaults', [aReplicaSet(1, 'a'), aReplicaSet(2, 'b')], 'b', 1],
    ['is a new one when no template is the same', [aReplicaSet(1, 'a')], OWN_HASH, 1],
  ])('%s', async (_, replicaSets, expected, asked) => {
    const { history, create } = world(replicaSets);
    expect((await pods(history)).wanted?.podTemplateHash).toBe(expected);
    expect(create).toHaveBeenCalledTimes(asked);
  });

  test('is a new one when the API server does not say its defaults', async () => {
    const { history } = world([aReplicaSet(2, 'b')], new KubernetesError('forbidden', 'no', 403));
    expect((await pods(history)).wanted?.podTemplateHash).toBe(OWN_HASH);
  });

  test('is not known while what workloadRef names is not there', async () => {
    const { history } = world([aReplicaSet(2, 'b')]);
    const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'someapp' };
    const found = await pods(history, { template: undefined, selector: undefined, workloadRef });
    expect(found).toEqual({ replicaSets: [aReplicaSet(2, 'b')] });
  });
});
