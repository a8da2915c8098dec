import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DEPLOYMENTS, MAPPINGS, NAMESPACE_LIST, mapping } from '../support/objects.ts';
import { Scenario } from '../support/scenario.ts';
import { useSandbox } from '../support/shared.ts';
import { CANARY, STABLE, degraded, onRoute, selectedByHost, stableIsNeverWritten } from '../support/stable-mapping.ts';
import { eventually } from '../support/wait.ts';
import { setWeight, untilPromoted } from '../support/workload-app.ts';

const TEST_TIMEOUT_MS = 60_000;
const used = useSandbox();
let scenario: Scenario;

describe('what would be dangerous from the first weight on: Weir makes no canary Mapping', () => {
  beforeEach(async () => {
    scenario = await Scenario.given(used.cluster, { steps: [setWeight(30), untilPromoted] });
  }, TEST_TIMEOUT_MS);

  /** Whatever was made in the way of others. */
  let cleanups: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    await Promise.all(cleanups.map((cleanup) => cleanup()));
    cleanups = [];
  });

  /** A Mapping of somebody else, in another namespace. */
  async function foreign(spec: object): Promise<void> {
    const namespace = `${scenario.namespace}-other`;
    const { kubernetes } = used.cluster;
    const options = { fieldManager: 'test' };
    await kubernetes.create({ resource: NAMESPACE_LIST }, { metadata: { name: namespace } }, options);
    await kubernetes.create({ resource: MAPPINGS, namespace }, mapping('foreign', spec), options);
    cleanups.push(() => kubernetes.delete({ resource: MAPPINGS, namespace, name: 'foreign' }));
  }

  test.each<[string, () => Promise<unknown>, string, RegExp]>([
    [
      'a stable Mapping that has a weight: two weights cannot be changed in one write',
      () => scenario.patch(MAPPINGS, STABLE, { spec: { weight: 70 } }),
      'AmbassadorMappingConfigError',
      /has a weight; take it off/,
    ],
    [
      'a stable Mapping that is a shadow: the canary would have everything',
      () => scenario.patch(MAPPINGS, STABLE, { spec: { shadow: true } }),
      'AmbassadorMappingConfigError',
      /is a shadow/,
    ],
    [
      'a stable Mapping that redirects: the gateway would leave the canary out',
      () => scenario.patch(MAPPINGS, STABLE, { spec: { host_redirect: true } }),
      'AmbassadorMappingConfigError',
      /is a redirect/,
    ],
    [
      'a stable Mapping of another Service: the canary would lead to whatever its name becomes',
      () => scenario.patch(MAPPINGS, STABLE, { spec: { service: 'elsewhere:80' } }),
      'AmbassadorMappingConfigError',
      /is elsewhere:80, not the stable Service someapp-stable/,
    ],
    [
      'another Mapping with a weight on the route, in another namespace: 60 and 50 leave nothing for stable',
      () => foreign(onRoute(scenario, { weight: 60 })),
      'AmbassadorMappingShared',
      /shares the traffic of stable-mapping/,
    ],
    [
      'another Mapping without a weight on the route: it would have half of what is left',
      () => foreign(onRoute(scenario, { host: '*' })),
      'AmbassadorMappingShared',
      /shares the traffic of stable-mapping/,
    ],
    [
      "a Mapping of the canary's name that is somebody else's",
      () => scenario.create(MAPPINGS, mapping(CANARY, { prefix: `/${scenario.namespace}/mine` })),
      'CanaryMappingNotOurs',
      /exists and is not ours/,
    ],
    [
      'a gateway that is frozen, because a Mapping somewhere has the weight -5',
      () => foreign({ prefix: `/${scenario.namespace}/bad`, weight: -5 }).then(() => foreignPartner()),
      'GatewayWouldNotServe',
      /takes no change at all until this is put right/,
    ],
    [
      'a stable Mapping that a Host selects by a label that no canary may carry: it would be on no route',
      () => hostSelects('app.kubernetes.io/instance'),
      'GatewayWouldNotServe',
      /would not serve a canary beside Mapping stable-mapping: no Host serves/,
    ],
    [
      'a canary Service without ready endpoints: its share would fail',
      () => noPods('someapp-canary'),
      'NoReadyEndpoints',
      /someapp-canary has no ready endpoints/,
    ],
  ])(
    'aborts before the first write for %s',
    async (_what, happens, reason, message) => {
      await happens();
      await scenario.put();
      expect(await degraded(scenario, reason)).toMatch(message);
      await scenario.settled();
      expect(scenario.writes).toEqual([]);
      await stableIsNeverWritten(scenario);
    },
    TEST_TIMEOUT_MS,
  );

  async function hostSelects(label: string): Promise<void> {
    const host = await selectedByHost(scenario, label);
    cleanups.push(host.remove);
  }

  /** A lone Mapping has 100 whatever it says: it takes two for a weight to count. */
  async function foreignPartner(): Promise<void> {
    const spec = { prefix: `/${scenario.namespace}/bad` };
    await scenario.create(MAPPINGS, mapping('partner', spec));
    cleanups.push(() => scenario.delete(MAPPINGS, 'partner'));
  }

  async function noPods(name: string): Promise<void> {
    await scenario.patch(DEPLOYMENTS, name, { spec: { replicas: 0 } });
    await eventually('no endpoint is ready', async () => !(await scenario.hasReadyEndpoints(name)));
  }

  const withSteps = (steps: unknown[]) => {
    const manifest = scenario.manifest();
    return { ...manifest, spec: { strategy: { canary: { ...manifest.spec.strategy.canary, steps } } } };
  };
  const withMapping = (name: string) => {
    const manifest = scenario.manifest();
    const trafficRouting = { ambassador: { mappings: [name] } };
    return { ...manifest, spec: { strategy: { canary: { ...manifest.spec.strategy.canary, trafficRouting } } } };
  };

  test.each<[string, () => object, RegExp]>([
    ['a stable Mapping with a dot in its name', () => withMapping('app.canary'), /mappings/],
    ['a stable Mapping whose name leaves no room for the suffix', () => withMapping('a'.repeat(247)), /mappings/],
    ['the weight 101', () => withSteps([{ setWeight: 101 }]), /setWeight/],
    ['the weight -5', () => withSteps([{ setWeight: -5 }]), /setWeight/],
    ['the weight 12.5', () => withSteps([{ setWeight: 12.5 }]), /setWeight/],
    ['the weight "10"', () => withSteps([{ setWeight: '10' }]), /setWeight/],
  ])('refuses a manifest with %s, and stores nothing', async (_what, manifest, path) => {
    const response = await scenario.request('PUT', '', manifest());
    const { errors } = (await response.json()) as { errors: { path: string }[] };
    expect({ status: response.status, errors }).toEqual({
      status: 422,
      errors: [expect.objectContaining({ path: expect.stringMatching(path) })],
    });
    expect(await scenario.rollout()).toBeUndefined();
  });
});
