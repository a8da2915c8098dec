import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { isKubernetesError } from '@weir/kubernetes';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { gatewaysOf, type Gateway } from '../support/gateway.ts';
import { MeasuredRoute } from '../support/measured-route.ts';
import { MAPPINGS, SERVICES, mapping, service, type ManifestStep } from '../support/objects.ts';
import { Scenario } from '../support/scenario.ts';
import { useSandbox } from '../support/shared.ts';
import { CANARY, STABLE, degraded, onRoute, selectedByHost, stableIsNeverWritten } from '../support/stable-mapping.ts';
import { eventually } from '../support/wait.ts';
import { setWeight, untilPromoted } from '../support/workload-app.ts';

const TEST_TIMEOUT_MS = 90_000;
/** Of a change by hand, until it is as it was: a watch tells of it, and no timer is waited for. */
const REPAIRED_WITHIN_MS = 2_000;
const STEPS = [setWeight(30), untilPromoted, setWeight(60), untilPromoted];
const SERVED_DEADLINE = 'weir.dev/gateway-served-deadline-seconds';

const used = useSandbox('--gateways', '2');
let gateways: Gateway[];
let scenario: Scenario;
let route: MeasuredRoute;

beforeAll(async () => {
  gateways = await gatewaysOf(used.sandbox.stateDirectory);
});

async function given(steps: readonly ManifestStep[] = STEPS): Promise<void> {
  scenario = await Scenario.given(used.cluster, { steps });
}

/** Paused after its first step, which is to 30 % if nothing else is said, with constant load on its route. */
async function givenPaused(annotations: Record<string, string> = {}, steps?: readonly ManifestStep[]): Promise<void> {
  await given(steps);
  await started(annotations);
}

async function started(annotations: Record<string, string> = {}): Promise<void> {
  await scenario.put({ ...scenario.manifest(), metadata: { name: scenario.name, annotations } });
  await scenario.pausedAt(1);
  route = await MeasuredRoute.of(scenario, gateways);
}

/** By hand, as another field manager than Weir. */
function edit(name: string, body: object): Promise<unknown> {
  return scenario.patch(MAPPINGS, name, body);
}

const canary = () => scenario.mapping(CANARY);

async function canaryIsGone(): Promise<void> {
  await eventually('the canary Mapping is gone', async () => (await canary()) === undefined);
}

