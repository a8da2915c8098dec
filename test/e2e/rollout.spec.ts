import { describe, expect, test } from '@jest/globals';
import { SIGNALS, WORKFLOW_TYPE, type CanaryRolloutInput } from '@weir/contract';
import { ROLLOUTS, SERVICES, type KubernetesObject } from '@weir/kubernetes';
import { FINALIZER, INSTANCE_ID, INSTANCE_ID_LABEL, MANAGED_BY_ANNOTATION, OWNER_ANNOTATION } from '@weir/rollout';
import { mapping } from '../support/objects.ts';
import { Scenario } from '../support/scenario.ts';
import { useSandbox } from '../support/shared.ts';
import { eventually } from '../support/wait.ts';

const TEST_TIMEOUT_MS = 60_000;
const UNTIL_PROMOTED = { pause: {} };
const canary = 'stable-mapping0-canary';
const used = useSandbox();

/** The example, with pauses of two seconds. */
const EXAMPLE = [{ setWeight: 30 }, { pause: { duration: '2s' } }, { setWeight: 60 }, { pause: { duration: 2 } }];

describe('given the example manifest', () => {
  test(
    'when it is PUT, then traffic moves 0, 30, 60, 100 and the stable Service takes over',
    async () => {
      const scenario = await Scenario.given(used.cluster, { steps: EXAMPLE });
      await scenario.put();
      await scenario.phase('Healthy');
      await scenario.settled();

      expect(scenario.course()).toEqual([0, 30, 60, 100, 'gone'].map((weight) => `${canary} ${weight}`));
      expect(scenario.writes.map(({ generation }) => generation)).toEqual([1, 2, 3, 4, 4]);
      expect(await scenario.selectorOf('someapp-stable')).toEqual({ app: 'someapp', version: 'v2' });
      expect(await scenario.canaryMappings()).toEqual([]);
      expect((await scenario.mapping('stable-mapping'))?.metadata.generation).toBe(1);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when it is promoted, then its status reads as Argo Rollouts would write it',
    async () => {
      const scenario = await Scenario.given(used.cluster, { steps: EXAMPLE });
      await scenario.put();
      const paused = await scenario.pausedAt(1);
      expect(paused).toMatchObject({
        observedGeneration: '1',
        message: 'CanaryPauseStep',
        controllerPause: true,
        pauseConditions: [{ reason: 'CanaryPauseStep' }],
        canary: { weights: { canary: { weight: 30, serviceName: 'someapp-canary' }, stable: { weight: 70 } } },
      });
      const healthy = await scenario.phase('Healthy');
      expect(healthy).toMatchObject({ message: '', currentStepIndex: 4, currentPodHash: scenario.revisionOfCanary() });
      expect(healthy.stableRS).toBe(healthy.currentPodHash);
      expect(healthy).not.toHaveProperty('pauseConditions');
      expect(healthy.conditions).toEqual(
        expect.arrayContaining([expect.objectContaining({ type: 'Healthy', status: 'True' })]),
      );
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when it is applied with kubectl instead, then the watch starts the run',
    async () => {
      const scenario = await Scenario.given(used.cluster, { steps: [{ setWeight: 10 }] });
      const labels = { [INSTANCE_ID_LABEL]: INSTANCE_ID };
      await scenario.create(ROLLOUTS, { ...scenario.manifest(), metadata: { name: scenario.name, labels } });
      await scenario.phase('Healthy');
      expect(scenario.course()).toEqual([`${canary} 0`, `${canary} 10`, `${canary} 100`, `${canary} gone`]);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when both Services select the same pods already, then there is nothing to do',
    async () => {
      const scenario = await Scenario.given(used.cluster, { steps: EXAMPLE });
      await scenario.patch(SERVICES, 'someapp-canary', { spec: { selector: { version: 'v1' } } });
      await scenario.put();
      expect(await scenario.phase('Healthy')).toMatchObject({ currentStepIndex: 4 });
      expect(scenario.writes).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when the same is PUT again after the canary Service selects a new revision, then that is rolled out',
    async () => {
      const scenario = await Scenario.given(used.cluster, { steps: [{ setWeight: 20 }] });
      await scenario.put();
      await scenario.phase('Healthy');
      await scenario.settled();
      await scenario.patch(SERVICES, 'someapp-canary', { spec: { selector: { version: 'v1' } } });
      await scenario.put();
      await eventually(
        'the stable Service selects v1',
        async () => (await scenario.selectorOf('someapp-stable'))['version'] === 'v1',
      );
    },
    TEST_TIMEOUT_MS,
  );
});

describe('given a rollout under way', () => {
  test(
    'then its canary Mapping is a copy that says whose it is, and the Rollout is held by a finalizer',
    async () => {
      const scenario = await Scenario.given(used.cluster, { steps: [{ setWeight: 30 }, UNTIL_PROMOTED], mappings: [] });
      const labels = { host: 'api', 'app.kubernetes.io/instance': 'argocd' };
      const spec = {
        resolver: 'endpoint',
        circuit_breakers: [{ max_connections: 9 }],
        prefix: `/${scenario.namespace}`,
      };
      await scenario.create(
        { group: 'getambassador.io', version: 'v2', plural: 'mappings' },
        mapping('own', spec, labels),
      );
      const manifest = scenario.manifest();
      manifest.spec.strategy.canary.trafficRouting.ambassador.mappings = ['own'];
      await scenario.put(manifest);
      await scenario.pausedAt(1);

      const copy = await scenario.mapping('own0-canary');
      expect(copy?.spec).toEqual({ ...spec, rewrite: '/', service: 'someapp-canary:80', weight: 30 });
      expect(copy?.metadata.labels).toEqual({ host: 'api', 'weir.dev/rollout': 'someapp' });
      expect(JSON.parse(copy?.metadata.annotations?.[OWNER_ANNOTATION] ?? '')).toMatchObject({
        workflowId: scenario.workflowId,
      });
      expect((await scenario.rollout())?.metadata.finalizers).toEqual([FINALIZER]);
      await scenario.post('abort');
      await scenario.settled();
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'with several Mappings, then all stand at the same weight when a pause begins',
    async () => {
      const scenario = await Scenario.given(used.cluster, {
        steps: [{ setWeight: 30 }, UNTIL_PROMOTED],
        mappings: ['a', 'b', 'c'],
      });
      await scenario.put();
      await scenario.pausedAt(1);
      expect((await scenario.canaryMappings()).map(({ spec }) => spec.weight)).toEqual([30, 30, 30]);
      await scenario.post('promote');
      await scenario.phase('Healthy');
      expect(await scenario.canaryMappings()).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when the history is continued as new in every step, then nothing is written twice',
    async () => {
      const scenario = await Scenario.given(used.cluster, { steps: EXAMPLE });
      const input: CanaryRolloutInput = { rollout: scenario.ref, continueAsNewAfterEvents: 15 };
      const labels = { [INSTANCE_ID_LABEL]: INSTANCE_ID };
      // Before the Rollout, so that the watch finds this run and not one of its own.
      await used.cluster.temporal.workflow.start(WORKFLOW_TYPE, {
        workflowId: scenario.workflowId,
        taskQueue: 'weir',
        args: [input],
        startDelay: '1 second',
      });
      const { metadata } = await scenario.create<KubernetesObject>(ROLLOUTS, {
        ...scenario.manifest(),
        metadata: { name: scenario.name, labels },
      });
      const { uid, generation } = metadata;
      await used.cluster.runs.handle(scenario.ref).signal(SIGNALS.specChanged, { uid, generation });
      await scenario.phase('Healthy');
      expect(scenario.course()).toEqual([0, 30, 60, 100, 'gone'].map((weight) => `${canary} ${weight}`));
      const runs = used.cluster.temporal.workflow.list({ query: `WorkflowId = '${scenario.workflowId}'` });
      await eventually('several executions', async () => {
        let count = 0;
        for await (const _run of runs) {
          count += 1;
        }
        return count > 2;
      });
    },
    TEST_TIMEOUT_MS,
  );
});

describe('given a rollout that ends', () => {
  test(
    'when it is promoted, then the stable Service says that Weir manages it',
    async () => {
      const scenario = await Scenario.given(used.cluster, { steps: [] });
      await scenario.put();
      await scenario.phase('Healthy');
      const service = await used.cluster.kubernetes.get({
        resource: SERVICES,
        namespace: scenario.namespace,
        name: 'someapp-stable',
      });
      expect(service.metadata.annotations?.[MANAGED_BY_ANNOTATION]).toBe('someapp');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when the Rollout is deleted in mid-run, then traffic goes home before the Rollout goes',
    async () => {
      const scenario = await Scenario.given(used.cluster, { steps: [{ setWeight: 30 }, UNTIL_PROMOTED] });
      await scenario.put();
      await scenario.pausedAt(1);
      await scenario.delete(ROLLOUTS, scenario.name);
      await eventually('the Rollout is gone', async () => (await scenario.rollout()) === undefined);
      await scenario.settled();
      expect(scenario.course()).toEqual([`${canary} 0`, `${canary} 30`, `${canary} 0`, `${canary} gone`]);
      expect(await scenario.selectorOf('someapp-stable')).toEqual({ app: 'someapp', version: 'v1' });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when it is promoted, then no finalizer is left on it that would hold its deletion',
    async () => {
      const scenario = await Scenario.given(used.cluster, { steps: [] });
      await scenario.put();
      await scenario.phase('Healthy');
      await scenario.settled();
      expect((await scenario.rollout())?.metadata.finalizers).toBeUndefined();
      expect((await scenario.request('DELETE')).ok).toBe(true);
      await eventually('the Rollout is gone', async () => (await scenario.rollout()) === undefined);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when its workflow is cancelled, then it is aborted with cleanup',
    async () => {
      const scenario = await Scenario.given(used.cluster, { steps: [{ setWeight: 30 }, UNTIL_PROMOTED] });
      await scenario.put();
      await scenario.pausedAt(1);
      await used.cluster.runs.handle(scenario.ref).cancel();
      expect((await scenario.settled()).status.name).toBe('CANCELLED');
      expect(await scenario.status()).toMatchObject({ phase: 'Degraded', abort: true });
      expect(await scenario.canaryMappings()).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when its workflow was terminated, then the next PUT starts clean',
    async () => {
      const scenario = await Scenario.given(used.cluster, { steps: [{ setWeight: 30 }, UNTIL_PROMOTED] });
      await scenario.put();
      await scenario.pausedAt(1);
      await used.cluster.runs.handle(scenario.ref).terminate('by the test');
      expect((await scenario.canaryMappings()).map(({ spec }) => spec.weight)).toEqual([30]);
      await scenario.put();
      await eventually('raised anew', async () => scenario.course().length === 5);
      expect(scenario.course()).toEqual([0, 30, 'gone', 0, 30].map((weight) => `${canary} ${weight}`));
      await eventually('it pauses, and is promoted', async () => (await scenario.post('promote')).ok);
      await scenario.phase('Healthy');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when its steps change in mid-run, then it starts over with the new ones',
    async () => {
      const scenario = await Scenario.given(used.cluster, { steps: [{ setWeight: 30 }, UNTIL_PROMOTED] });
      await scenario.put();
      await scenario.pausedAt(1);
      const manifest = scenario.manifest();
      manifest.spec.strategy.canary.steps = [{ setWeight: 5 }];
      await scenario.put(manifest);
      await scenario.phase('Healthy');
      expect(scenario.course()).toEqual([0, 30, 0, 'gone', 0, 5, 100, 'gone'].map((weight) => `${canary} ${weight}`));
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when the instance-id label is taken off, then it holds until the label is back',
    async () => {
      const scenario = await Scenario.given(used.cluster, { steps: [{ setWeight: 30 }, { pause: { duration: 3 } }] });
      await scenario.put();
      await scenario.pausedAt(1);
      await scenario.patch(ROLLOUTS, scenario.name, { metadata: { labels: { [INSTANCE_ID_LABEL]: null } } });
      await eventually('it says why', async () => (await scenario.status())?.message.startsWith('NotOwned'));
      await scenario.patch(ROLLOUTS, scenario.name, { metadata: { labels: { [INSTANCE_ID_LABEL]: INSTANCE_ID } } });
      await scenario.phase('Healthy');
    },
    TEST_TIMEOUT_MS,
  );
});

describe('given something in the way', () => {
  test.each<[string, readonly string[] | undefined, RegExp]>([
    ['a Mapping that does not exist', ['nowhere'], /nowhere does not exist/],
    ['an empty list of mappings', [], /names no mappings/],
    ['no list of mappings', undefined, /names no mappings/],
  ])(
    '%s, then a Warning Event says so, the run ends aborted, and nothing is created',
    async (_name, mappings, message) => {
      const scenario = await Scenario.given(used.cluster, { steps: EXAMPLE });
      const manifest = scenario.manifest();
      manifest.spec.strategy.canary.trafficRouting.ambassador = mappings === undefined ? {} : { mappings };
      await scenario.put(manifest);
      expect(await scenario.phase('Degraded')).toMatchObject({ abort: true });
      const events = await scenario.events();
      expect(events.map(({ type, reason }) => ({ type, reason }))).toEqual([
        { type: 'Warning', reason: 'AmbassadorMappingNotFound' },
      ]);
      expect(events[0]?.message).toMatch(message);
      expect(scenario.writes).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'a Mapping that is created afterwards, then the next PUT goes through',
    async () => {
      const scenario = await Scenario.given(used.cluster, { steps: [{ setWeight: 30 }], mappings: [] });
      const manifest = scenario.manifest();
      manifest.spec.strategy.canary.trafficRouting.ambassador.mappings = ['late'];
      await scenario.put(manifest);
      await scenario.phase('Degraded');
      await scenario.settled();
      const late = mapping('late', { prefix: `/${scenario.namespace}` });
      await scenario.create({ group: 'getambassador.io', version: 'v2', plural: 'mappings' }, late);
      await scenario.put(manifest);
      await scenario.phase('Healthy');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    "somebody's own Mapping of the canary's name, then it is never touched",
    async () => {
      const scenario = await Scenario.given(used.cluster, { steps: EXAMPLE });
      const foreign = mapping(canary, { prefix: '/elsewhere', weight: 7 });
      await scenario.create({ group: 'getambassador.io', version: 'v2', plural: 'mappings' }, foreign);
      await scenario.put();
      expect((await scenario.phase('Degraded')).message).toMatch(/CanaryMappingNotOurs/);
      expect(await scenario.mapping(canary)).toMatchObject({ spec: { weight: 7 }, metadata: { generation: 1 } });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'a canary Service without ready endpoints, then no traffic goes there',
    async () => {
      const scenario = await Scenario.given(used.cluster, { steps: EXAMPLE });
      await scenario.patch(SERVICES, 'someapp-canary', { spec: { selector: { version: 'v3' } } });
      await eventually('no endpoints', async () => !(await scenario.hasReadyEndpoints('someapp-canary')));
      await scenario.put();
      expect((await scenario.phase('Degraded')).message).toMatch(/^NoReadyEndpoints/);
      expect(scenario.writes).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );
});
