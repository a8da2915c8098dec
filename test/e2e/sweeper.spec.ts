import { describe, expect, test } from '@jest/globals';
import type { SweepReport } from '@weir/contract';
import { ROLLOUTS, type KubernetesObject } from '@weir/kubernetes';
import { OWNER_ANNOTATION, ROLLOUT_LABEL } from '@weir/rollout';
import { sweepNow, sweepScheduleId } from '@weir/temporal';
import { MAPPINGS, mapping } from '../support/objects.ts';
import { Scenario } from '../support/scenario.ts';
import { useSandbox } from '../support/shared.ts';
import { eventually } from '../support/wait.ts';

const TEST_TIMEOUT_MS = 120_000;
/** What is promised: a run that somebody terminates leaves the cluster clean within a minute. */
const CLEAN_MS = 60_000;
const canary = 'stable-mapping0-canary';
const STEPS = [{ setWeight: 30 }, { pause: {} }];
const used = useSandbox();

async function givenPaused(): Promise<Scenario> {
  const scenario = await Scenario.given(used.cluster, { steps: STEPS });
  await scenario.put();
  await scenario.pausedAt(1);
  return scenario;
}

/** Reports of the sweeps of the last minutes. */
async function reports(): Promise<SweepReport[]> {
  const { temporal } = used.cluster;
  const { info } = await temporal.schedule.getHandle(sweepScheduleId('weir')).describe();
  const ids = info.recentActions.map(({ action }) => action.workflow.workflowId);
  return Promise.all(ids.map((id) => temporal.workflow.result(id) as Promise<SweepReport>));
}

async function executionsOf({ workflowId }: Scenario): Promise<string[]> {
  const statuses: string[] = [];
  for await (const { status } of used.cluster.temporal.workflow.list({ query: `WorkflowId = '${workflowId}'` })) {
    statuses.push(status.name);
  }
  return statuses;
}

