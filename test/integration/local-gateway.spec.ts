import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Resource } from '@weir/kubernetes';
import { errorsAbout } from '@weir/mapping';
import { revisionOf } from '@weir/rollout';
import { TEST_DOUBLE_HEADER } from '@weir/sandbox';
import { setTimeout as delay } from 'node:timers/promises';
import { readSandbox } from '../support/cluster.ts';
import { type Gateway, gatewaysOf } from '../support/gateway.ts';
import { isWithinChance, startLoad } from '../support/load.ts';
import { MAPPINGS, DEPLOYMENTS, mapping } from '../support/objects.ts';
import { Scenario } from '../support/scenario.ts';
import { useSandbox } from '../support/shared.ts';
import { eventually } from '../support/wait.ts';

const TEST_TIMEOUT_MS = 120_000;
const STABLE = 'stable-mapping';
const CANARY = `${STABLE}0-canary`;
const STABLE_REVISION = revisionOf({ app: 'someapp', version: 'v1' });
const CANARY_REVISION = revisionOf({ app: 'someapp', version: 'v2' });
const MAPPINGS_V3: Resource = { ...MAPPINGS, version: 'v3alpha1' };
const HOSTS: Resource = { ...MAPPINGS_V3, plural: 'hosts' };

const used = useSandbox('--no-worker', '--no-api', '--gateways', '2');
let gateways: Gateway[] = [];
let one: Gateway;
let two: Gateway;

beforeAll(async () => {
  gateways = await gatewaysOf(used.sandbox.stateDirectory);
  [one, two] = gateways as [Gateway, Gateway];
});

afterEach(async () => {
  const asAtFirst = { lagMs: 200, frozen: false, rejecting: false, refuse: null, revisions: {} };
  await Promise.all(gateways.map((gateway) => gateway.set(asAtFirst)));
});

/** An application whose canary Mapping somebody makes by hand. */
class Routed {
  private constructor(readonly scenario: Scenario) {}

  /** @param weight - of the canary Mapping; absent: there is none */
  static async given(weight?: number): Promise<Routed> {
    const routed = new Routed(await Scenario.given(used.cluster, { steps: [], mappings: [STABLE] }));
    if (weight !== undefined) {
      await routed.scenario.create(MAPPINGS, routed.mapping(CANARY, { service: 'someapp-canary:80', weight }));
    }
    await routed.servedBy(gateways, weight ?? 0);
    return routed;
  }

  get namespace(): string {
    return this.scenario.namespace;
  }

  get path(): string {
    return `/${this.namespace}/${STABLE}`;
  }

  mapping(name: string, spec: object) {
    return mapping(name, { prefix: this.path, ...spec });
  }

  patch(name: string, spec: object): Promise<unknown> {
    return this.scenario.patch(MAPPINGS, name, { spec });
  }

  /** When these instances say that the canary Mapping has that share. */
  async servedBy(instances: readonly Gateway[], weight: number): Promise<void> {
    await eventually(`${weight} % is served`, async () => {
      const known = await Promise.all(instances.map((gateway) => this.answersAt(gateway)));
      return known.every(Boolean) && (await this.weights(instances)).every((served) => served === weight);
    });
  }

  weights(instances: readonly Gateway[] = gateways): Promise<number[]> {
    return Promise.all(instances.map((gateway) => gateway.servedWeight(this.namespace, STABLE)));
  }

  /** The revisions that answer a number of requests. */
  async revisions(gateway: Gateway, requests = 20): Promise<Set<string | null | undefined>> {
    const answers = await Promise.all(Array.from({ length: requests }, () => gateway.request(this.path)));
    return new Set(answers.map(({ status, body }) => (status === 200 ? body.revision : `${status} ${body.error}`)));
  }

  private async answersAt(gateway: Gateway): Promise<boolean> {
    return (await gateway.request(this.path)).status !== 404;
  }
}

