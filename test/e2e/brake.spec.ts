import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { ROLLOUTS, isKubernetesError, type Resource } from '@weir/kubernetes';
import { BRAKE_FIELD_MANAGER } from '@weir/rollout';
import type { Application } from '../support/application.ts';
import { readSandbox } from '../support/cluster.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { MAPPINGS } from '../support/objects.ts';
import { OrderTrace } from '../support/order-trace.ts';
import { Scenario } from '../support/scenario.ts';
import { useSandbox } from '../support/shared.ts';
import { eventually } from '../support/wait.ts';
import { setWeight, untilPromoted } from '../support/workload-app.ts';
import { useWorkloads } from '../support/workload-scenario.ts';

const TEST_TIMEOUT_MS = 120_000;
const START_TIMEOUT_MS = 120_000;
const canary = 'stable-mapping0-canary';
const EVE = { actor: 'eve', reason: '5xx' };
const BY_EVE = /aborted by eve: 5xx/;

const used = useSandbox();
const workload = useWorkloads(used);
let proxy: FaultProxy;
let traces: OrderTrace[] = [];

beforeAll(async () => {
  // The worker's requests pass through here, so that they can be kept back; the API's do not.
  const { env } = await readSandbox(used.sandbox.stateDirectory);
  proxy = await FaultProxy.start(env['KUBECONFIG'] ?? '', used.sandbox.stateDirectory);
  await used.processes.kill('worker');
  await used.processes.startWorker({ KUBECONFIG: proxy.kubeconfig });
}, START_TIMEOUT_MS);
afterAll(() => proxy.close());

afterEach(() => {
  proxy.release();
  const raised = traces.flatMap((trace) => trace.raisedAfterOrder());
  traces = [];
  expect(raised).toEqual([]);
});

interface AbortAnswer {
  readonly message: string;
  readonly brake: { readonly weight: number; readonly mappings: readonly string[]; readonly note?: string } | null;
}

function traced<T extends Application>(app: T): { readonly app: T; readonly trace: OrderTrace } {
  const trace = new OrderTrace(app);
  traces.push(trace);
  return { app, trace };
}

async function given(steps: Scenario['steps']): Promise<{ readonly app: Scenario; readonly trace: OrderTrace }> {
  return traced(await Scenario.given(used.cluster, { steps }));
}

async function pausedAt30() {
  const started = await given([setWeight(30), untilPromoted, setWeight(60), untilPromoted]);
  await started.app.put();
  await started.app.pausedAt(1);
  return started;
}

async function abort(app: Application): Promise<AbortAnswer> {
  const response = await app.post('abort', EVE);
  const answer = (await response.json()) as AbortAnswer;
  expect({ status: response.status, answer }).toMatchObject({ status: 202 });
  return answer;
}

async function endsAborted(app: Application): Promise<void> {
  const { message } = await app.statusThat(
    'aborted',
    ({ phase, abort: isAborted }) => phase === 'Degraded' && isAborted === true,
    60_000,
  );
  expect(message).toMatch(BY_EVE);
  await app.settled();
  await eventually('no canary Mapping is left', async () => (await app.canaryMappings()).length === 0, 60_000);
  expect((await app.rollout())?.metadata.annotations?.['weir.dev/order']).toBeUndefined();
}

const writesWeight = (weight: number) => (method: string, body: string, url: string) =>
  method === 'PATCH' && url.includes('/mappings/') && body.includes(`"weight":${weight}`);

describe('what the brake builds on: a PATCH with the uid of another object', () => {
  test.each<[string, Resource, string]>([
    ['Mapping', MAPPINGS, 'stable-mapping'],
    ['Rollout', ROLLOUTS, 'someapp'],
  ])('is refused for a %s, and names the field', async (_, resource, name) => {
    const { app } = await given([setWeight(0), untilPromoted]);
    await app.put();
    const metadata = { uid: '00000000-0000-4000-8000-000000000000', annotations: { late: 'yes' } };
    const error = await app.patch(resource, name, { metadata }).catch((caught: unknown) => caught);
    if (!isKubernetesError(error, 'invalid')) {
      throw new Error(`not refused as invalid: ${String(error)}`);
    }
    expect(error.causes.map(({ field }) => field)).toContain('metadata.uid');
    expect((await app.read(resource, name))?.metadata.annotations?.['late']).toBeUndefined();
  });
});

