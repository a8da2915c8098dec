import { describe, expect, test } from '@jest/globals';
import { ROLLOUTS, watchForever } from '@weir/kubernetes';
import { FINALIZER } from '@weir/rollout';
import type { MappingObject } from '../support/application.ts';
import { MAPPINGS, mapping } from '../support/objects.ts';
import { Scenario } from '../support/scenario.ts';
import { useSandbox } from '../support/shared.ts';
import { eventually } from '../support/wait.ts';
import { setWeight, untilPromoted } from '../support/workload-app.ts';
import { useWorkloads } from '../support/workload-scenario.ts';

/*
 * Each row of a table of measurements on the controller of Argo Rollouts 1.10.1, and what Weir does instead.
 */

const TEST_TIMEOUT_MS = 60_000;
const STABLE = 'stable-mapping';
const CANARY = 'stable-mapping0-canary';
/** As an Argo controller names the canary Mapping. */
const ARGO = 'stable-mapping-canary';
const STEPS = [setWeight(25), untilPromoted, setWeight(50), untilPromoted];
/** Those of one step are written in parallel. */
const TOGETHER_MS = 1_000;
const CARRIED_OVER_WITHIN_MS = 2_000;

const used = useSandbox();
const workload = useWorkloads(used);

async function given(more: Partial<Parameters<typeof Scenario.given>[1]> = {}): Promise<Scenario> {
  return Scenario.given(used.cluster, { steps: STEPS, ...more });
}

async function paused(scenario: Scenario): Promise<void> {
  await scenario.put();
  await scenario.pausedAt(1);
}

const courseOf = (...weights: (number | string)[]) => weights.map((weight) => `${CANARY} ${weight}`);

describe('an abort', () => {
  test(
    'reaches the traffic also while one of four stable pods is not ready',
    async () => {
      const scenario = await workload({ replicas: 4, steps: [setWeight(25), untilPromoted] });
      await scenario.deployed();
      await scenario.whenImage('2');
      await scenario.pausedAt(1);
      await scenario.pods(1, 'unready', 1);
      await scenario.statusThat('three stable pods', ({ availableReplicas }) => availableReplicas === 4);
      await scenario.command('abort', { actor: 'ana' });
      await eventually('the canary Mapping is gone', async () => (await scenario.canaryMappings()).length === 0, 5_000);
      await scenario.degraded('RolloutAborted');
      const { writes } = await scenario.course();
      expect(writes.filter((write) => write.startsWith('mapping'))).toEqual(
        [0, 25, 0, 'gone'].map((weight) => `mapping app0-canary: ${weight}`),
      );
    },
    TEST_TIMEOUT_MS,
  );
});

