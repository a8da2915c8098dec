import { describe, expect, test } from '@jest/globals';
import { ROLLOUTS, SERVICES, type KubernetesObject } from '@weir/kubernetes';
import { INSTANCE_ID, INSTANCE_ID_LABEL, MANAGED_BY_ANNOTATION, POD_TEMPLATE_HASH_LABEL } from '@weir/rollout';
import { useSandbox } from '../support/shared.ts';
import { eventually } from '../support/wait.ts';
import { SERVICE, pause, setWeight, untilPromoted } from '../support/workload-app.ts';
import { useWorkloads } from '../support/workload-scenario.ts';

const TEST_TIMEOUT_MS = 60_000;
const used = useSandbox();
const given = useWorkloads(used);

describe('given an app that was never deployed', () => {
  test(
    'when it is PUT, then it goes straight to stable: no steps, no canary Mapping, Services when the pods are there',
    async () => {
      const app = await given({ replicas: 4, steps: [setWeight(25), untilPromoted] });
      const status = await app.deployed();

      expect(status).toMatchObject({
        currentStepIndex: 2,
        replicas: 4,
        updatedReplicas: 4,
        readyReplicas: 4,
        availableReplicas: 4,
        HPAReplicas: 4,
        selector: 'app=someapp',
      });
      expect(status.stableRS).toBe(status.currentPodHash);
      expect(await app.selected()).toEqual({ stable: 1, canary: 1 });
      expect(await app.outcome()).toBe('promoted');
      await app.went('first-deploy');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    "when it is PUT, then its ReplicaSet and Services look as Argo's would",
    async () => {
      const app = await given({ replicas: 2, spec: { minReadySeconds: 1 } });
      const { currentPodHash: hash } = await app.deployed();
      const { metadata, spec } = await app.revision(1);

      expect(metadata).toMatchObject({
        name: `someapp-${hash}`,
        labels: { app: 'someapp', [POD_TEMPLATE_HASH_LABEL]: hash },
        ownerReferences: [{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'someapp', controller: true }],
      });
      expect(spec).toMatchObject({
        replicas: 2,
        minReadySeconds: 1,
        selector: { matchLabels: { app: 'someapp', [POD_TEMPLATE_HASH_LABEL]: hash } },
        template: { metadata: { labels: { app: 'someapp', [POD_TEMPLATE_HASH_LABEL]: hash } } },
      });
      for (const name of Object.values(SERVICE)) {
        const service = await app.read<KubernetesObject>(SERVICES, name);
        expect(service?.metadata.annotations?.[MANAGED_BY_ANNOTATION]).toBe('someapp');
      }
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when its pods take their time, then the Services select no revision until they are available',
    async () => {
      const app = await given({ replicas: 2, ready: 'never' });
      await app.put();
      await app.hasPods({ 1: 2 });
      await app.pods(1, 'ready', 1);
      await eventually('one available', async () => (await app.revision(1)).status?.availableReplicas === 1);
      expect(await app.selected()).toEqual({ stable: undefined, canary: undefined });
      const status = await app.statusThat('one available', ({ availableReplicas }) => availableReplicas === 1);
      expect(status.phase).toBe('Progressing');

      await app.pods(1, 'ready', 1);
      await app.healthy();
      expect(await app.selected()).toEqual({ stable: 1, canary: 1 });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when it is applied with kubectl, without a number of pods, then the watch starts it with one',
    async () => {
      const app = await given({ replicas: null });
      const metadata = { name: app.name, labels: { [INSTANCE_ID_LABEL]: INSTANCE_ID } };
      await app.create(ROLLOUTS, { ...app.manifest(), metadata });
      await app.healthy();
      await app.hasPods({ 1: 1 });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when it wants no pods, then it is healthy with none, and gets its pods when it is scaled',
    async () => {
      const app = await given({ replicas: 0 });
      await app.deployed();
      await app.hasPods({});
      await app.when({ replicas: 2 });
      await app.healthy();
      await app.hasPods({ 1: 2 });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when its manifest is applied with kubectl and is wrong, then it is Degraded until it is mended',
    async () => {
      const app = await given({ steps: [setWeight(150)] });
      const metadata = { name: app.name, labels: { [INSTANCE_ID_LABEL]: INSTANCE_ID } };
      await app.create(ROLLOUTS, { ...app.manifest(), metadata });
      expect((await app.degraded('InvalidSpec')).message).toContain('steps[0].setWeight');
      await app.hasPods({});

      await app.patch(ROLLOUTS, app.name, { spec: { strategy: { canary: { steps: [setWeight(50)] } } } });
      await app.healthy();
      await app.hasPods({ 1: 1 });
    },
    TEST_TIMEOUT_MS,
  );
});

describe('given a first deploy whose pods never become ready', () => {
  const bad = { replicas: 4, image: 'bad', ready: 'crash', spec: { progressDeadlineSeconds: 2 } } as const;

  test(
    'when a good image follows, then that goes straight to stable, and the bad pods go',
    async () => {
      const app = await given({ ...bad, steps: [setWeight(50)] });
      await app.put();
      await app.degraded('ProgressDeadlineExceeded');
      expect(await app.selected()).toEqual({ stable: undefined, canary: undefined });

      await app.when({ image: 'good', ready: undefined });
      await app.healthy();
      await app.hasPods({ 2: 4 });
      expect(await app.selected()).toEqual({ stable: 2, canary: 2 });
      await app.settled();
      await app.went('first-deploy-bad-to-good');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when a good image with a pause in its steps follows, then it does not wait: there is nothing to go back to',
    async () => {
      const app = await given({ ...bad, steps: [setWeight(50), pause(3_600)] });
      await app.put();
      await app.degraded('ProgressDeadlineExceeded');
      await app.when({ image: 'good', ready: undefined });
      await app.healthy();
      await app.hasPods({ 2: 4 });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when another bad image follows, then that is Degraded too, no Service is switched, and no pod is taken away',
    async () => {
      const app = await given(bad);
      await app.put();
      await app.degraded('ProgressDeadlineExceeded');
      await app.whenImage('worse');
      await app.degraded('ProgressDeadlineExceeded');
      // Those of the first are all that the Services may have.
      await app.hasPods({ 1: 4, 2: 4 });
      expect(await app.selected()).toEqual({ stable: undefined, canary: undefined });
    },
    TEST_TIMEOUT_MS,
  );
});
