import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { RolloutObject } from '@weir/activities';
import type { CommandPayload, SpecChanged } from '@weir/contract';
import type { Change, KubernetesClient, KubernetesObject, WatchOptions } from '@weir/kubernetes';
import type { Logger } from '@weir/platform';
import type { RolloutRef } from '@weir/rollout';
import type { RolloutRuns } from '@weir/temporal';
import { once } from 'node:events';
import { RolloutWatch } from './rollout-watch.ts';
import { INSTALLATION, canaryOf, replicaSet, rolloutWith, stableMapping } from './testing/objects.ts';

type Seen = Change<never>['type'];

/** What each watch does with a change, by the plural of its resource. */
const watches = new Map<string, (change: Change<KubernetesObject>) => void>();
const listed = new Map<string, (() => void) | undefined>();
const remember = async (
  _client: KubernetesClient,
  { at, onChange, onListed, signal }: WatchOptions<never>,
): Promise<void> => {
  listed.set(at.resource.plural, onListed);
  watches.set(at.resource.plural, onChange as (change: Change<KubernetesObject>) => void);
  await once(signal, 'abort');
};

function rollout(name: string, more: Partial<RolloutObject> & { generation?: number } = {}): RolloutObject {
  const { generation = 1, ...rest } = more;
  return {
    metadata: { name, namespace: 'ns', uid: `uid of ${name}`, generation },
    status: { observedGeneration: '1' },
    ...rest,
  };
}

const DEPLOYMENT = { workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } };
const referring = (workloadObservedGeneration: string): RolloutObject =>
  rollout('app', { spec: DEPLOYMENT, status: { observedGeneration: '1', workloadObservedGeneration } });
const deployment = (name: string, generation: number): KubernetesObject => ({
  metadata: { name, namespace: 'ns', generation },
});
const pods = (name: string, hash: string, replicas: number, status = {}): KubernetesObject =>
  replicaSet(hash, replicas, status, `uid of ${name}`);

