import { describe, expect, test } from '@jest/globals';
import { ROLLOUT_LABEL, type RolloutStatus } from '@weir/rollout';
import { setTimeout as delay } from 'node:timers/promises';
import type { MappingObject } from '../support/application.ts';
import { MAPPINGS, mapping, type ManifestStep } from '../support/objects.ts';
import { Scenario } from '../support/scenario.ts';
import { useSandbox } from '../support/shared.ts';
import { eventually } from '../support/wait.ts';

const TEST_TIMEOUT_MS = 90_000;
/** The goal is a second, which the benchmark measures; servers under test share their cores with the test. */
const REPAIRED_MS = 8_000;
const [stableName, canaryName] = ['stable-mapping', 'stable-mapping0-canary'];
/** Whoever edits by hand. */
const EDITOR = 'kubectl-edit';
const STEPS: readonly ManifestStep[] = [{ setWeight: 30 }, { pause: {} }];
const used = useSandbox();

type Policy = 'repair' | 'pause' | 'abort';

/** A rollout at weight 30, until somebody promotes it. */
async function given(policy: Policy): Promise<Scenario> {
  const scenario = await Scenario.given(used.cluster, { steps: STEPS });
  const { metadata, ...manifest } = scenario.manifest();
  const annotations = { 'weir.dev/drift-policy': policy };
  await scenario.put({ ...manifest, metadata: { ...metadata, annotations } });
  await scenario.pausedAt(1);
  return scenario;
}

async function edit({ namespace }: Scenario, name: string, change: object): Promise<void> {
  await used.cluster.kubernetes.mergePatch({ resource: MAPPINGS, namespace, name }, change, { fieldManager: EDITOR });
}

const both = (scenario: Scenario): Promise<(MappingObject | undefined)[]> =>
  Promise.all([stableName, canaryName].map((name) => scenario.mapping(name)));

/** The canary Mapping is again what the stable one makes of it, at 30. */
async function isRepaired(scenario: Scenario): Promise<boolean> {
  const [stable, canary] = await both(scenario);
  const spec = { ...stable?.spec, service: 'someapp-canary:80', weight: 30 };
  const labels = { ...stable?.metadata.labels, [ROLLOUT_LABEL]: scenario.name };
  return sameFields(canary?.spec, spec) && sameFields(canary?.metadata.labels, labels);
}

function sameFields(a: object = {}, b: object = {}): boolean {
  const sorted = (fields: object): string => JSON.stringify(Object.entries(fields).toSorted());
  return sorted(a) === sorted(b);
}

const repaired = (scenario: Scenario): Promise<boolean> =>
  eventually('the canary Mapping is repaired', () => isRepaired(scenario), REPAIRED_MS);

const told = (scenario: Scenario, reason: string, message: RegExp) =>
  eventually(`an Event ${reason} that says ${String(message)}`, async () =>
    (await scenario.events()).find((event) => event.reason === reason && message.test(event.message)),
  );

interface Drift {
  /** When this was done, … */
  readonly happens: (scenario: Scenario) => Promise<void>;
  /** … it is told so. */
  readonly reason: string;
  readonly message: RegExp;
}

const REPAIRED = 'CanaryMappingRepaired';
const DRIFTS: Readonly<Record<string, Drift>> = {
  'the weight of the canary Mapping is edited': {
    happens: (scenario) => edit(scenario, canaryName, { spec: { weight: 90 } }),
    reason: REPAIRED,
    message: /kubectl-edit.*spec\.weight/,
  },
  'the weight of the canary Mapping is taken off': {
    happens: (scenario) => edit(scenario, canaryName, { spec: { weight: null } }),
    reason: REPAIRED,
    message: /spec\.weight/,
  },
  'the service of the canary Mapping is edited': {
    happens: (scenario) => edit(scenario, canaryName, { spec: { service: 'elsewhere:80' } }),
    reason: REPAIRED,
    message: /kubectl-edit.*spec\.service/,
  },
  'a field is added to the canary Mapping alone, by which the gateway would drop the one or the other': {
    happens: (scenario) => edit(scenario, canaryName, { spec: { host_rewrite: 'other' } }),
    reason: REPAIRED,
    message: /kubectl-edit.*spec\.host_rewrite/,
  },
  'a label of the canary Mapping is edited': {
    happens: (scenario) => edit(scenario, canaryName, { metadata: { labels: { host: 'other' } } }),
    reason: REPAIRED,
    message: /kubectl-edit.*metadata\.labels\.host/,
  },
  'the canary Mapping is deleted': {
    happens: (scenario) => scenario.delete(MAPPINGS, canaryName),
    reason: REPAIRED,
    message: /was deleted/,
  },
  'circuit_breakers are added to the stable Mapping': {
    happens: (scenario) => edit(scenario, stableName, { spec: { circuit_breakers: [{ max_connections: 9 }] } }),
    reason: 'StableMappingChanged',
    message: /kubectl-edit.*spec\.circuit_breakers/,
  },
  'a label of the stable Mapping is edited': {
    happens: (scenario) => edit(scenario, stableName, { metadata: { labels: { host: 'api' } } }),
    reason: 'StableMappingChanged',
    message: /kubectl-edit.*metadata\.labels\.host/,
  },
};

