import { describe, expect, test } from '@jest/globals';
import { PODS, REPLICA_SETS, ROLLOUTS, type KubernetesObject, type Resource } from '@weir/kubernetes';
import { KWOK_ANNOTATIONS } from '@weir/sandbox';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { NAMESPACE_LIST } from '../support/objects.ts';
import { useSandbox } from '../support/shared.ts';
import { eventually } from '../support/wait.ts';

const TEST_TIMEOUT_MS = 60_000;
/** What a deleted pod may take to be gone on a busy machine; its grace period alone is 30 s. */
const GONE_MS = 15_000;
const used = useSandbox('--no-worker', '--no-api');

interface Pod extends KubernetesObject {
  readonly status: {
    readonly phase: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
    readonly containerStatuses?: readonly { readonly state: object }[];
  };
}

interface DisruptionBudget extends KubernetesObject {
  readonly status?: { readonly expectedPods: number; readonly disruptionsAllowed: number };
}

const MANAGER = { fieldManager: 'test' };
const DISRUPTION_BUDGETS: Resource = { group: 'policy', version: 'v1', plural: 'poddisruptionbudgets' };
const labels = { app: 'pods' };

/** Pods of a ReplicaSet that a Rollout owns, in a namespace of their own. */
class Pods {
  constructor(readonly namespace: string) {}

  static async given(replicas: number, annotations: Readonly<Record<string, string>> = {}): Promise<Pods> {
    const { kubernetes } = used.cluster;
    const pods = new Pods(`p-${randomUUID().slice(0, 8)}`);
    const { namespace } = pods;
    await kubernetes.create({ resource: NAMESPACE_LIST }, { metadata: { name: namespace } }, MANAGER);
    const rollout = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata: { name: 'owner' }, spec: {} };
    const { metadata } = await kubernetes.create<KubernetesObject>({ resource: ROLLOUTS, namespace }, rollout, MANAGER);
    const { apiVersion, kind } = rollout;
    const ownerReferences = [{ apiVersion, kind, name: 'owner', uid: metadata.uid ?? '', controller: true }];
    const template = { metadata: { labels, annotations }, spec: { containers: [{ name: 'app', image: 'app:1' }] } };
    const replicaSet = {
      metadata: { name: 'pods', ownerReferences },
      spec: { replicas, selector: { matchLabels: labels }, template },
    };
    await kubernetes.create({ resource: REPLICA_SETS, namespace }, replicaSet, MANAGER);
    return pods;
  }

  async list(): Promise<readonly Pod[]> {
    return (await used.cluster.kubernetes.list<Pod>({ resource: PODS, namespace: this.namespace })).items;
  }

  /** The first pod, once its kubelet has said something of it. */
  one(): Promise<Pod> {
    return eventually('a pod that runs', async () =>
      (await this.list()).find(({ status }) => status.phase === 'Running'),
    );
  }

  ready(count: number): Promise<readonly Pod[]> {
    return eventually(`${count} ready pods`, async () => {
      const pods = (await this.list()).filter((pod) => isReady(pod) && pod.metadata.deletionTimestamp === undefined);
      return pods.length === count && pods;
    });
  }

  at(name: string): { readonly resource: Resource; readonly namespace: string; readonly name: string } {
    return { resource: PODS, namespace: this.namespace, name };
  }

  evict(name: string): Promise<KubernetesObject> {
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: this.namespace } };
    return used.cluster.kubernetes.create({ ...this.at(name), subresource: 'eviction' }, eviction, MANAGER);
  }
}

const condition = ({ status }: Pod, type: string) => status.conditions?.find((one) => one.type === type);
const isReady = (pod: Pod) => condition(pod, 'Ready')?.status === 'True';

describe('given the pods of a sandbox', () => {
  test(
    'when nothing is said of them, then they are ready at once',
    async () => {
      const pods = await Pods.given(2);
      for (const pod of await pods.ready(2)) {
        expect(pod.status.containerStatuses).toEqual([expect.objectContaining({ ready: true })]);
      }
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when one is to be ready after a while, then it runs at once and is ready then, changed meanwhile or not',
    async () => {
      const pods = await Pods.given(1, { [KWOK_ANNOTATIONS.readyAfter]: '5s' });
      const pod = await pods.one();
      const seenAtMs = Date.now();
      expect(isReady(pod)).toBe(false);
      await delay(3_000);
      const change = { metadata: { labels: { role: 'canary' } } };
      await used.cluster.kubernetes.mergePatch(pods.at(pod.metadata.name), change, MANAGER);
      expect((await pods.list()).map(isReady)).toEqual([false]);
      await pods.ready(1);
      // Had the change started the five seconds anew, it would take eight.
      expect(Date.now() - seenAtMs).toBeLessThan(7_000);
    },
    TEST_TIMEOUT_MS,
  );

  test.each([
    ['never', 'running'],
    ['crash', 'waiting'],
  ])(
    'when one is to be ready: %s, then it is not, and its container is %s',
    async (value, state) => {
      const pods = await Pods.given(1, { [KWOK_ANNOTATIONS.ready]: value, [KWOK_ANNOTATIONS.readyAfter]: '0s' });
      const pod = await pods.one();
      // Pods that come later and are ready say that kwok has had its chance.
      await (await Pods.given(1)).ready(1);
      const [later] = await pods.list();
      expect(later?.metadata.resourceVersion).toBe(pod.metadata.resourceVersion);
      expect(isReady(pod)).toBe(false);
      expect(Object.keys(pod.status.containerStatuses?.[0]?.state ?? {})).toEqual([state]);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when one is made unready by hand, then it stays so',
    async () => {
      const pods = await Pods.given(1, { [KWOK_ANNOTATIONS.readyAfter]: '100ms' });
      const [pod] = await pods.ready(1);
      const at = pods.at(pod?.metadata.name ?? '');
      const conditions = (pod?.status.conditions ?? []).map((one) =>
        one.type === 'Ready' ? { ...one, status: 'False', reason: 'ByHand' } : one,
      );
      await used.cluster.kubernetes.mergePatch({ ...at, subresource: 'status' }, { status: { conditions } }, MANAGER);
      await (await Pods.given(1)).ready(1);
      const after = await used.cluster.kubernetes.get<Pod>(at);
      expect(condition(after, 'Ready')).toMatchObject({ status: 'False', reason: 'ByHand' });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when one is evicted, then it is gone at once, and a PodDisruptionBudget keeps the next until another is ready',
    async () => {
      const pods = await Pods.given(2, { [KWOK_ANNOTATIONS.readyAfter]: '3s' });
      const { kubernetes } = used.cluster;
      const at = { resource: DISRUPTION_BUDGETS, namespace: pods.namespace };
      const budget = { metadata: { name: 'one' }, spec: { maxUnavailable: 1, selector: { matchLabels: labels } } };
      await kubernetes.create(at, budget, MANAGER);
      const [first, second] = (await pods.ready(2)).map(({ metadata }) => metadata.name);
      await eventually('the budget allows one', async () => {
        const { status } = await kubernetes.get<DisruptionBudget>({ ...at, name: 'one' });
        return status?.expectedPods === 2 && status.disruptionsAllowed === 1;
      });

      await pods.evict(first ?? '');
      await expect(pods.evict(second ?? '')).rejects.toMatchObject({ status: 429 });
      await eventually(
        'it is gone, without a grace period',
        async () => (await pods.list()).every(({ metadata }) => metadata.name !== first),
        GONE_MS,
      );
      await pods.ready(2);
      await eventually('the other is taken', async () => (await pods.evict(second ?? '')).metadata.name !== '');
    },
    TEST_TIMEOUT_MS,
  );
});