describe("a Mapping with the name of an Argo controller's canary", () => {
  const spec = (scenario: Scenario, path = STABLE) => ({
    prefix: `/${scenario.namespace}/${path}`,
    service: 'someapp-canary:80',
    weight: 25,
  });

  test(
    'is untouched when it is on another route',
    async () => {
      const scenario = await given({ steps: [setWeight(25)] });
      await scenario.create(MAPPINGS, mapping(ARGO, spec(scenario, 'mine')));
      const before = await scenario.mapping(ARGO);
      await scenario.put();
      await scenario.phase('Healthy');
      await scenario.settled();
      expect(scenario.course()).toEqual(courseOf(0, 25, 100, 'gone'));
      expect(await scenario.mapping(ARGO)).toEqual(before);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'is named as left behind when it is on the same route, and neither it nor the traffic is touched',
    async () => {
      const scenario = await given();
      await scenario.create(MAPPINGS, mapping(ARGO, spec(scenario)));
      const before = await scenario.mapping(ARGO);
      await scenario.put();
      const { message } = await scenario.phase('Degraded');
      expect(message).toMatch(/^ArgoCanaryMappingLeft: .*stable-mapping-canary.* with weight 25: .*\?adopt=true/);
      await scenario.settled();
      expect(scenario.writes).toEqual([]);
      expect(await scenario.mapping(ARGO)).toEqual(before);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'is taken over with ?adopt=true: to weight 0, deleted, and only then the rollout begins',
    async () => {
      const scenario = await given();
      await scenario.create(MAPPINGS, mapping(ARGO, spec(scenario)));
      const seen = writesTo(scenario);
      await eventually('it is seen', async () => seen.length > 0);
      expect((await scenario.request('PUT', '?adopt=true', scenario.manifest())).status).toBeLessThan(300);
      await scenario.pausedAt(1);
      await eventually('its end is seen', async () => seen.includes(`${CANARY} 25`));
      expect(seen).toEqual([`${ARGO} 25`, `${ARGO} 0`, `${ARGO} gone`, `${CANARY} 0`, `${CANARY} 25`]);
      const event = await eventually('an Event', async () =>
        (await scenario.events()).find(({ reason }) => reason === 'CanaryMappingAdopted'),
      );
      expect(event.message).toContain(`${ARGO} of Argo Rollouts was at weight 25`);
    },
    TEST_TIMEOUT_MS,
  );

  /** Weights of all Mappings but the stable one, in the order in which they are written from now on. */
  function writesTo(scenario: Scenario): readonly string[] {
    const seen: string[] = [];
    void watchForever<MappingObject>(used.cluster.kubernetes, {
      at: { resource: MAPPINGS, namespace: scenario.namespace },
      signal: used.cluster.closing,
      onChange: ({ type, object: { metadata, spec: now } }) => {
        const what = `${metadata.name} ${type === 'DELETED' ? 'gone' : now.weight}`;
        if (metadata.name !== STABLE && seen.at(-1) !== what) {
          seen.push(what);
        }
      },
    });
    return seen;
  }
});

describe('a stable Mapping', () => {
  test(
    'whose service is not the stable Service is refused before anything is written',
    async () => {
      const scenario = await given();
      await scenario.patch(MAPPINGS, STABLE, { spec: { service: 'someapp-old:80' } });
      await scenario.put();
      const { message } = await scenario.phase('Degraded');
      expect(message).toMatch(/^AmbassadorMappingConfigError: .*someapp-old:80, not the stable Service someapp-stable/);
      await scenario.settled();
      expect(scenario.writes).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'has its labels carried over, and circuit_breakers that it is given in mid-run, too',
    async () => {
      const scenario = await given();
      await scenario.patch(MAPPINGS, STABLE, { metadata: { labels: { host: 'api' } } });
      await paused(scenario);
      expect((await scenario.mapping(CANARY))?.metadata.labels).toMatchObject({ host: 'api' });
      const circuit_breakers = [{ max_connections: 10 }];
      await scenario.patch(MAPPINGS, STABLE, { spec: { circuit_breakers } });
      await eventually(
        'they are carried over',
        async () => (await scenario.mapping(CANARY))?.spec['circuit_breakers'] !== undefined,
        CARRIED_OVER_WITHIN_MS,
      );
      expect((await scenario.mapping(CANARY))?.spec).toMatchObject({ circuit_breakers, weight: 25 });
      await scenario.pausedAt(1);
    },
    TEST_TIMEOUT_MS,
  );
});

describe('two promotes at once', () => {
  test(
    'that name the step they saw take one step: the other is refused, and no pause is skipped',
    async () => {
      const scenario = await given();
      await paused(scenario);
      const answers = await Promise.all([1, 2].map(() => scenario.post('promote', { expectedStep: 1 })));
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
      await scenario.pausedAt(3);
      expect(scenario.course()).toEqual(courseOf(0, 25, 50));
    },
    TEST_TIMEOUT_MS,
  );
});

describe('a Rollout that is deleted in a pause', () => {
  test(
    'leaves no canary Mapping: weight 0, gone, and then the Rollout goes',
    async () => {
      const scenario = await given();
      await paused(scenario);
      expect((await scenario.rollout())?.metadata.finalizers).toEqual([FINALIZER]);
      await scenario.delete(ROLLOUTS, scenario.name);
      await eventually('it is gone', async () => (await scenario.rollout()) === undefined);
      await eventually('the end is seen', async () => scenario.course().length === 4);
      expect(scenario.course()).toEqual(courseOf(0, 25, 0, 'gone'));
      expect(await scenario.selectorOf('someapp-stable')).toMatchObject({ version: 'v1' });
    },
    TEST_TIMEOUT_MS,
  );
});

describe('a promotion in full from 25 %', () => {
  test(
    'goes by the weight: 100, then the Service is switched, then the canary Mapping goes',
    async () => {
      const scenario = await workload({ replicas: 4, steps: STEPS });
      await scenario.deployed();
      await scenario.whenImage('2');
      await scenario.pausedAt(1);
      await scenario.command('promote', { full: true });
      await scenario.healthy();
      const { writes } = await scenario.course();
      const asked = writes.indexOf('# promote in full');
      expect(writes.slice(asked + 1, asked + 5)).toEqual([
        'rev 2: 4 pods',
        'mapping app0-canary: 100',
        'Service someapp-stable -> rev 2',
        'mapping app0-canary: gone',
      ]);
    },
    TEST_TIMEOUT_MS,
  );
});

describe('three Mappings', () => {
  test(
    'are written together: all stand at one step within a second, and none is more than one step ahead of another',
    async () => {
      const mappings = ['one', 'two', 'three'];
      const steps = [10, 20, 30, 40].flatMap((weight) => [setWeight(weight), untilPromoted]);
      const scenario = await given({ mappings, steps });
      await scenario.put();
      for (const index of [1, 3, 5, 7]) {
        await scenario.pausedAt(index);
        await scenario.post('promote', { expectedStep: index });
      }
      await scenario.phase('Healthy');
      await scenario.settled();
      const weights = [0, 10, 20, 30, 40, 100, 'gone'] as const;
      await eventually('the end is seen', async () => scenario.writes.length === mappings.length * weights.length);
      for (const [index, weight] of weights.entries()) {
        // As many as there are Mappings, one of each: a Mapping that were ahead would stand among the others.
        const group = scenario.writes.slice(index * mappings.length, (index + 1) * mappings.length);
        expect(group.map((write) => `${write.mapping} ${write.weight}`).toSorted()).toEqual(
          mappings.map((name) => `${name}0-canary ${weight}`).toSorted(),
        );
        const times = group.map(({ atMs }) => atMs);
        expect(Math.max(...times) - Math.min(...times)).toBeLessThan(TOGETHER_MS);
      }
    },
    TEST_TIMEOUT_MS,
  );
});