/** What cannot be carried over to a canary, whatever the policy. */
const UNFIT: Readonly<Record<string, readonly [spec: object, message: RegExp]>> = {
  'gains a weight': [{ weight: 50 }, /has a weight.*kubectl-edit/],
  'becomes a redirect': [{ host_redirect: true }, /is a redirect.*kubectl-edit/],
  'becomes a shadow': [{ shadow: true }, /is a shadow.*kubectl-edit/],
  'gets another service': [{ service: 'elsewhere:80' }, /not the stable Service someapp-stable.*kubectl-edit/],
};

async function expectAborted(scenario: Scenario, message: RegExp): Promise<void> {
  const status = await scenario.statusThat('aborted', ({ abort }) => abort === true);
  expect(status.message).toMatch(message);
  await scenario.settled();
  expect(await scenario.canaryMappings()).toEqual([]);
  expect(await scenario.selectorOf('someapp-stable')).toMatchObject({ version: 'v1' });
}

describe.each(Object.entries(DRIFTS))('when %s in mid-run', (_what, { happens, reason, message }) => {
  test(
    'then it is put right, an Event says who did it, and the rollout goes on',
    async () => {
      const scenario = await given('repair');
      await happens(scenario);
      await repaired(scenario);
      await told(scenario, reason, message);
      expect((await scenario.status())?.phase).toBe('Paused');
      // Put right once: nothing fights, and the canary has no more than its share.
      const version = (await scenario.mapping(canaryName))?.metadata.resourceVersion;
      await delay(1_000);
      expect((await scenario.mapping(canaryName))?.metadata.resourceVersion).toBe(version);
      await scenario.post('promote');
      await scenario.phase('Healthy');
      await scenario.settled();
      expect(await scenario.canaryMappings()).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'and the policy is pause, then it is put right, and the rollout is held until somebody resumes it',
    async () => {
      const scenario = await given('pause');
      await happens(scenario);
      await repaired(scenario);
      await told(scenario, reason, message);
      const isHeld = (status: RolloutStatus): boolean => /paused by the drift policy/.test(status.message);
      await scenario.statusThat('held', isHeld);
      expect((await scenario.post('resume')).ok).toBe(true);
      await scenario.statusThat('held no more', (status) => !isHeld(status));
      await scenario.post('promote');
      await scenario.phase('Healthy');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'and the policy is abort, then nothing is put right, and the rollout is aborted',
    async () => {
      const scenario = await given('abort');
      await happens(scenario);
      await expectAborted(scenario, /the drift policy is abort/);
      const raised = scenario.course().slice(scenario.course().indexOf(`${canaryName} 30`) + 1);
      // At most what the hand did itself; Weir only takes away.
      expect(raised.filter((write) => !/ (0|gone|30|90|NaN)$/.test(write))).toEqual([]);
      expect(raised.at(-1)).toBe(`${canaryName} gone`);
    },
    TEST_TIMEOUT_MS,
  );
});

describe.each(Object.entries(UNFIT))('when the stable Mapping %s in mid-run', (_what, [spec, message]) => {
  test.each<Policy>(['repair', 'pause', 'abort'])(
    'and the policy is %s, then that is not carried over, and the rollout is aborted',
    async (policy) => {
      const scenario = await given(policy);
      await edit(scenario, stableName, { spec });
      await expectAborted(scenario, message);
      // The stable Mapping is its user's.
      expect((await scenario.mapping(stableName))?.spec).toMatchObject(spec);
    },
    TEST_TIMEOUT_MS,
  );
});

describe('when the stable Mapping is deleted in mid-run', () => {
  const isDiverted = async (scenario: Scenario): Promise<boolean> =>
    (await scenario.mapping(canaryName))?.spec.service === 'someapp-stable:80';

  test(
    'then the canary Mapping sends its traffic to the stable Service, and the run waits until the stable one is back',
    async () => {
      const scenario = await given('repair');
      await scenario.delete(MAPPINGS, stableName);
      await eventually('the canary Mapping points at the stable Service', () => isDiverted(scenario), REPAIRED_MS);
      await told(scenario, 'AmbassadorMappingNotFound', /stable-mapping is gone/);
      await scenario.phase('Degraded');
      // Nothing to promote while the run waits for the route: the pause is not passed by.
      expect((await scenario.post('promote')).status).toBe(409);
      expect(await isDiverted(scenario)).toBe(true);

      await scenario.create(MAPPINGS, mapping(stableName, { prefix: `/${scenario.namespace}/again` }));
      await told(scenario, 'AmbassadorMappingFound', /stable-mapping is back/);
      await scenario.pausedAt(1);
      await scenario.post('promote');
      await scenario.phase('Healthy');
      await scenario.settled();
      expect(await scenario.canaryMappings()).toEqual([]);
      expect(await scenario.selectorOf('someapp-stable')).toMatchObject({ version: 'v2' });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'and nobody brings it back, then an abort still takes everything home',
    async () => {
      const scenario = await given('repair');
      await scenario.delete(MAPPINGS, stableName);
      await eventually('the canary Mapping points at the stable Service', () => isDiverted(scenario), REPAIRED_MS);
      await scenario.post('abort', { reason: 'the route is retired' });
      await expectAborted(scenario, /the route is retired/);
    },
    TEST_TIMEOUT_MS,
  );
});

describe('when the canary Mapping is deleted while it takes no traffic', () => {
  test(
    'then nothing is at stake, and it is put back at the next weight',
    async () => {
      const steps = [{ setWeight: 0 }, { pause: {} }, { setWeight: 40 }, { pause: {} }];
      const scenario = await Scenario.given(used.cluster, { steps });
      await scenario.put();
      await scenario.pausedAt(1);
      await scenario.delete(MAPPINGS, canaryName);
      await scenario.post('promote');
      await scenario.pausedAt(3);
      expect((await scenario.mapping(canaryName))?.spec.weight).toBe(40);
      expect(scenario.course()).toEqual(['0', 'gone', '0', '40'].map((weight) => `${canaryName} ${weight}`));
      await told(scenario, REPAIRED, /was deleted/);
    },
    TEST_TIMEOUT_MS,
  );
});

describe('when Mappings change while no worker is up', () => {
  test(
    'then each is put right when one is back',
    async () => {
      const [edited, deleted, behind, alone] = await Promise.all([
        given('repair'),
        given('repair'),
        given('repair'),
        given('repair'),
      ]);
      await used.processes.kill('worker');
      await Promise.all([
        edit(edited, canaryName, { spec: { weight: 90 } }),
        deleted.delete(MAPPINGS, canaryName),
        edit(behind, stableName, { spec: { timeout_ms: 9_000 } }),
        alone.delete(MAPPINGS, stableName),
      ]);
      await used.processes.startWorker();
      await Promise.all([
        ...[edited, deleted, behind].map((scenario) =>
          eventually('the canary Mapping is repaired', () => isRepaired(scenario)),
        ),
        eventually('the lone canary Mapping points at the stable Service', async () =>
          /^someapp-stable:/.test((await alone.mapping(canaryName))?.spec.service ?? ''),
        ),
      ]);
      await Promise.all([
        told(edited, REPAIRED, /kubectl-edit.*spec\.weight/),
        told(deleted, REPAIRED, /was deleted/),
        told(behind, 'StableMappingChanged', /kubectl-edit.*spec\.timeout_ms/),
        told(alone, 'AmbassadorMappingNotFound', /stable-mapping is gone/),
      ]);
    },
    TEST_TIMEOUT_MS,
  );
});
