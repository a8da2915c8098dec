import { describe, expect, test } from '@jest/globals';
import { PODS, type KubernetesObject, type Resource } from '@weir/kubernetes';
import { POD_TEMPLATE_HASH_LABEL } from '@weir/rollout';
import { KWOK_ANNOTATIONS } from '@weir/sandbox';
import { DEPLOYMENTS, REPLICA_SETS, deployment } from '../support/objects.ts';
import { useSandbox } from '../support/shared.ts';
import { eventually } from '../support/wait.ts';
import { APP_LABELS, templateOf } from '../support/workload-app.ts';
import { Workbench, does } from './workbench.ts';

const TEST_TIMEOUT_MS = 60_000;
const DISRUPTION_BUDGETS: Resource = { group: 'policy', version: 'v1', plural: 'poddisruptionbudgets' };
const used = useSandbox('--no-worker', '--no-api');
const given = (app = {}): Promise<Workbench> => Workbench.given(used.cluster, app);

describe('scaleReferenced', () => {
  const scale = (bench: Workbench, name: string, replicas: number) =>
    does(bench.activities.scaleReferenced, { ...bench.run, name, replicas });

  test(
    'gives the Deployment its size, and one that is gone needs none',
    async () => {
      const bench = await given();
      await bench.create(DEPLOYMENTS, deployment('theirs', { app: 'theirs' }, 2));
      await scale(bench, 'theirs', 1);
      const { spec, metadata } = (await bench.read<KubernetesObject & { spec: object }>(DEPLOYMENTS, 'theirs'))!;
      expect(spec).toMatchObject({ replicas: 1 });
      const ours = metadata.managedFields?.find(({ manager }) => manager === 'weir-worker');
      expect(ours).toMatchObject({ subresource: 'scale', fieldsV1: { 'f:spec': { 'f:replicas': {} } } });
      await scale(bench, 'nobody', 0);
    },
    TEST_TIMEOUT_MS,
  );
});

describe('trimRevisions', () => {
  test(
    'deletes what is named and has no pods, and nothing else',
    async () => {
      const bench = await given();
      const names: string[] = [];
      for (const [index, replicas] of [0, 1, 0].entries()) {
        await bench.when({ image: String(index + 1) });
        names.push(`someapp-${await bench.wanted()}`);
        await bench.scale(replicas);
      }
      const [empty = '', running = '', kept = ''] = names;
      const spec = { replicas: 0, selector: { matchLabels: APP_LABELS }, template: templateOf({}) };
      const theirs: KubernetesObject & { spec: object } = { metadata: { name: 'theirs' }, spec };
      await bench.create(REPLICA_SETS, theirs);
      await does(bench.activities.trimRevisions, { ...bench.run, names: [empty, running, 'theirs', 'gone'] });
      const left = (await bench.replicaSets()).map(({ metadata }) => metadata.name);
      expect(left.toSorted()).toEqual([running, kept, 'theirs'].toSorted());
    },
    TEST_TIMEOUT_MS,
  );
});