describe('what becomes dangerous in mid-run and can be put right: Weir does, and the pause goes on', () => {
  /** One run for all of them: what one does is carried over, and stays. */
  beforeAll(() => givenPaused(), TEST_TIMEOUT_MS);
  afterAll(() => route.stop());
  let sinceMs: number;
  beforeEach(() => {
    sinceMs = Date.now();
  });
  afterEach(() => stableIsNeverWritten(scenario));

  /** The canary Mapping is what the stable one makes of it. @returns when that was seen, epoch milliseconds */
  async function repaired(): Promise<number> {
    const editedAtMs = Date.now();
    await eventually('the canary Mapping is right', async () => {
      const [stable, found] = await Promise.all([scenario.mapping(STABLE), canary()]);
      const wanted = { ...stable?.spec, service: 'someapp-canary:80', weight: 30 };
      const labels = { ...stable?.metadata.labels, 'weir.dev/rollout': scenario.name };
      return isDeepStrictEqual(found?.spec, wanted) && isDeepStrictEqual(found?.metadata.labels, labels);
    });
    expect(Date.now() - editedAtMs).toBeLessThan(REPAIRED_WITHIN_MS);
    await route.caughtUp();
    return Date.now();
  }

  async function isStillPaused(): Promise<void> {
    await scenario.pausedAt(1);
    expect((await scenario.state()).run.ending).toBeUndefined();
  }

  test(
    'lets a shadow of somebody else on the route be: it takes no share',
    async () => {
      const spec = {
        prefix: `/${scenario.namespace}/${STABLE}`,
        service: 'someapp-canary:80',
        shadow: true,
        weight: 10,
      };
      await scenario.create(MAPPINGS, mapping('mirror', spec));
      await route.caughtUp();
      await route.canaryHas(30);
      route.noneFailed(sinceMs);
      await isStillPaused();
      await scenario.delete(MAPPINGS, 'mirror');
    },
    TEST_TIMEOUT_MS,
  );

  test.each<[string, object]>([
    ['circuit_breakers', { spec: { circuit_breakers: [{ max_connections: 10 }] } }],
    ['labels for rate limits', { spec: { labels: { ambassador: [{ group: [{ generic_key: { value: 'x' } }] }] } } }],
    ['bypass_auth', { spec: { bypass_auth: true } }],
    ['no circuit_breakers any more', { spec: { circuit_breakers: null } }],
    ['a method', { spec: { method: 'GET' } }],
    ['a label of its metadata', { metadata: { labels: { tier: 'web' } } }],
    ['a precedence, which makes another group', { spec: { precedence: 10 } }],
  ])(
    'carries over what a stable Mapping is given: %s; the canary never has more than its share, and nothing fails',
    async (_what, body) => {
      await edit(STABLE, body);
      await repaired();
      await route.canaryHas(30);
      route.canaryHadAtMost(30, sinceMs);
      route.noneFailed(sinceMs);
      await isStillPaused();
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'carries over that a stable Mapping loses its precedence, with which the canary alone would have everything',
    async () => {
      await edit(STABLE, { spec: { precedence: null } });
      await repaired();
      await route.canaryHas(30);
      route.noneFailed(sinceMs);
      await isStillPaused();
    },
    TEST_TIMEOUT_MS,
  );

  test.each<[string, object]>([
    ['the weight 60', { spec: { weight: 60 } }],
    ['the weight 100', { spec: { weight: 100 } }],
    ['no weight', { spec: { weight: null } }],
    ['a core field that the stable one has not', { spec: { keepalive: { time: 1 } } }],
    ['another precedence', { spec: { precedence: 5 } }],
    ['a shadow, which answers nobody', { spec: { shadow: true } }],
    ['the weight -5, with which the gateway takes no change at all', { spec: { weight: -5 } }],
  ])(
    'puts back a canary Mapping that somebody gives %s, and nothing fails',
    async (_what, body) => {
      await edit(CANARY, body);
      await repaired();
      await route.canaryHas(30);
      route.noneFailed(sinceMs);
      await isStillPaused();
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'puts back a canary Mapping that somebody gives the weight 101, with which the gateway serves nobody: requests fail no longer',
    async () => {
      await edit(CANARY, { spec: { weight: 101 } });
      const repairedAtMs = await repaired();
      await route.canaryHas(30);
      route.noneFailed(repairedAtMs);
      expect(Object.keys(route.problems(sinceMs)).filter((problem) => !problem.startsWith('404'))).toEqual([]);
      await isStillPaused();
    },
    TEST_TIMEOUT_MS,
  );

  test.each([12.5, '10'])(
    'need not mend a canary Mapping that somebody gives the weight %p: it is no integer',
    async (weight) => {
      const error = await edit(CANARY, { spec: { weight } }).catch((caught: unknown) => caught);
      expect(isKubernetesError(error, 'invalid')).toBe(true);
      expect((await canary())?.spec.weight).toBe(30);
    },
  );

  test(
    'puts back a canary Mapping that somebody deletes; meanwhile stable answers',
    async () => {
      await scenario.delete(MAPPINGS, CANARY);
      await repaired();
      await route.canaryHas(30);
      route.canaryHadAtMost(30, sinceMs);
      route.noneFailed(sinceMs);
      await isStillPaused();
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'sends everything to the pods of stable while the stable Mapping is gone, and goes on when it is back',
    async () => {
      const stable = await scenario.mapping(STABLE);
      await scenario.delete(MAPPINGS, STABLE);
      await eventually('it is diverted', async () => (await canary())?.spec.service === 'someapp-stable:80');
      expect(Date.now() - sinceMs).toBeLessThan(REPAIRED_WITHIN_MS);
      await degraded(scenario, 'AmbassadorMappingNotFound');
      await route.caughtUp();
      await route.canaryHas(0);
      expect((await scenario.post('promote')).status).toBe(409);
      await scenario.create(MAPPINGS, mapping(STABLE, stable?.spec, stable?.metadata.labels));
      await repaired();
      await route.canaryHas(30);
      route.noneFailed(sinceMs);
      await isStillPaused();
    },
    TEST_TIMEOUT_MS,
  );
});

describe('what cannot be put right, or that only a person knows: Weir takes the traffic home, or waits', () => {
  afterEach(async () => {
    await route.stop();
    const asAtFirst = { lagMs: 200, frozen: false, rejecting: false, refuse: null };
    await Promise.all(gateways.map((gateway) => gateway.set(asAtFirst)));
  });

  /** From now on the canary has nothing. */
  async function isHome(reason: string, message: RegExp): Promise<void> {
    expect(await degraded(scenario, reason)).toMatch(message);
    await canaryIsGone();
    await route.caughtUp();
    await route.canaryHas(0);
    await scenario.settled();
    await stableIsNeverWritten(scenario);
  }

  test.each<[string, object, RegExp]>([
    ['a weight', { weight: 100 }, /has a weight/],
    ['a weight that is what the canary leaves', { weight: 70 }, /has a weight/],
    ['another Service', { service: 'other:80' }, /not the stable Service/],
  ])(
    'aborts when the stable Mapping is given %s in mid-run: the canary never has more than its share, and nothing fails',
    async (_what, spec, message) => {
      await givenPaused();
      await scenario.create(SERVICES, service('other', { app: 'someapp', version: 'v1' }));
      const sinceMs = Date.now();
      await edit(STABLE, { spec });
      await isHome('AmbassadorMappingConfigError', message);
      route.canaryHadAtMost(30, sinceMs);
      route.noneFailed(sinceMs);
    },
    TEST_TIMEOUT_MS,
  );

  test.each<[string, object, RegExp]>([
    ['a shadow', { shadow: true }, /is a shadow/],
    ['a redirect', { host_redirect: true }, /is a redirect/],
  ])(
    'aborts when the stable Mapping becomes %s in mid-run, and the canary has nothing any more',
    async (_what, spec, message) => {
      await givenPaused();
      await edit(STABLE, { spec });
      await isHome('AmbassadorMappingConfigError', message);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'aborts with the words of the gateway when it refuses a Mapping that the API server has accepted',
    async () => {
      // A deadline that ends before an error has stood long enough to count.
      await givenPaused({ [SERVED_DEADLINE]: '1' });
      const [, two] = gateways as [Gateway, Gateway];
      await two.set({ refuse: { mapping: `${scenario.namespace}/${CANARY}`, message: 'retry_policy is no policy' } });
      await scenario.post('promote');
      await isHome('GatewayRefusedMapping', /retry_policy is no policy/);
      route.canaryHadAtMost(60, 0);
      route.noneFailed();
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'holds as WeightNotServed when an instance is frozen past the deadline, and goes on when it no longer is',
    async () => {
      await givenPaused({ [SERVED_DEADLINE]: '2' });
      const [, two] = gateways as [Gateway, Gateway];
      await two.set({ frozen: true });
      await scenario.post('promote');
      expect(await degraded(scenario, 'WeightNotServed')).toMatch(/serves 30 % of stable-mapping0-canary and not 60 %/);
      expect((await canary())?.spec.weight).toBe(60);
      const { weight } = (await (await scenario.request('GET')).json()) as { weight: unknown };
      expect(weight).toEqual({ intended: 60, written: 60, served: 30 });
      await two.set({ frozen: false });
      await scenario.pausedAt(3);
      await route.canaryHas(60);
      route.canaryHadAtMost(60, 0);
      route.noneFailed();
      await eventually('an Event WeightServed', async () =>
        (await scenario.events()).some(({ reason }) => reason === 'WeightServed'),
      );
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'aborts when somebody else puts a Mapping with a weight on the route in mid-run: the canary never has more than its share',
    async () => {
      await givenPaused();
      await scenario.create(MAPPINGS, mapping('zzz', onRoute(scenario, { weight: 80 })));
      await isHome('AmbassadorMappingShared', /zzz shares the traffic of stable-mapping/);
      route.canaryHadAtMost(30, 0);
      route.noneFailed();
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'sends everything to the pods of stable when the stable Mapping is deleted at weight 0, with which the canary alone would have it',
    async () => {
      await givenPaused({}, [setWeight(0), untilPromoted]);
      await scenario.delete(MAPPINGS, STABLE);
      await eventually('it is diverted', async () => (await canary())?.spec.service === 'someapp-stable:80');
      await route.caughtUp();
      await route.canaryHas(0);
      route.noneFailed();
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'gives the canary exactly nothing at weight 0 and exactly everything at 100, and nothing fails on the way to its end',
    async () => {
      await givenPaused({}, [setWeight(0), untilPromoted, setWeight(100), untilPromoted]);
      await route.canaryHas(0);
      await scenario.post('promote');
      await scenario.pausedAt(3);
      await route.canaryHas(100);
      await scenario.post('promote');
      await scenario.phase('Healthy');
      await canaryIsGone();
      await route.caughtUp();
      await route.canaryHas(100);
      route.noneFailed();
      await stableIsNeverWritten(scenario);
    },
    TEST_TIMEOUT_MS,
  );
});

describe('a stable Mapping that has no hostname, so that Hosts select it by its labels', () => {
  let remove: () => Promise<void>;
  afterEach(async () => {
    await route.stop();
    await remove();
  });

  test(
    'gives the canary its share, also when the label is changed in mid-run',
    async () => {
      await given();
      const host = await selectedByHost(scenario, 'gateway');
      remove = host.remove;
      await started();
      await route.canaryHas(30);
      await host.select({ tier: 'web' });
      await edit(STABLE, { metadata: { labels: { gateway: null, tier: 'web' } } });
      await eventually('it is carried over', async () => {
        const { gateway, tier } = (await canary())?.metadata.labels ?? {};
        return gateway === undefined && tier === 'web';
      });
      // No other Mapping is selected, so that a marker would not be served.
      await eventually('it is served', async () => {
        const weights = gateways.map((one) => one.servedWeight(scenario.namespace, STABLE));
        return (await Promise.all(weights)).every((weight) => weight === 30);
      });
      await route.canaryHas(30);
    },
    TEST_TIMEOUT_MS,
  );
});

// The last ones: they end the worker that the others use.
describe('what happens while no worker is up, or one that cannot ask the gateway', () => {
  beforeEach(() => givenPaused({ [SERVED_DEADLINE]: '1' }), TEST_TIMEOUT_MS);
  afterEach(() => route.stop());

  test(
    'puts the weight -5 back when a worker is up again; until then the whole gateway is frozen, and nothing fails',
    async () => {
      await used.processes.kill('worker');
      await edit(CANARY, { spec: { weight: -5 } });
      const unrelated = await route.marker();
      // Longer than the gateways' lag.
      await delay(1_000);
      const answers = await Promise.all(gateways.map((gateway) => gateway.request(unrelated)));
      expect(answers.map(({ status }) => status)).toEqual([404, 404]);
      await used.processes.startWorker();
      await eventually('it is put back', async () => (await canary())?.spec.weight === 30);
      await route.caughtUp();
      await route.canaryHas(30);
      route.canaryHadAtMost(30, 0);
      route.noneFailed();
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'takes a weight for served when an instance cannot be asked and the deadline is over, and warns of it',
    async () => {
      await used.processes.kill('worker');
      const urls = [gateways[0]?.diagnosticsUrl, 'http://127.0.0.1:1'].join(',');
      await used.processes.startWorker({ WEIR_GATEWAY_DIAGNOSTICS_URLS: urls });
      await scenario.post('promote');
      await scenario.pausedAt(3, 60_000);
      const warning = await eventually('a warning', async () =>
        (await scenario.events()).find(({ reason }) => reason === 'GatewayUnreachable'),
      );
      expect(warning).toMatchObject({
        type: 'Warning',
        message: expect.stringMatching(/weight 60 counts as written.*127\.0\.0\.1:1 cannot be asked/),
      });
      await route.canaryHas(60);
      route.noneFailed();
    },
    TEST_TIMEOUT_MS,
  );
});