describe('given a rollout that is paused at 30 %', () => {
  test(
    'when it is aborted, then the API itself writes weight 0 with the order, and the run ends aborted',
    async () => {
      const { app, trace } = await pausedAt30();
      expect(await abort(app)).toMatchObject({ brake: { weight: 0, mappings: [canary] } });
      await endsAborted(app);
      expect(trace.ordered).toMatchObject({ weight: 0, writtenWeight: 0, order: EVE });
      expect(app.course()).toEqual([0, 30, 0, 'gone'].map((weight) => `${canary} ${weight}`));
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when somebody edits the Mapping and the abort meets the repair, then the repair does not undo the order',
    async () => {
      const { app } = await pausedAt30();
      const repair = proxy.holdRequest(writesWeight(30));
      await app.patch(MAPPINGS, canary, { spec: { weight: 90 } });
      await repair.arrived;
      expect(await abort(app)).toMatchObject({ brake: { weight: 0, mappings: [canary] } });
      expect((await app.mapping(canary))?.spec.weight).toBe(0);
      expect(await repair.release()).toBe(409);
      await endsAborted(app);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when somebody edits the Mapping at the very moment of the abort, then it ends at 0 whoever comes first',
    async () => {
      const { app } = await pausedAt30();
      await Promise.all([app.patch(MAPPINGS, canary, { spec: { weight: 90 } }), abort(app)]);
      await endsAborted(app);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    "when the abort meets the next step's weight on its way, then that weight is refused",
    async () => {
      const { app } = await pausedAt30();
      const step = proxy.holdRequest(writesWeight(60));
      expect((await app.post('promote')).status).toBe(200);
      await step.arrived;
      expect(await abort(app)).toMatchObject({ brake: { weight: 0, mappings: [canary] } });
      expect((await app.mapping(canary))?.spec.weight).toBe(0);
      expect(await step.release()).toBe(409);
      await endsAborted(app);
      expect(app.course()).not.toContain(`${canary} 60`);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when an attempt that timed out lands after the abort, then it is refused',
    async () => {
      const { app } = await pausedAt30();
      const first = proxy.holdRequest(writesWeight(60));
      const removal = proxy.holdRequest((method, _body, url) => method === 'DELETE' && url.includes(canary));
      await app.post('promote');
      await first.arrived;
      // The worker gives the first attempt up after 4 s, and the next one gets through.
      await app.pausedAt(3);
      expect((await app.mapping(canary))?.spec.weight).toBe(60);
      await abort(app);
      await removal.arrived;
      expect(await first.release()).toBe(409);
      expect((await app.mapping(canary))?.spec.weight).toBe(0);
      await removal.release();
      await endsAborted(app);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'while Temporal is stopped, then the weight is 0 at once, and the run ends aborted when Temporal is back',
    async () => {
      const { app, trace } = await pausedAt30();
      await used.processes.kill('temporal');
      const { brake, message } = await abort(app);
      expect(brake).toEqual({ weight: 0, mappings: [canary] });
      expect(message).toMatch(/Temporal cannot be reached, and the run ends aborted when it is back/);
      expect((await app.mapping(canary))?.spec.weight).toBe(0);
      await used.processes.start('temporal');
      await endsAborted(app);
      expect(trace.ordered?.order).toMatchObject(EVE);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when somebody terminated its run, then an abort takes the weight off and leaves the cluster clean',
    async () => {
      const { app } = await pausedAt30();
      await used.cluster.runs.handle(app.ref).terminate('by hand');
      expect(await abort(app)).toMatchObject({ brake: { weight: 0, mappings: [canary] } });
      await eventually('no canary Mapping is left', async () => (await app.canaryMappings()).length === 0);
      await app.settled();
      expect((await app.rollout())?.metadata.finalizers ?? []).toEqual([]);
      expect(await app.selectorOf('someapp-stable')).toMatchObject({ version: 'v1' });
    },
    TEST_TIMEOUT_MS,
  );
});

describe('given a rollout whose canary Mapping is being created', () => {
  const creation = () => proxy.holdRequest((method, body) => method === 'POST' && body.includes(`"name":"${canary}"`));

  test(
    'when it is aborted, then the order waits on the Rollout, and the Mapping gets no weight',
    async () => {
      const { app } = await given([setWeight(30), untilPromoted]);
      const post = creation();
      await app.put();
      await post.arrived;
      expect(await abort(app)).toMatchObject({
        brake: { weight: 0, mappings: [], note: expect.stringContaining('the order stands on the Rollout') },
      });
      expect(await post.release()).toBe(201);
      await endsAborted(app);
      expect(app.course()).not.toContain(`${canary} 30`);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when it is aborted while Temporal is stopped, then the order alone is enough',
    async () => {
      const { app } = await given([setWeight(30), untilPromoted]);
      const post = creation();
      await app.put();
      await post.arrived;
      await used.processes.kill('temporal');
      expect(await abort(app)).toMatchObject({ brake: { mappings: [] } });
      await post.release();
      await used.processes.start('temporal');
      await endsAborted(app);
      expect(app.course()).not.toContain(`${canary} 30`);
    },
    TEST_TIMEOUT_MS,
  );
});

test(
  'given stable pods that follow the weight, when it is aborted, then the brake goes no lower than they can carry',
  async () => {
    const { app, trace } = traced(
      await workload({
        replicas: 4,
        steps: [setWeight(60), untilPromoted],
        canary: { dynamicStableScale: true },
      }),
    );
    await app.deployed();
    await app.whenImage('2');
    await app.pausedAt(1);
    await app.hasPods({ 1: 2, 2: 3 });
    expect(await abort(app)).toMatchObject({
      brake: {
        weight: 50,
        mappings: ['app0-canary'],
        note: 'the canary keeps 50 % until stable has pods for the rest',
      },
    });
    await endsAborted(app);
    expect(trace.ordered).toMatchObject({ weight: 50, writtenWeight: 50, order: EVE });
    await app.hasPods({ 1: 4 });
  },
  TEST_TIMEOUT_MS,
);

test(
  'given a stable Service that selects the new revision, when it is aborted, then it is refused and nothing is written',
  async () => {
    const { app } = await pausedAt30();
    const removal = proxy.holdRequest((method, _body, url) => method === 'DELETE' && url.includes(canary));
    await app.post('promote', { full: true });
    await removal.arrived;
    expect(await app.selectorOf('someapp-stable')).toMatchObject({ version: 'v2' });
    const before = await app.mapping(canary);
    const response = await app.post('abort', EVE);
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({
      code: 'AlreadyPromoted',
      detail: expect.stringContaining('promoted; use undo'),
    });
    expect(await app.mapping(canary)).toEqual(before);
    expect((await app.rollout())?.metadata.managedFields?.map(({ manager }) => manager)).not.toContain(
      BRAKE_FIELD_MANAGER,
    );
    await removal.release();
    await app.phase('Healthy');
    await app.settled();
  },
  TEST_TIMEOUT_MS,
);