describe('labelPods', () => {
  const label = (bench: Workbench, podTemplateHash: string, metadata: object) =>
    does(bench.activities.labelPods, { ...bench.run, revisions: [{ podTemplateHash, metadata }] });

  test(
    'puts the metadata of a role on pods and template, and takes off that of another role alone',
    async () => {
      const bench = await given();
      const hash = await bench.wanted();
      await bench.deployed(2);
      const [pod] = await bench.pods(hash);
      await bench.patch(PODS, pod?.metadata.name ?? '', { metadata: { labels: { mine: 'stays' } } });
      await label(bench, hash, { labels: { role: 'canary', ring: '1' }, annotations: { note: 'tried' } });
      await label(bench, hash, { labels: { role: 'stable' } });
      const pods = await bench.pods(hash);
      expect(pods.map(({ metadata: { labels, annotations } }) => ({ labels, note: annotations?.['note'] }))).toEqual(
        pods.map(({ metadata: { name } }) => ({
          labels: {
            ...APP_LABELS,
            [POD_TEMPLATE_HASH_LABEL]: hash,
            role: 'stable',
            ...(name === pod?.metadata.name && { mine: 'stays' }),
          },
          note: undefined,
        })),
      );
      const { spec } = (await bench.replicaSet(hash))!;
      expect(spec.template.metadata?.labels).toEqual({
        ...APP_LABELS,
        [POD_TEMPLATE_HASH_LABEL]: hash,
        role: 'stable',
      });
      expect(pods).toHaveLength(2);
      expect(await bench.wanted()).toBe(hash);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'writes to no pod that is right already, and pods that come later are right from their start',
    async () => {
      const bench = await given();
      const hash = await bench.wanted();
      await bench.deployed(1);
      await label(bench, hash, { labels: { role: 'canary' } });
      const before = await bench.pods(hash);
      await label(bench, hash, { labels: { role: 'canary' } });
      expect(await bench.pods(hash)).toEqual(before);
      await bench.scale(2);
      await bench.available(hash, 2);
      expect((await bench.pods(hash)).map(({ metadata }) => metadata.labels?.['role'])).toEqual(['canary', 'canary']);
    },
    TEST_TIMEOUT_MS,
  );
});

/** What an eviction takes away is not back before the next one is asked for. */
async function replacementsAreSlow(bench: Workbench, hash: string): Promise<void> {
  await bench.patch(REPLICA_SETS, `someapp-${hash}`, {
    spec: { template: { metadata: { annotations: { [KWOK_ANNOTATIONS.ready]: 'never' } } } },
  });
}

describe('restartPods', () => {
  const restart = (bench: Workbench, atMost: number, beforeMs = Date.now() + 1_000) =>
    does(bench.activities.restartPods, { ...bench.run, beforeMs, atMost });
  const names = async (bench: Workbench, hash: string) =>
    (await bench.pods(hash)).filter(({ metadata }) => !metadata.deletionTimestamp).map(({ metadata }) => metadata.name);
  const createdAtMs = ({ metadata }: KubernetesObject): number => Date.parse(metadata.creationTimestamp ?? '');

  /** A budget that the disruption controller has worked out. */
  async function budget(bench: Workbench, name: string, minAvailable: number): Promise<void> {
    const selector = { matchLabels: APP_LABELS };
    const object = { metadata: { name }, spec: { minAvailable, selector } };
    await bench.create(DISRUPTION_BUDGETS, object);
    await eventually('the budget is known', async () => {
      const found = await bench.read<KubernetesObject & { status?: { expectedPods: number } }>(
        DISRUPTION_BUDGETS,
        name,
      );
      return found?.status?.expectedPods === 2;
    });
  }

  test(
    'evicts the oldest first, and as many as are told',
    async () => {
      const bench = await given();
      const hash = await bench.wanted();
      await bench.deployed(1);
      const [oldest] = await bench.pods(hash);
      await eventually('another second', async () => Date.now() >= createdAtMs(oldest!) + 1_000);
      await bench.scale(3);
      await bench.available(hash, 3);
      const before = await names(bench, hash);
      expect(await restart(bench, 1)).toEqual({ left: 2, evicted: 1 });
      const left = before.filter((name) => name !== oldest?.metadata.name);
      expect(await names(bench, hash)).toEqual(expect.arrayContaining(left));
      await eventually('it is replaced', async () => {
        const after = await names(bench, hash);
        return after.length === 3 && !after.includes(oldest?.metadata.name ?? '');
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'leaves pods that are younger, and those of others',
    async () => {
      const bench = await given();
      const hash = await bench.wanted();
      await bench.deployed(2);
      const metadata = { name: 'theirs', labels: { [POD_TEMPLATE_HASH_LABEL]: hash } };
      const theirs = { metadata, spec: { containers: [{ name: 'app', image: 'app' }] } };
      await bench.create(PODS, theirs);
      const [pod] = await bench.pods(hash);
      expect(await restart(bench, 9, createdAtMs(pod!))).toEqual({ left: 0, evicted: 0 });
      expect(await restart(bench, 9)).toEqual({ left: 0, evicted: 2 });
      expect(await names(bench, hash)).toContain('theirs');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'evicts none while as many are missing as may be',
    async () => {
      const bench = await given();
      const hash = await bench.wanted();
      await bench.deployed(2);
      await bench.when({ image: '2' });
      await bench.patch(REPLICA_SETS, `someapp-${hash}`, {
        spec: { replicas: 3, template: { metadata: { annotations: { [KWOK_ANNOTATIONS.ready]: 'never' } } } },
      });
      await eventually('a third pod', async () => (await names(bench, hash)).length === 3);
      expect(await restart(bench, 1)).toEqual({ left: 3, evicted: 0 });
      expect((await restart(bench, 2)).evicted).toBe(1);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'evicts as many as a PodDisruptionBudget allows, and says how many are left',
    async () => {
      const bench = await given();
      const hash = await bench.wanted();
      await bench.deployed(2);
      await replacementsAreSlow(bench, hash);
      const before = await names(bench, hash);
      await budget(bench, 'one', 1);
      expect(await restart(bench, 2)).toEqual({ left: 1, evicted: 1 });
      expect((await names(bench, hash)).filter((name) => before.includes(name))).toHaveLength(1);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'evicts none where a PodDisruptionBudget allows none, and can be asked again',
    async () => {
      const bench = await given();
      const hash = await bench.wanted();
      await bench.deployed(2);
      const before = await names(bench, hash);
      await budget(bench, 'all', 2);
      expect(await restart(bench, 2)).toEqual({ left: 2, evicted: 0 });
      expect(await names(bench, hash)).toEqual(before);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'is tried again where two PodDisruptionBudgets are for one pod, which the API server refuses as an error of its own',
    async () => {
      const bench = await given();
      await bench.deployed(2);
      await replacementsAreSlow(bench, await bench.wanted());
      await Promise.all(['one', 'another'].map((name) => budget(bench, name, 1)));
      await expect(restart(bench, 2)).rejects.toMatchObject({ type: 'Kubernetes.unavailable', nonRetryable: false });
      await bench.delete(DISRUPTION_BUDGETS, 'another');
      expect(await restart(bench, 2)).toEqual({ left: 1, evicted: 1 });
    },
    TEST_TIMEOUT_MS,
  );
});