describe('the watch of the worker', () => {
  let told: string[];
  let watch: RolloutWatch;
  afterEach(() => watch.stop());
  beforeEach(() => {
    told = [];
    const note =
      (how: string) =>
      async ({ name }: RolloutRef, { generation, lookAgain, revisions, mappings }: SpecChanged) => {
        const what = [
          lookAgain === true ? 'look' : '',
          mappings === true ? 'mappings' : '',
          revisions?.map(({ name: one, available }) => `${one}=${available}`).join(' '),
        ];
        told.push([how, name, `generation ${generation}`, ...what].filter(Boolean).join(', '));
      };
    const abortIfOpen = async ({ name }: RolloutRef, { actor }: CommandPayload) => {
      told.push(`abort, ${name}, by ${actor}`);
    };
    const runs = {
      tell: note('tell'),
      tellIfOpen: note('tell if open'),
      abortIfOpen,
      open: async () => ['rollout/c/ns/app', 'rollout/c/ns/gone'],
      lookAgain: async (id: string) => void told.push(`look, ${id}`),
    } as unknown as RolloutRuns;
    const kubernetes = { servedApiVersions: async () => ['getambassador.io/v3alpha1'] } as unknown as KubernetesClient;
    const logger = {} as Logger;
    watch = new RolloutWatch({
      kubernetes,
      runs,
      cluster: 'c',
      installation: INSTALLATION,
      logger,
      watchForever: remember,
    });
    watch.start();
  });

  /** @returns what the runs were told of it */
  async function seen(
    plural: 'rollouts' | 'replicasets' | 'deployments' | 'mappings' | 'endpointslices',
    type: Seen,
    object: KubernetesObject,
  ): Promise<string[]> {
    watches.get(plural)?.({ type, object });
    await new Promise((resolve) => setImmediate(resolve));
    return told.splice(0);
  }

  test('tells of a new generation once, however often the Rollout changes before the run has seen it', async () => {
    expect(await seen('rollouts', 'MODIFIED', rollout('app', { generation: 2 }))).toEqual(['tell, app, generation 2']);
    expect(await seen('rollouts', 'MODIFIED', rollout('app', { generation: 2, status: {} }))).toEqual([]);
    expect(await seen('rollouts', 'MODIFIED', rollout('app', { generation: 3 }))).toEqual(['tell, app, generation 3']);
  });

  describe('of a generation that the API has stored', () => {
    const stored = (generation: number, observedGeneration = '1'): RolloutObject => {
      const { metadata, ...rest } = rollout('app', { generation, status: { observedGeneration } });
      const managedFields = [{ manager: 'weir', time: '2026-01-01T00:00:00Z' }];
      return { ...rest, metadata: { ...metadata, managedFields } };
    };
    const later = async (ms: number): Promise<string[]> => {
      await jest.advanceTimersByTimeAsync(ms);
      return told.splice(0);
    };
    beforeEach(() => void jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }));
    afterEach(() => void jest.useRealTimers());

    test('tells nothing when its run says in the status that it has begun', async () => {
      expect(await seen('rollouts', 'MODIFIED', stored(2))).toEqual([]);
      expect(await seen('rollouts', 'MODIFIED', stored(2, '2'))).toEqual([]);
      expect(await later(60_000)).toEqual([]);
    });

    test('tells it after a while when no run has begun: it was stored, and not told', async () => {
      expect(await seen('rollouts', 'ADDED', stored(2))).toEqual([]);
      expect(await later(1_500)).toEqual([]);
      expect(await later(1_000)).toEqual(['tell, app, generation 2']);
      expect(await later(60_000)).toEqual([]);
    });

    test('tells at once what others change meanwhile, and nothing of a Rollout that is gone', async () => {
      await seen('rollouts', 'MODIFIED', stored(2));
      expect(await seen('rollouts', 'MODIFIED', rollout('app', { generation: 3 }))).toEqual([
        'tell, app, generation 3',
      ]);
      await seen('rollouts', 'DELETED', rollout('app', { generation: 3 }));
      expect(await later(60_000)).toEqual([]);
    });
  });

  test('tells of pods when their counts change, and not what is known', async () => {
    await seen('rollouts', 'LISTED', rollout('app'));
    expect(await seen('replicasets', 'ADDED', pods('app', 'v1', 4))).toEqual(['tell, app, generation 1, app-v1=4']);
    expect(await seen('replicasets', 'MODIFIED', pods('app', 'v1', 4))).toEqual([]);
    expect(await seen('replicasets', 'MODIFIED', pods('app', 'v1', 4, { availableReplicas: 3 }))).toEqual([
      'tell, app, generation 1, app-v1=3',
    ]);
  });

  test('shows the ReplicaSets of a Rollout once all have been seen', async () => {
    const [v1, v2] = [pods('app', 'v1', 4), pods('app', 'v2', 1)];
    await seen('replicasets', 'LISTED', v1);
    expect(watch.seen.replicaSets('uid of app')).toBeUndefined();
    listed.get('replicasets')?.();
    await seen('replicasets', 'ADDED', v2);
    expect(watch.seen.replicaSets('uid of app')).toEqual([v1, v2]);
    await seen('replicasets', 'DELETED', v1);
    expect(watch.seen.replicaSets('uid of app')).toEqual([v2]);
    expect(watch.seen.replicaSets('uid of other')).toEqual([]);
  });

  test('shows the endpoints of a Service to an activity that waits for them', async () => {
    const metadata = { name: 'web-1', namespace: 'ns', labels: { 'kubernetes.io/service-name': 'web' } };
    const slice = { metadata, endpoints: [{ targetRef: { name: 'a' } }] } as KubernetesObject;
    const ready: (readonly string[])[] = [];
    const { signal } = new AbortController();
    const onReady = (names: readonly string[]) => void ready.push(names);
    watch.followEndpoints({ namespace: 'ns', service: 'web', onReady, onBreak: () => undefined, signal });
    listed.get('endpointslices')?.();
    expect(await seen('endpointslices', 'ADDED', slice)).toEqual([]);
    expect(ready).toEqual([[], ['a']]);
  });

  test('tells of pods that were seen before their Rollout', async () => {
    expect(await seen('replicasets', 'LISTED', pods('app', 'v1', 4))).toEqual([]);
    expect(await seen('rollouts', 'LISTED', rollout('app'))).toEqual(['tell, app, generation 1, app-v1=4']);
  });

  test('tells nobody of the pods of a Rollout that is not Weir’s, or is being deleted', async () => {
    expect(await seen('replicasets', 'ADDED', pods('theirs', 'v1', 4))).toEqual([]);
    const { metadata, ...rest } = rollout('app');
    await seen('rollouts', 'LISTED', { ...rest, metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } });
    expect(await seen('replicasets', 'MODIFIED', pods('app', 'v1', 0))).toEqual([]);
  });

  test('asks to look when a ReplicaSet with pods is deleted, and not for one of the history', async () => {
    await seen('replicasets', 'LISTED', pods('app', 'v1', 4));
    await seen('rollouts', 'LISTED', rollout('app'));
    expect(await seen('replicasets', 'DELETED', pods('app', 'v1', 4))).toEqual(['tell, app, generation 1, look']);
    expect(await seen('replicasets', 'DELETED', pods('app', 'v0', 0))).toEqual([]);
  });

  test('asks an open run to look when its Rollout is gone, and forgets its pods', async () => {
    await seen('replicasets', 'LISTED', pods('app', 'v1', 4));
    await seen('rollouts', 'LISTED', rollout('app'));
    expect(await seen('rollouts', 'DELETED', rollout('app'))).toEqual(['tell if open, app, generation 1, look']);
    expect(await seen('replicasets', 'MODIFIED', pods('app', 'v1', 0))).toEqual([]);
  });

  test('asks to look when the label is put on again', async () => {
    expect(await seen('rollouts', 'ADDED', rollout('app'))).toEqual(['tell, app, generation 1, look']);
  });

  test('asks to look when the Deployment of a workloadRef has another generation', async () => {
    await seen('rollouts', 'LISTED', referring('1'));
    expect(await seen('deployments', 'LISTED', deployment('web', 1))).toEqual([]);
    expect(await seen('deployments', 'MODIFIED', deployment('web', 2))).toEqual(['tell, app, generation 1, look']);
    expect(await seen('deployments', 'MODIFIED', deployment('web', 2))).toEqual([]);
  });

  test('asks to look when the Deployment was seen before its Rollout', async () => {
    await seen('deployments', 'LISTED', deployment('web', 2));
    expect(await seen('rollouts', 'LISTED', referring('1'))).toEqual(['tell, app, generation 1, look']);
  });

  test('asks to look when a Deployment that was deleted is there again', async () => {
    await seen('rollouts', 'LISTED', referring('1'));
    await seen('deployments', 'LISTED', deployment('web', 1));
    await seen('deployments', 'DELETED', deployment('web', 1));
    await seen('rollouts', 'MODIFIED', rollout('app', { spec: DEPLOYMENT })); // No Deployment was read.
    expect(await seen('deployments', 'ADDED', deployment('web', 1))).toEqual(['tell, app, generation 1, look']);
  });

  test('tells nobody of a Deployment that is nobody’s, although another one is news', async () => {
    await seen('deployments', 'LISTED', deployment('web', 2));
    expect(await seen('rollouts', 'LISTED', referring('1'))).toHaveLength(1);
    expect(await seen('deployments', 'MODIFIED', deployment('unrelated', 7))).toEqual([]);
  });

  test('tells an open run, and only that, of a Mapping that drifts', async () => {
    const stable = stableMapping();
    await seen('mappings', 'LISTED', stable);
    await seen('mappings', 'LISTED', canaryOf(stable, 30));
    expect(await seen('rollouts', 'LISTED', rolloutWith(['main']))).toEqual([]);
    expect(await seen('mappings', 'MODIFIED', canaryOf(stable, 30, { spec: { weight: 90 } }))).toEqual([
      'tell if open, app, generation 1, mappings',
    ]);
  });

  test('delivers an order of the brake as an abort', async () => {
    const stable = stableMapping();
    await seen('rollouts', 'LISTED', rolloutWith(['main']));
    const order = JSON.stringify({ actor: 'ann', at: '2026-01-01T00:00:00Z', key: 'k1' });
    const told = await seen('mappings', 'MODIFIED', canaryOf(stable, 0, { annotations: { 'weir.dev/order': order } }));
    expect(told).toEqual(['abort, app, by ann', 'tell if open, app, generation 1, mappings']);
  });

  test('tells of canary Mappings that are gone when all Mappings have come', async () => {
    const annotations = { 'weir.dev/run': '{"weight":{"written":30}}' };
    await seen('rollouts', 'LISTED', rolloutWith(['main'], { annotations }));
    listed.get('mappings')?.();
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual(['tell if open, app, generation 1, mappings']);
  });

  test('asks runs whose Rollout vanished while no worker was up to look, once', async () => {
    await seen('rollouts', 'LISTED', rollout('app'));
    for (let lists = 0; lists < 2; lists++) {
      listed.get('rollouts')?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(told).toEqual(['look, rollout/c/ns/gone']);
  });
});
