import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { KubernetesError, type KubernetesClient, type KubernetesObject, type WatchOptions } from '@weir/kubernetes';
import { INSTALLATION, aCanary, aRollout } from '../testing/builders.ts';
import { FakeKubernetes } from '../testing/fake-kubernetes.ts';
import { aServer } from '../testing/server.ts';
import { TrafficIndex } from './traffic-index.ts';
import { TrafficWatch } from './traffic-watch.ts';

type Watched = WatchOptions<KubernetesObject>;

let app: NestFastifyApplication;
let watches: Watched[];
let installations: number;

/** Watches that a test lets see something; each ends when it is told to. */
const remember = ((_: KubernetesClient, options: Watched) => {
  watches.push(options);
  return new Promise<void>((resolve) => options.signal.addEventListener('abort', () => resolve(), { once: true }));
}) as unknown as Parameters<TrafficWatch['start']>[0];

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
const watchOn = (plural: string) => watches.filter(({ at }) => at.resource.plural === plural);

beforeEach(async () => {
  watches = [];
  installations = 0;
  const installation = () => {
    installations++;
    return Promise.resolve(INSTALLATION);
  };
  app = await aServer({ kubernetes: new FakeKubernetes().client, runs: { installation } });
  app.get(TrafficWatch).start(remember);
  await settled();
});
afterEach(() => app.close());

describe('what the API watches', () => {
  test('is Weir’s Rollouts and canary Mappings, in the version that the cluster serves', () => {
    expect(
      watches.map(({ at, selector }) => [at.resource.plural, at.resource.version, selector?.labelSelector]),
    ).toEqual([
      ['rollouts', 'v1alpha1', 'argo-rollouts.argoproj.io/controller-instance-id=weir'],
      ['mappings', 'v3alpha1', 'weir.dev/rollout'],
    ]);
  });

  test('goes to the index', () => {
    watchOn('rollouts')[0]?.onChange({ type: 'LISTED', object: aRollout() });
    watchOn('mappings')[0]?.onChange({ type: 'LISTED', object: aCanary() });
    const index = app.get(TrafficIndex);
    expect(index.rollout({ namespace: 'default', name: 'someapp' })).toMatchObject({ uid: 'uid-1' });
    expect(index.canariesOf('rollout/local/default/someapp')).toHaveLength(1);
  });

  test('is chosen anew when the version of Mapping is no longer served', async () => {
    watchOn('mappings')[0]?.onBreak?.(new KubernetesError('unavailable', 'reset'));
    await settled();
    expect(watchOn('mappings')).toHaveLength(1);
    watchOn('mappings')[0]?.onBreak?.(new KubernetesError('notServed', 'no such path', 404));
    await settled();
    expect(watchOn('mappings').map(({ signal }) => signal.aborted)).toEqual([true, false]);
  });

  test('is no longer watched when the API stops', async () => {
    await app.close();
    await settled();
    expect(watches.map(({ signal }) => signal.aborted)).toEqual([true, true]);
  });

  test('includes whose the Mappings are, asked for before any abort', () => {
    expect(installations).toBe(1);
  });
});
