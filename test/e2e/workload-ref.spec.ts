import { describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '@weir/kubernetes';
import { DEPLOYMENTS } from '../support/objects.ts';
import { useSandbox } from '../support/shared.ts';
import { eventually } from '../support/wait.ts';
import { APP_LABELS, setWeight, templateOf, untilPromoted, type App } from '../support/workload-app.ts';
import { useWorkloads, type WorkloadScenario } from '../support/workload-scenario.ts';

const TEST_TIMEOUT_MS = 60_000;
const used = useSandbox();
const given = useWorkloads(used);

interface Deployment extends KubernetesObject {
  readonly spec: { readonly replicas: number };
}

/** A Rollout whose template is a Deployment's. */
function byReference(app: App, reference: object = {}, spec: object = {}): App {
  const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'someapp', ...reference };
  return { ...app, spec: { template: undefined, selector: undefined, workloadRef, ...spec } };
}

function createDeployment(app: WorkloadScenario, replicas: number, of: App = {}): Promise<KubernetesObject> {
  const spec = { replicas, selector: { matchLabels: APP_LABELS }, template: templateOf(of) };
  return app.create(DEPLOYMENTS, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'someapp' },
    spec,
  } as KubernetesObject);
}

const deploymentHas = (app: WorkloadScenario, replicas: number): Promise<unknown> =>
  eventually(
    `the Deployment has ${replicas} replicas`,
    async () => (await app.read<Deployment>(DEPLOYMENTS, 'someapp'))?.spec.replicas === replicas,
  );

describe('given a Rollout that names a Deployment for its template', () => {
  test(
    'when the Deployment gets another image, then that is rolled out by the steps',
    async () => {
      const app = await given(byReference({ replicas: 2, steps: [setWeight(50), untilPromoted] }));
      await createDeployment(app, 0);
      await app.deployed();
      expect(await app.status()).toMatchObject({ workloadObservedGeneration: '1' });
      await app.hasPods({ 1: 2 });

      await app.patch(DEPLOYMENTS, 'someapp', { spec: { template: templateOf({ image: '2' }) } });
      await app.statusThat('the new template is tried', ({ phase }) => phase === 'Paused');
      expect(await app.status()).toMatchObject({ workloadObservedGeneration: '2', currentStepIndex: 1 });
      await app.hasPods({ 1: 2, 2: 1 });
      await app.command('promote');
      await app.healthy();
      await app.settled();
      await app.hasPods({ 2: 2 });
      const { spec } = (await app.rollout()) as { spec?: { template?: object } };
      expect(spec?.template).toBeUndefined();
      await app.went('workload-ref');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when there is no such Deployment, then it is Degraded until there is one',
    async () => {
      const app = await given(byReference({}));
      await app.put();
      expect((await app.phase('Degraded')).message).toContain('someapp');
      await app.hasPods({});
      await createDeployment(app, 0);
      await app.healthy();
      await app.hasPods({ 1: 1 });

      await app.when(byReference({}, { name: 'nowhere' }));
      expect((await app.phase('Degraded')).message).toContain('nowhere');
      await app.hasPods({ 1: 1 });
      await app.when(byReference({}));
      await app.healthy();
      await app.hasPods({ 1: 1 });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when it has a template, too, then it is refused, with the field named',
    async () => {
      const app = await given(byReference({}, {}, { template: templateOf({}) }));
      const response = await app.request('PUT', '', app.manifest());
      expect(response.status).toBe(422);
      const { errors } = (await response.json()) as { errors: readonly { path: string }[] };
      expect(errors.map(({ path }) => path)).toContain('spec.workloadRef');
    },
    TEST_TIMEOUT_MS,
  );
});

describe('given a Deployment with pods of its own', () => {
  test.each(['never', undefined])(
    'when scaleDown is %s, then it keeps them',
    async (scaleDown) => {
      const app = await given(byReference({ replicas: 2 }, { ...(scaleDown && { scaleDown }) }));
      await createDeployment(app, 2);
      await app.deployed();
      await app.hasPods({ 1: 2 });
      await deploymentHas(app, 2);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when scaleDown is onsuccess, then it keeps them until the first revision serves',
    async () => {
      const app = await given(byReference({ replicas: 2 }, { scaleDown: 'onsuccess' }));
      await createDeployment(app, 2, { ready: 'never' });
      await app.put();
      await app.pods(1, 'ready', 1);
      await eventually('one available', async () => (await app.revision(1)).status?.availableReplicas === 1);
      await deploymentHas(app, 2);
      await app.pods(1, 'ready', 1);
      await app.healthy();
      await deploymentHas(app, 0);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when scaleDown is progressively, then it loses one for each that the first revision has ready',
    async () => {
      const app = await given(byReference({ replicas: 4 }, { scaleDown: 'progressively' }));
      await createDeployment(app, 4, { ready: 'never' });
      await app.put();
      await app.pods(1, 'ready', 1);
      await deploymentHas(app, 3);
      await app.pods(1, 'ready', 2);
      await deploymentHas(app, 1);
      await app.pods(1, 'ready', 1);
      await app.healthy();
      await deploymentHas(app, 0);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when scaleDown is progressively and the first revision fails, then it gets its pods back',
    async () => {
      const app = await given(
        byReference({ replicas: 4 }, { scaleDown: 'progressively' }, { progressDeadlineSeconds: 3 }),
      );
      await createDeployment(app, 4, { ready: 'never' });
      await app.put();
      await app.pods(1, 'ready', 2);
      await deploymentHas(app, 2);
      await app.degraded('ProgressDeadlineExceeded');
      await deploymentHas(app, 4);
    },
    TEST_TIMEOUT_MS,
  );
});