describe('given a run that somebody terminates in the Temporal UI', () => {
  test(
    'then within a minute its canary Mapping is gone, and the Rollout says why',
    async () => {
      const scenario = await givenPaused();
      await used.cluster.runs.handle(scenario.ref).terminate('by hand');
      await eventually('the cluster is clean', async () => (await scenario.canaryMappings()).length === 0, CLEAN_MS);
      const status = await scenario.statusThat('aborted', ({ abort }) => abort === true);
      expect(status.message).toMatch(/aborted by the sweeper: .*stable-mapping0-canary .*TERMINATED/);
      await scenario.settled();
      // Nothing was raised on the way.
      expect(scenario.course().filter((write) => write !== `${canary} 0`)).toEqual([`${canary} 30`, `${canary} gone`]);
      expect((await scenario.rollout())?.metadata.finalizers ?? []).toEqual([]);
      expect((await reports()).flatMap(({ broughtHome }) => broughtHome)).toContain(scenario.workflowId);

      // A person can try again as after any abort.
      expect((await scenario.post('retry')).ok).toBe(true);
      await scenario.pausedAt(1);
      await scenario.post('promote');
      await scenario.phase('Healthy');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'and whose Rollout is wanted otherwise before the sweep comes, then the sweep leaves that run alone',
    async () => {
      const scenario = await givenPaused();
      await used.cluster.runs.handle(scenario.ref).terminate('by hand');
      const manifest = scenario.manifest();
      manifest.spec.strategy.canary.steps = [{ setWeight: 40 }, { pause: {} }];
      await scenario.put(manifest);
      await scenario.pausedAt(1);
      await sweepNow(used.cluster.temporal, 'weir');
      await eventually('a sweep was over it', async () => (await reports()).length > 0);
      expect((await scenario.mapping(canary))?.spec.weight).toBe(40);
      await scenario.post('promote');
      await scenario.phase('Healthy');
    },
    TEST_TIMEOUT_MS,
  );
});

describe('given a canary Mapping of another installation of Weir', () => {
  test(
    'then it is reported, and not touched',
    async () => {
      const scenario = await Scenario.given(used.cluster, { steps: STEPS });
      const owner = { installation: 'elsewhere/weir', workflowId: 'rollout/elsewhere/ns/app', runId: 'r' };
      const theirs = mapping('theirs0-canary', { weight: 20 }, { [ROLLOUT_LABEL]: 'app' });
      const annotations = { [OWNER_ANNOTATION]: JSON.stringify(owner) };
      const made = await scenario.create(MAPPINGS, { ...theirs, metadata: { ...theirs.metadata, annotations } });
      const expected = { namespace: scenario.namespace, name: 'theirs0-canary', workflowId: owner.workflowId };
      await sweepNow(used.cluster.temporal, 'weir');
      await eventually('it is reported', async () =>
        (await reports()).some(({ foreign }) => foreign.some(({ namespace }) => namespace === scenario.namespace)),
      );
      expect((await reports()).at(-1)?.foreign).toContainEqual(expected);
      expect((await scenario.mapping('theirs0-canary'))?.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
    },
    TEST_TIMEOUT_MS,
  );
});

describe('given runs that end as they should', () => {
  test(
    'while one sweep follows the other, then none is mistaken for one that left something behind',
    async () => {
      const sweeping = new AbortController();
      const sweeps = (async () => {
        while (!sweeping.signal.aborted) {
          await sweepNow(used.cluster.temporal, 'weir');
        }
      })();
      const steps = [{ setWeight: 50 }];
      const scenarios = await Promise.all([1, 2, 3].map(() => Scenario.given(used.cluster, { steps })));
      await Promise.all(scenarios.map((scenario) => scenario.put()));
      await Promise.all(scenarios.map((scenario) => scenario.phase('Healthy')));
      await Promise.all(scenarios.map((scenario) => scenario.settled()));
      sweeping.abort();
      await sweeps;
      for (const scenario of scenarios) {
        expect(await executionsOf(scenario)).toEqual(['COMPLETED']);
        expect((await scenario.status())?.phase).toBe('Healthy');
      }
    },
    TEST_TIMEOUT_MS,
  );
});

describe('given a run that was promoted', () => {
  test(
    'when a creation that it had given up lands after it, then that is taken away, and the Rollout stays Healthy',
    async () => {
      const scenario = await givenPaused();
      const { apiVersion, kind, metadata, spec } = (await scenario.mapping(canary)) ?? {};
      await scenario.post('promote');
      await scenario.phase('Healthy');
      await scenario.settled();
      const { name, namespace, labels, annotations, ownerReferences } = metadata ?? { name: canary };
      const late = { apiVersion, kind, metadata: { name, namespace, labels, annotations, ownerReferences } };
      await scenario.create(MAPPINGS, { ...late, spec: { ...spec, weight: 0 } } as KubernetesObject);
      await sweepNow(used.cluster.temporal, 'weir');
      await eventually('the cluster is clean', async () => (await scenario.canaryMappings()).length === 0, CLEAN_MS);
      await scenario.settled();
      expect(await scenario.status()).toMatchObject({ phase: 'Healthy' });
      expect((await scenario.status())?.abort).toBeUndefined();
    },
    TEST_TIMEOUT_MS,
  );
});

describe('given that no worker is up', () => {
  test(
    'when a Rollout vanishes because its finalizer is stripped, then its run ends once a worker is back',
    async () => {
      const scenario = await givenPaused();
      await used.processes.kill('worker');
      await scenario.patch(ROLLOUTS, scenario.name, { metadata: { finalizers: null } });
      await scenario.delete(ROLLOUTS, scenario.name);
      await eventually('the Rollout is gone', async () => (await scenario.rollout()) === undefined);
      await used.processes.startWorker();
      expect((await scenario.settled()).status.name).toBe('COMPLETED');
      expect(await scenario.canaryMappings()).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when a run is terminated, then the worker sweeps as it starts, and not only when the Schedule says so',
    async () => {
      const scenario = await givenPaused();
      const handle = used.cluster.temporal.schedule.getHandle(sweepScheduleId('weir'));
      await handle.pause('by the test');
      await used.processes.kill('worker');
      await used.cluster.runs.handle(scenario.ref).terminate('by hand');
      await used.processes.startWorker();
      await eventually('the cluster is clean', async () => (await scenario.canaryMappings()).length === 0, CLEAN_MS);
      expect((await handle.describe()).state).toMatchObject({ paused: true });
      await handle.unpause();
    },
    TEST_TIMEOUT_MS,
  );
});
