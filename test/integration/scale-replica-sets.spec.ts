import { describe, expect, test } from '@jest/globals';
import { ROLLOUTS, type KubernetesClient, type KubernetesObject, type Location } from '@weir/kubernetes';
import {
  FINALIZER,
  POD_TEMPLATE_HASH_LABEL,
  REVISION_ANNOTATION,
  SCALE_DOWN_ANNOTATION,
  WORKER_FIELD_MANAGER,
} from '@weir/rollout';
import { REPLICA_SETS } from '../support/objects.ts';
import { useSandbox } from '../support/shared.ts';
import { eventually } from '../support/wait.ts';
import { APP_LABELS, templateOf } from '../support/workload-app.ts';
import { Workbench, activitiesWith, attempts, beforePatches, does } from './workbench.ts';

const TEST_TIMEOUT_MS = 60_000;
const used = useSandbox('--no-worker', '--no-api');
const given = (app = {}): Promise<Workbench> => Workbench.given(used.cluster, app);

describe('given a revision without a ReplicaSet', () => {
  test(
    'when it is scaled, then a ReplicaSet is made from the template, and pods come',
    async () => {
      const bench = await given({ spec: { minReadySeconds: 1 } });
      const hash = await bench.wanted();
      const { revisions, scalings } = await bench.scale(2);
      expect(scalings).toEqual([{ name: `someapp-${hash}`, number: 1, to: 2 }]);
      expect(revisions).toMatchObject([{ hash, name: `someapp-${hash}`, number: 1, replicas: 2, available: 0 }]);
      const label = { [POD_TEMPLATE_HASH_LABEL]: hash };
      expect(await bench.available(hash, 2)).toMatchObject({
        metadata: {
          name: `someapp-${hash}`,
          labels: { ...APP_LABELS, ...label },
          annotations: { [REVISION_ANNOTATION]: '1' },
          ownerReferences: [
            {
              apiVersion: 'argoproj.io/v1alpha1',
              kind: 'Rollout',
              name: 'someapp',
              uid: bench.run.uid,
              controller: true,
              blockOwnerDeletion: true,
            },
          ],
        },
        spec: {
          minReadySeconds: 1,
          selector: { matchLabels: { ...APP_LABELS, ...label } },
          template: { metadata: { labels: { ...APP_LABELS, ...label } } },
        },
      });
      expect(await bench.pods(hash)).toHaveLength(2);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when the Rollout says nothing of replicas, then the default is written, for autoscalers',
    async () => {
      const bench = await given({ replicas: null });
      await bench.scale(1);
      expect((await bench.rollout())?.spec?.replicas).toBe(1);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when the template has changed meanwhile, then none is made',
    async () => {
      const bench = await given();
      const wanted = await bench.wanted();
      await bench.when({ image: '2' });
      await expect(bench.scale(1, { wanted })).rejects.toMatchObject({ details: [{ reason: 'RolloutSuperseded' }] });
      expect(await bench.replicaSets()).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when the Rollout was replaced by another of its name, then none is made',
    async () => {
      const bench = await given();
      const { uid } = bench.run;
      await bench.delete(ROLLOUTS, 'someapp');
      await bench.createRollout();
      await expect(bench.scale(1, { uid })).rejects.toMatchObject({ details: [{ reason: 'RolloutSuperseded' }] });
      expect(await bench.replicaSets()).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    "when somebody else's ReplicaSet has its name, then that one is not touched, and it is said whose name it is",
    async () => {
      const bench = await given();
      const name = `someapp-${await bench.wanted()}`;
      const spec = { replicas: 0, selector: { matchLabels: APP_LABELS }, template: templateOf({}) };
      const theirs: KubernetesObject & { spec: object } = { metadata: { name }, spec };
      await bench.create(REPLICA_SETS, theirs);
      await expect(bench.scale(1)).rejects.toMatchObject({
        type: 'CannotProceed',
        message: expect.stringContaining(name),
        details: [{ reason: 'ReplicaSetNotOurs' }],
      });
      const { managedFields = [] } = (await bench.read(REPLICA_SETS, name))?.metadata ?? {};
      expect(managedFields.map(({ manager }) => manager)).not.toContain(WORKER_FIELD_MANAGER);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when one is still there from a Rollout that was deleted, then it is made once that is gone',
    async () => {
      const bench = await given();
      const { metadata } = await bench.deployed(1);
      await bench.patch(REPLICA_SETS, metadata.name, { metadata: { finalizers: ['example.com/holds-it'] } });
      await bench.delete(ROLLOUTS, 'someapp');
      await eventually('it is about to go', async () => {
        return (await bench.replicaSets()).every((one) => one.metadata.deletionTimestamp !== undefined);
      });
      await bench.createRollout();
      await expect(bench.scale(1)).rejects.toMatchObject({ type: 'NotGoneYet', nonRetryable: false });
      await bench.patch(REPLICA_SETS, metadata.name, { metadata: { finalizers: null } });
      await eventually('it is made', async () => (await bench.scale(1)).revisions.length === 1);
      const [made] = await bench.replicaSets();
      expect(made?.metadata.ownerReferences).toMatchObject([{ uid: bench.run.uid }]);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when the API server refuses its pods, then the step fails for good, and on the way home it is tried again',
    async () => {
      const bench = await given();
      await bench.patch(ROLLOUTS, 'someapp', { spec: { template: { spec: { dnsPolicy: 'Nonsense' } } } });
      await expect(bench.scale(1)).rejects.toMatchObject({
        nonRetryable: true,
        details: [{ reason: 'KubernetesInvalid', message: expect.stringContaining('dnsPolicy') }],
      });
      await expect(bench.scale(1, { persistent: true })).rejects.toMatchObject({ type: 'Kubernetes.invalid' });
    },
    TEST_TIMEOUT_MS,
  );
});

describe('given watches that have seen the Rollout and its ReplicaSets', () => {
  /** What is asked of the API server, in order. */
  const counted = async (bench: Workbench) => {
    const kubernetes = Object.create(used.cluster.kubernetes) as KubernetesClient;
    const asked: string[] = [];
    const verbs = ['get', 'list', 'create', 'mergePatch'] as const;
    for (const verb of verbs) {
      const send = used.cluster.kubernetes[verb].bind(used.cluster.kubernetes) as (...args: unknown[]) => unknown;
      Object.assign(kubernetes, {
        [verb]: (at: Location, ...args: unknown[]) => {
          asked.push(`${verb} ${at.resource.plural}`);
          return send(at, ...args);
        },
      });
    }
    const [rollout, replicaSets] = [await bench.rollout(), await bench.replicaSets()];
    const activities = activitiesWith(kubernetes, { rollout: () => rollout, replicaSets: () => replicaSets });
    return { activities, asked };
  };

  test(
    'when one is made, then its template is not read again',
    async () => {
      const bench = await given();
      const { activities, asked } = await counted(bench);
      expect((await attempts(activities.scaleReplicaSets, await bench.scaling(1))).revisions).toHaveLength(1);
      expect(asked).toEqual(['list replicasets', 'create replicasets']);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when the template is another one than was seen, then it is read',
    async () => {
      const bench = await given();
      const { activities } = await counted(bench);
      await bench.when({ image: '2' });
      const { revisions } = await attempts(activities.scaleReplicaSets, await bench.scaling(1));
      expect(revisions).toMatchObject([{ hash: await bench.wanted() }]);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when one is to have another size, then it is written at once',
    async () => {
      const bench = await given();
      const hash = await bench.wanted();
      await bench.deployed(2);
      const { activities, asked } = await counted(bench);
      expect((await attempts(activities.scaleReplicaSets, await bench.scaling(3))).revisions).toMatchObject([
        { hash, replicas: 3 },
      ]);
      expect(asked).toEqual(['mergePatch replicasets']);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when what was seen has moved on, then nothing is written over it, and the next attempt reads',
    async () => {
      const bench = await given();
      const hash = await bench.wanted();
      await bench.deployed(2);
      const { activities, asked } = await counted(bench);
      await bench.scale(3);
      const scaling = await bench.scaling(4);
      await expect(attempts(activities.scaleReplicaSets, scaling)).rejects.toMatchObject({
        type: 'Kubernetes.conflict',
      });
      expect((await bench.replicaSet(hash))?.spec.replicas).toBe(3);
      await does(activities.scaleReplicaSets, scaling, 2);
      expect((await bench.replicaSet(hash))?.spec.replicas).toBe(4);
      expect(asked.slice(0, 2)).toEqual(['mergePatch replicasets', 'list replicasets']);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when it had the size that it is to have, then it is looked whether that is still so',
    async () => {
      const bench = await given();
      const hash = await bench.wanted();
      await bench.deployed(2);
      const { activities } = await counted(bench);
      await bench.scale(3);
      await does(activities.scaleReplicaSets, await bench.scaling(2));
      expect((await bench.replicaSet(hash))?.spec.replicas).toBe(2);
    },
    TEST_TIMEOUT_MS,
  );
});

describe('given a revision with a ReplicaSet', () => {
  test(
    'when it has its size, then nothing is written',
    async () => {
      const bench = await given();
      const before = await bench.deployed(2);
      const { revisions, scalings } = await bench.scale(2);
      expect(scalings).toEqual([]);
      expect(revisions).toMatchObject([{ number: 1, replicas: 2, available: 2 }]);
      expect(await bench.replicaSets()).toEqual([before]);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when it is to have another size, then it gets it, beside that of others',
    async () => {
      const bench = await given();
      const first = await bench.wanted();
      await bench.deployed(2);
      await bench.when({ image: '2' });
      const second = await bench.wanted();
      const targets = [
        { podTemplateHash: first, replicas: 1 },
        { podTemplateHash: second, replicas: 3 },
        { podTemplateHash: 'nobody-knows-it', replicas: 3 },
      ];
      const { scalings } = await bench.scale(3, { targets });
      expect(scalings).toEqual([
        { name: `someapp-${first}`, number: 1, from: 2, to: 1 },
        { name: `someapp-${second}`, number: 2, to: 3 },
      ]);
      await bench.available(first, 1);
      await bench.available(second, 3);
      expect(await bench.replicaSets()).toHaveLength(2);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when an attempt that was thought dead lands late, then it changes nothing',
    async () => {
      const bench = await given();
      const hash = await bench.wanted();
      await bench.deployed(2);
      const late = beforePatches(used.cluster.kubernetes, () => bench.scale(4));
      const attempt = attempts(activitiesWith(late).scaleReplicaSets, await bench.scaling(1));
      await expect(attempt).rejects.toMatchObject({ type: 'Kubernetes.conflict' });
      expect((await bench.replicaSet(hash))?.spec.replicas).toBe(4);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when it keeps its pods for a while, then it carries until when, and later no more',
    async () => {
      const bench = await given();
      const hash = await bench.wanted();
      await bench.deployed(2);
      const target = { podTemplateHash: hash, replicas: 2 };
      const deadline = async () => (await bench.replicaSet(hash))?.metadata.annotations?.[SCALE_DOWN_ANNOTATION];
      const scaleDownAtMs = Date.parse('2030-01-02T03:04:05Z');

      const { revisions, scalings } = await bench.scale(2, { targets: [{ ...target, scaleDownAtMs }] });
      expect(revisions).toMatchObject([{ scaleDownAtMs }]);
      expect(scalings.filter(({ from, to }) => from !== to)).toEqual([]);
      expect(await deadline()).toBe('2030-01-02T03:04:05Z');
      await bench.scale(1, { targets: [{ ...target, replicas: 1 }] });
      expect(await deadline()).toBe('2030-01-02T03:04:05Z');
      await bench.scale(1, { targets: [{ ...target, replicas: 1, scaleDownAtMs: null }] });
      expect(await deadline()).toBeUndefined();
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when an old one is wanted again, then it is the newest by number, once',
    async () => {
      const bench = await given();
      const first = await bench.wanted();
      await bench.scale(0);
      await bench.when({ image: '2' });
      await bench.scale(0);
      await bench.when({ image: '1' });
      expect(await bench.wanted()).toBe(first);
      for (const replicas of [1, 2]) {
        expect((await bench.scale(replicas)).revisions).toMatchObject([{ hash: first, number: 3 }]);
      }
      const numbers = (await bench.replicaSets()).map(({ metadata }) => metadata.annotations?.[REVISION_ANNOTATION]);
      expect(numbers.toSorted()).toEqual(['2', '3']);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when it was made by an Argo controller, then it is adopted: its pods stay, and no other is made',
    async () => {
      const bench = await given();
      const label = { [POD_TEMPLATE_HASH_LABEL]: '6d8f9c7b5' };
      const template = templateOf({}) as { metadata: object };
      const owner = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'someapp', uid: bench.run.uid };
      const theirs = {
        metadata: {
          name: 'someapp-6d8f9c7b5',
          labels: { ...APP_LABELS, ...label },
          annotations: { [REVISION_ANNOTATION]: '7', 'rollout.argoproj.io/desired-replicas': '2' },
          ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }],
        },
        spec: {
          replicas: 2,
          selector: { matchLabels: { ...APP_LABELS, ...label } },
          template: { ...template, metadata: { labels: { ...APP_LABELS, ...label } } },
        },
      };
      await bench.create(REPLICA_SETS, theirs);
      await bench.available('6d8f9c7b5', 2);
      const pods = (await bench.pods('6d8f9c7b5')).map(({ metadata }) => metadata.uid).sort();

      expect(await bench.wanted()).toBe('6d8f9c7b5');
      expect((await bench.scale(3)).scalings).toEqual([{ name: 'someapp-6d8f9c7b5', number: 7, from: 2, to: 3 }]);
      await bench.available('6d8f9c7b5', 3);
      expect(await bench.replicaSets()).toHaveLength(1);
      expect((await bench.pods('6d8f9c7b5')).map(({ metadata }) => metadata.uid)).toEqual(expect.arrayContaining(pods));

      await bench.when({ image: '2' });
      expect((await bench.scale(1)).revisions).toMatchObject([{ number: 8 }]);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when the Rollout is deleted, then the garbage collector takes it and its pods',
    async () => {
      const bench = await given();
      const hash = await bench.wanted();
      await bench.deployed(1);
      expect((await bench.rollout())?.metadata.finalizers ?? []).not.toContain(FINALIZER);
      await bench.delete(ROLLOUTS, 'someapp');
      await eventually('both are gone', async () => {
        return (await bench.replicaSets()).length === 0 && (await bench.pods(hash)).length === 0;
      });
    },
    TEST_TIMEOUT_MS,
  );
});