describe('given a stable and a canary Mapping', () => {
  test(
    'when the canary has weight 30, then about 30 of 100 requests reach its pods, whichever instance they go through',
    async () => {
      const routed = await Routed.given(30);
      const load = startLoad({ urls: gateways.map(({ url }) => url), path: routed.path, requestsPerSecond: 400 });
      await eventually('3,000 requests', async () => load.samples.length >= 3000);
      await load.stop();
      const { total, failed, byRevision, problems } = load.counts();
      expect(problems).toEqual({});
      expect(failed).toBe(0);
      const { [CANARY_REVISION]: canary = 0, [STABLE_REVISION]: stable = 0 } = byRevision;
      expect(canary + stable).toBe(total);
      expect(isWithinChance(canary, total, 30)).toBe(true);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when the weight goes up and down under load, and the canary comes and goes, then no request fails',
    async () => {
      const routed = await Routed.given();
      const load = startLoad({ urls: gateways.map(({ url }) => url), path: routed.path, requestsPerSecond: 200 });
      for (const weight of [0, 10, 50, 100, 0]) {
        if (weight === 0) {
          await routed.scenario.delete(MAPPINGS, CANARY).catch(() => undefined);
          await routed.scenario.create(MAPPINGS, routed.mapping(CANARY, { service: 'someapp-canary:80', weight }));
        } else {
          await routed.patch(CANARY, { weight });
        }
        await routed.servedBy(gateways, weight);
      }
      await routed.scenario.delete(MAPPINGS, CANARY);
      await eventually('the canary is gone', async () =>
        (await Promise.all(gateways.map((gateway) => gateway.diagnostics()))).every(
          ({ groups }) =>
            !groups.flat().some(({ name, namespace }) => name === CANARY && namespace === routed.namespace),
        ),
      );
      await load.stop();
      const { total, failed, problems } = load.counts();
      expect(problems).toEqual({});
      expect(failed).toBe(0);
      expect(total).toBeGreaterThan(200);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when an instance has a lag, then it serves a new weight not before it is over',
    async () => {
      const routed = await Routed.given(0);
      await two.set({ lagMs: 1500 });
      const patchedAtMs = Date.now();
      await routed.patch(CANARY, { weight: 100 });
      await routed.servedBy([one], 100);
      expect(await routed.weights()).toEqual([100, 0]);
      expect(await routed.revisions(one)).toEqual(new Set([CANARY_REVISION]));
      expect(await routed.revisions(two)).toEqual(new Set([STABLE_REVISION]));
      await routed.servedBy([two], 100);
      expect(Date.now() - patchedAtMs).toBeGreaterThanOrEqual(1500);
      expect(await routed.revisions(two)).toEqual(new Set([CANARY_REVISION]));
    },
    TEST_TIMEOUT_MS,
  );

  test.each([
    ['is frozen', { frozen: true }, { frozen: false }],
    ['rejects its configuration', { rejecting: true }, { rejecting: false }],
  ])(
    'when an instance %s, then it goes on with the weight that it had, until it does not any more',
    async (_, change, back) => {
      const routed = await Routed.given(0);
      await two.set(change);
      await routed.patch(CANARY, { weight: 100 });
      await routed.servedBy([one], 100);
      // Longer than its lag.
      await delay(600);
      expect(await routed.weights()).toEqual([100, 0]);
      expect(await routed.revisions(two)).toEqual(new Set([STABLE_REVISION]));
      await two.set(back);
      await routed.servedBy([two], 100);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when the gateway finds an error in the canary Mapping, then stable has it all, and the diagnostics have the words',
    async () => {
      const routed = await Routed.given(50);
      await one.set({ refuse: { mapping: `${routed.namespace}/${CANARY}`, message: 'retry_policy is no policy' } });
      expect(await routed.weights()).toEqual([0, 50]);
      expect(await routed.revisions(one)).toEqual(new Set([STABLE_REVISION]));
      const diagnostics = await one.diagnostics();
      expect(diagnostics.errors).toEqual([[`${CANARY}.${routed.namespace}.1`, 'retry_policy is no policy']]);
      expect(errorsAbout(diagnostics, routed.namespace, [CANARY])).toEqual(['retry_policy is no policy']);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when the stable Mapping is deleted, then the canary alone has it all, whatever its weight',
    async () => {
      const routed = await Routed.given(0);
      await routed.scenario.delete(MAPPINGS, STABLE);
      await routed.servedBy(gateways, 100);
      expect(await routed.revisions(one)).toEqual(new Set([CANARY_REVISION]));
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when the canary Service has no ready endpoint, then its share fails with 503, and only that',
    async () => {
      const routed = await Routed.given(50);
      await routed.scenario.patch(DEPLOYMENTS, 'someapp-canary', { spec: { replicas: 0 } });
      await eventually(
        'the endpoints are gone',
        async () => !(await routed.scenario.hasReadyEndpoints('someapp-canary')),
      );
      const problem = `503 the Service ${routed.namespace}/someapp-canary has no ready endpoint`;
      await eventually('the gateway knows', async () => (await routed.revisions(one)).has(problem));
      expect(await routed.revisions(one, 40)).toEqual(new Set([STABLE_REVISION, problem]));
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when the canary Mapping is a copy in v3alpha1, where no hostname means no host, then it is served like the original',
    async () => {
      const routed = await Routed.given();
      await routed.scenario.create(MAPPINGS_V3, {
        ...routed.mapping(CANARY, { service: 'someapp-canary:80', weight: 40 }),
        apiVersion: 'getambassador.io/v3alpha1',
      });
      await routed.servedBy(gateways, 40);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when pods of the canary are set to fail and to be slow, then those of stable are neither',
    async () => {
      const routed = await Routed.given(100);
      await two.set({ revisions: { [CANARY_REVISION]: { errorPercent: 100, latencyMs: 300 } } });
      const labels = `envoy_cluster_name="someapp_canary_${routed.namespace.replaceAll('-', '_')}_80"`;
      const metrics = (gateway: Gateway): Promise<(number | undefined)[]> =>
        Promise.all(
          [
            `upstream_rq_total{${labels}}`,
            `upstream_rq_xx{envoy_response_code_class="5",${labels}}`,
            `upstream_rq_time_count{${labels}}`,
            `upstream_rq_time_bucket{${labels},le="250"}`,
          ].map((metric) => gateway.metric(`envoy_cluster_${metric}`)),
        );
      const [before, others] = await Promise.all([metrics(one), metrics(two)]);
      const startedAtMs = Date.now();
      expect(await routed.revisions(one, 5)).toEqual(new Set(['500 undefined']));
      expect(Date.now() - startedAtMs).toBeGreaterThanOrEqual(300);
      const [total = 0, , timed = 0, quick] = before;
      expect(await metrics(one)).toEqual([total + 5, 5, timed + 5, quick]);
      expect(await metrics(two)).toEqual(others);
      await routed.patch(CANARY, { weight: 0 });
      await routed.servedBy(gateways, 0);
      expect(await routed.revisions(one, 5)).toEqual(new Set([STABLE_REVISION]));
    },
    TEST_TIMEOUT_MS,
  );
});

describe('given a Mapping in v3alpha1 without a hostname', () => {
  test(
    'when no Host selects it, then it takes nothing; and when one does by its labels, then that Host serves it',
    async () => {
      const routed = await Routed.given();
      const path = `/${routed.namespace}/by-label`;
      await routed.scenario.create(MAPPINGS_V3, {
        ...mapping('by-label', { prefix: path }, { gateway: routed.namespace }),
        apiVersion: 'getambassador.io/v3alpha1',
      });
      const host = {
        apiVersion: 'getambassador.io/v3alpha1',
        kind: 'Host',
        metadata: { name: 'by-label' },
        spec: { hostname: '*', mappingSelector: { matchLabels: { gateway: routed.namespace } } },
      };
      const later = `/${routed.namespace}/later`;
      await routed.scenario.create(MAPPINGS, mapping('later', { prefix: later }));
      await eventually(
        'the gateway has read one that came later',
        async () => (await one.request(later)).status === 200,
      );
      expect((await one.request(path)).status).toBe(404);
      await routed.scenario.create(HOSTS, host);
      await eventually('the Host serves it', async () => (await one.request(path)).status === 200);
      await routed.scenario.delete(HOSTS, 'by-label');
      await routed.servedBy(gateways, 0);
    },
    TEST_TIMEOUT_MS,
  );
});

describe('given the gateway as a test double', () => {
  test(
    'when it answers, then it says so, and what its pods are',
    async () => {
      const routed = await Routed.given(100);
      const { headers, body } = await one.request(routed.path);
      expect(headers.get(TEST_DOUBLE_HEADER)).toContain('not Emissary');
      expect(body).toEqual({
        pod: expect.stringMatching(/^someapp-canary-/),
        revision: CANARY_REVISION,
        service: 'someapp-canary:80',
        mapping: `${routed.namespace}/${CANARY}`,
        share: 100,
        weight: 100,
      });
      const nowhere = await one.request('/nowhere');
      expect([nowhere.status, nowhere.headers.get(TEST_DOUBLE_HEADER)]).toEqual([
        404,
        expect.stringContaining('not Emissary'),
      ]);
      const paths = ['/ambassador/v0/diag/?json=true', '/ambassador/v0/diag/?json=true&filter=errors', '/metrics'];
      for (const path of [...paths, '/sandbox/v0/control', '/nowhere']) {
        const answer = await one.admin(path);
        expect([path, answer.headers.get(TEST_DOUBLE_HEADER)]).toEqual([path, expect.stringContaining('not Emissary')]);
      }
      expect(JSON.parse((await one.admin('/ambassador/v0/diag/?json=true&filter=errors')).text)).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  test('when a setting is not valid, then 400 names it, and nothing is set', async () => {
    const { status, text } = await one.control('PUT', { lagMs: -1, frozen: true });
    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({ errors: [{ path: 'lagMs', message: 'must not be below 0' }] });
    expect(JSON.parse((await one.control('GET')).text)).toMatchObject({ lagMs: 200, frozen: false });
  });
});

// The last ones: they end the gateway that the others use.
describe('given a request in flight', () => {
  test(
    'when the gateway is told to end, then it answers that first, and is up again on the same ports',
    async () => {
      const routed = await Routed.given(100);
      const { pids } = await readSandbox(used.sandbox.stateDirectory);
      await one.set({ revisions: { [CANARY_REVISION]: { errorPercent: 0, latencyMs: 700 } } });
      const inFlight = one.request(routed.path);
      await delay(200);
      process.kill(pids.gateway ?? Number.NaN, 'SIGTERM');
      await eventually('no more connections', () =>
        one.request(routed.path).then(
          () => false,
          () => true,
        ),
      );
      expect((await inFlight).status).toBe(200);
      await eventually('it has ended', async () =>
        one.admin('/metrics').then(
          () => false,
          () => true,
        ),
      );
      await used.processes.start('gateway');
      await eventually('it is up', async () => (await one.request(routed.path)).body.revision === CANARY_REVISION);
    },
    TEST_TIMEOUT_MS,
  );
});

describe('given a Mapping that Envoy refuses', () => {
  test(
    'when it is there, then every instance keeps what it had, and one that starts anew serves nothing until it is gone',
    async () => {
      const routed = await Routed.given(50);
      const unrelated = `/${routed.namespace}/unrelated`;
      await routed.patch(CANARY, { weight: -5 });
      await routed.scenario.create(MAPPINGS, mapping('unrelated', { prefix: unrelated }));
      // Longer than the lag.
      await delay(1000);
      expect(await routed.weights()).toEqual([50, 50]);
      expect((await one.request(unrelated)).status).toBe(404);
      expect((await one.diagnostics()).errors).toEqual([]);

      await used.processes.kill('gateway');
      await used.processes.start('gateway');
      const ready = '/ambassador/v0/check_ready';
      await eventually('it is up, and not ready', async () => (await one.admin(ready)).status === 503);
      expect((await one.request(routed.path)).status).toBe(503);
      expect((await one.admin('/ambassador/v0/diag/?json=true')).status).toBe(503);

      await routed.patch(CANARY, { weight: 50 });
      await routed.servedBy(gateways, 50);
      expect((await one.admin(ready)).status).toBe(200);
    },
    TEST_TIMEOUT_MS,
  );
});
