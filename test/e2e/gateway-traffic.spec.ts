import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { POD_TEMPLATE_HASH_LABEL } from '@weir/rollout';
import { setTimeout as delay } from 'node:timers/promises';
import { gatewaysOf, type Gateway } from '../support/gateway.ts';
import { isWithinChance, startLoad, type Load } from '../support/load.ts';
import { useSandbox } from '../support/shared.ts';
import { eventually } from '../support/wait.ts';
import { setWeight, untilPromoted } from '../support/workload-app.ts';
import { WorkloadScenario } from '../support/workload-scenario.ts';

const TEST_TIMEOUT_MS = 180_000;
const REQUESTS_PER_SECOND = 200;
/** Of each plateau: enough to tell 30 % from 34 %. */
const PLATEAU_REQUESTS = 3_000;
const FROZEN_MS = 10_000;
/** The example's, with pauses as long as the measurement takes. */
const STEPS = [setWeight(30), untilPromoted, setWeight(60), untilPromoted];

const used = useSandbox('--gateways', '2');
let gateways: Gateway[];
let scenario: WorkloadScenario;
let load: Load;

beforeAll(async () => {
  gateways = await gatewaysOf(used.sandbox.stateDirectory);
});

/** Image 1 is deployed, and constant load goes through both instances. */
beforeEach(async () => {
  scenario = await WorkloadScenario.given(used.cluster, { replicas: 3, steps: STEPS });
  await scenario.deployed();
  const path = `/${scenario.namespace}/app/`;
  await Promise.all(
    gateways.map((gateway) =>
      eventually('the gateway serves it', async () => (await gateway.request(path)).status === 200),
    ),
  );
  load = startLoad({ urls: gateways.map(({ url }) => url), path, requestsPerSecond: REQUESTS_PER_SECOND });
}, TEST_TIMEOUT_MS);

afterEach(async () => {
  await load.stop();
  await Promise.all(gateways.map((gateway) => gateway.set({ frozen: false })));
}, TEST_TIMEOUT_MS);

async function hashOf(revision: number): Promise<string> {
  return (await scenario.revision(revision)).metadata.labels?.[POD_TEMPLATE_HASH_LABEL] ?? '';
}

/** Over {@link PLATEAU_REQUESTS} requests from now on, the canary answers its share, as far as chance lets one tell. */
async function sharesAre(canaryRevision: number, percent: number): Promise<void> {
  const sinceMs = Date.now();
  const counts = await eventually(
    `${PLATEAU_REQUESTS} requests`,
    async () => {
      const seen = load.counts(sinceMs);
      return seen.total >= PLATEAU_REQUESTS && seen;
    },
    60_000,
  );
  const canary = counts.byRevision[await hashOf(canaryRevision)] ?? 0;
  const seen = `${canary} of ${counts.total}`;
  expect({ seen, plausible: isWithinChance(canary, counts.total, percent) }).toEqual({ seen, plausible: true });
}

async function noneFailed(): Promise<void> {
  await load.stop();
  const { total, problems } = load.counts();
  expect({ problems, many: total > PLATEAU_REQUESTS }).toEqual({ problems: {}, many: true });
}

/** Shown by REST: what is intended, written and served. */
async function weightShown(): Promise<unknown> {
  return ((await (await scenario.request('GET')).json()) as { weight: unknown }).weight;
}

describe('through two gateway instances under constant load', () => {
  test(
    'the example is promoted without a failed request, and each plateau has its share',
    async () => {
      await scenario.whenImage('2');
      await scenario.pausedAt(1);
      expect(await weightShown()).toEqual({ intended: 30, written: 30, served: 30 });
      await sharesAre(2, 30);
      await scenario.command('promote');
      await scenario.pausedAt(3);
      await sharesAre(2, 60);
      await scenario.command('promote');
      await scenario.healthy();
      await scenario.hasPods({ 2: 3 }, 30_000);
      await sharesAre(2, 100);
      await noneFailed();
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'the example is aborted at its second plateau without a failed request, and stable has everything again',
    async () => {
      await scenario.whenImage('2');
      await scenario.pausedAt(1);
      await scenario.command('promote');
      await scenario.pausedAt(3);
      await sharesAre(2, 60);
      await scenario.command('abort', { actor: 'ana' });
      await scenario.degraded('RolloutAborted');
      await scenario.hasPods({ 1: 3 }, 30_000);
      await sharesAre(2, 0);
      await noneFailed();
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'a step is not done while one instance is frozen, and nothing fails on the way to the end',
    async () => {
      const [, frozen] = gateways as [Gateway, Gateway];
      await scenario.whenImage('2');
      await scenario.pausedAt(1);
      await frozen.set({ frozen: true });
      await scenario.command('promote');
      await eventually('weight 60 is written and not served', async () => {
        const { written, served } = (await weightShown()) as { written: number; served: number | null };
        return written === 60 && served === 30;
      });
      await delay(FROZEN_MS);
      expect(await scenario.status()).toMatchObject({ phase: 'Progressing', currentStepIndex: 2 });
      await frozen.set({ frozen: false });
      await scenario.pausedAt(3);
      await sharesAre(2, 60);
      await frozen.set({ frozen: true });
      await scenario.command('promote');
      await delay(FROZEN_MS);
      expect((await scenario.selected()).stable).toBe(1); // Weight 100 is written, and one instance gives 60.
      await frozen.set({ frozen: false });
      await scenario.healthy();
      await scenario.hasPods({ 2: 3 }, 30_000);
      await sharesAre(2, 100);
      await noneFailed();
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'an abort does not wait for a frozen instance, but the pods of the canary do',
    async () => {
      const [, frozen] = gateways as [Gateway, Gateway];
      await scenario.whenImage('2');
      await scenario.pausedAt(1);
      await frozen.set({ frozen: true });
      await scenario.command('abort', { actor: 'ana' });
      await eventually('the canary Mapping is gone', async () => (await scenario.canaryMappings()).length === 0, 5_000);
      await delay(FROZEN_MS);
      await scenario.hasPods({ 1: 3, 2: 1 });
      await frozen.set({ frozen: false });
      await scenario.hasPods({ 1: 3 }, 30_000);
      await sharesAre(2, 0);
      await noneFailed();
    },
    TEST_TIMEOUT_MS,
  );
});
