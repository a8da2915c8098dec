import { describe, expect, test } from '@jest/globals';
import { ENDPOINT_SLICES, type KubernetesObject } from '@weir/kubernetes';
import { MANAGED_BY_ANNOTATION, POD_TEMPLATE_HASH_LABEL } from '@weir/rollout';
import { once } from 'node:events';
import { SERVICES, service } from '../support/objects.ts';
import { useSandbox } from '../support/shared.ts';
import { eventually } from '../support/wait.ts';
import { APP_LABELS, SERVICE } from '../support/workload-app.ts';
import { Workbench, activitiesWith, attempts, beforePatches, does, mockWorker } from './workbench.ts';

const TEST_TIMEOUT_MS = 60_000;
const used = useSandbox('--no-worker', '--no-api');
const given = (app = {}): Promise<Workbench> => Workbench.given(used.cluster, app);

describe('pointServices', () => {
  const point = (bench: Workbench, podTemplateHash: string, { pointServices } = bench.activities) =>
    does(pointServices, {
      ...bench.run,
      services: Object.values(SERVICE).map((name) => ({ name, podTemplateHash })),
    });
  const read = (bench: Workbench, name: string) => bench.read<KubernetesObject & { spec: object }>(SERVICES, name);

  test(
    "puts the revision beside the user's own labels, and says whose it is in one write",
    async () => {
      const bench = await given();
      let patches = 0;
      const counted = beforePatches(used.cluster.kubernetes, async () => void patches++);
      await point(bench, 'abc', activitiesWith(counted));
      for (const name of Object.values(SERVICE)) {
        expect(await read(bench, name)).toMatchObject({
          metadata: { annotations: { [MANAGED_BY_ANNOTATION]: 'someapp' } },
          spec: { selector: { ...APP_LABELS, [POD_TEMPLATE_HASH_LABEL]: 'abc' }, ports: [{ port: 80 }] },
        });
      }
      expect(patches).toBe(2);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'leaves a change that came between, and is tried again',
    async () => {
      const bench = await given();
      const edit = { spec: { selector: { tier: 'web' } } };
      const late = beforePatches(used.cluster.kubernetes, () => bench.patch(SERVICES, SERVICE.stable, edit));
      const services = [{ name: SERVICE.stable, podTemplateHash: 'abc' }];
      const attempt = attempts(activitiesWith(late).pointServices, { ...bench.run, services });
      await expect(attempt).rejects.toMatchObject({ type: 'Kubernetes.conflict' });
      await point(bench, 'abc');
      expect(await bench.selectorOf(SERVICE.stable)).toEqual({
        ...APP_LABELS,
        tier: 'web',
        [POD_TEMPLATE_HASH_LABEL]: 'abc',
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'writes nothing where nothing differs, and puts back an annotation that was taken off',
    async () => {
      const bench = await given();
      await point(bench, 'abc');
      const before = await read(bench, SERVICE.stable);
      await point(bench, 'abc');
      expect(await read(bench, SERVICE.stable)).toEqual(before);
      await bench.patch(SERVICES, SERVICE.stable, { metadata: { annotations: { [MANAGED_BY_ANNOTATION]: null } } });
      await point(bench, 'abc');
      expect((await read(bench, SERVICE.stable))?.metadata.annotations).toEqual({ [MANAGED_BY_ANNOTATION]: 'someapp' });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'is tried again until its Service exists',
    async () => {
      const bench = await given();
      await bench.delete(SERVICES, SERVICE.canary);
      await expect(point(bench, 'abc')).rejects.toMatchObject({ type: 'Kubernetes.notFound', nonRetryable: false });
      await bench.create(SERVICES, service(SERVICE.canary, APP_LABELS));
      // What the failed attempt still had on its way may come between once.
      await eventually('both are pointed', () => point(bench, 'abc').then(() => true));
      expect(await bench.selectorOf(SERVICE.canary)).toMatchObject({ [POD_TEMPLATE_HASH_LABEL]: 'abc' });
    },
    TEST_TIMEOUT_MS,
  );
});

describe('awaitEndpoints', () => {
  const wait = (bench: Workbench) => ({ ...bench.run, service: SERVICE.canary });
  const select = (bench: Workbench, hash: string) =>
    bench.patch(SERVICES, SERVICE.canary, { spec: { selector: { [POD_TEMPLATE_HASH_LABEL]: hash } } });

  test(
    'returns once the pods that the Service selects are ready, and they alone',
    async () => {
      const bench = await given();
      const old = await bench.wanted();
      await bench.deployed(1);
      await eventually('the old pod takes traffic', () => bench.hasReadyEndpoints(SERVICE.canary));
      await bench.when({ image: '2', readyAfter: '3s' });
      await bench.scale(1);
      const hash = await bench.wanted();
      await select(bench, hash);
      await does(bench.activities.awaitEndpoints, wait(bench));
      expect(await bench.replicaSet(hash)).toMatchObject({ status: { readyReplicas: 1 } });
      expect(await readyEndpoints(bench)).toEqual((await bench.pods(hash)).map(({ metadata }) => metadata.name));
      expect(await bench.pods(old)).toHaveLength(1);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'ends after a while when nobody is ready, says so, and can be tried again',
    async () => {
      const bench = await given({ ready: 'never' });
      await bench.scale(1);
      await expect(does(bench.activities.awaitEndpoints, wait(bench))).rejects.toMatchObject({
        type: 'EndpointsNotReady',
        nonRetryable: false,
        message: expect.stringMatching(/^the endpoints of Service someapp-canary are not the pods/),
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'ends at once when nobody wants it any more',
    async () => {
      const bench = await given({ ready: 'never' });
      const worker = mockWorker();
      const beats = once(worker, 'heartbeat');
      const waiting = worker.run(bench.activities.awaitEndpoints, wait(bench));
      await beats;
      worker.cancel();
      await expect(waiting).rejects.toMatchObject({ name: 'CancelledFailure' });
    },
    TEST_TIMEOUT_MS,
  );
});

/** Names of the pods. */
async function readyEndpoints(bench: Workbench): Promise<string[]> {
  interface Slice extends KubernetesObject {
    readonly endpoints?:
      | readonly {
          readonly conditions?: { readonly ready?: boolean };
          readonly targetRef?: { readonly name: string };
        }[]
      | null;
  }
  const slices = await bench.list<Slice>(ENDPOINT_SLICES, `kubernetes.io/service-name=${SERVICE.canary}`);
  return slices
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready)
    .map(({ targetRef }) => targetRef?.name ?? '');
}
