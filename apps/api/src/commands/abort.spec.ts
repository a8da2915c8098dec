import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { newRun, revisionOf } from '@weir/rollout';
import type { TemporalFault } from '../temporal/temporal-fault.ts';
import {
  aCanary,
  aManifest,
  aManifestWithPods,
  aReplicaSet,
  aRollout,
  aService,
  type RolloutParts,
} from '../testing/builders.ts';
import { AWAY, CANARY, CLOSED, GivenAbort } from '../testing/given-abort.ts';

const GET_SERVICE = 'GET services someapp-stable';
const PATCH_CANARY = `PATCH mappings ${CANARY}`;
const ORDER = { actor: 'eve', reason: '5xx', at: expect.stringMatching(/^\d{4}-.*Z$/), key: 'abort:k1' };

let given: GivenAbort;
beforeEach(() => {
  given = new GivenAbort();
});
afterEach(() => given.end());

describe('an abort', () => {
  test('takes the weight off by one write and no read when the watches have seen the Mapping, and then tells the run', async () => {
    await given.watched(CANARY);
    const writtenBefore: unknown[] = [];
    given.runs.abort.mockImplementation(() => Promise.resolve(void writtenBefore.push(given.weight())));
    expect(await given.abort()).toEqual({
      status: 202,
      body: {
        accepted: true,
        workflowId: 'rollout/local/default/someapp',
        actor: { name: 'eve', claimed: true },
        brake: { weight: 0, mappings: [CANARY] },
        message: `weight 0 is written on ${CANARY}; the run was told to take the traffic back to stable`,
      },
    });
    expect(given.cluster.requests()).toEqual([PATCH_CANARY]);
    expect(given.cluster.heard[0]?.fieldManager).toBe('weir-brake');
    expect(writtenBefore).toEqual([0]);
    expect(given.order('mappings', CANARY)).toEqual(ORDER);
    expect(given.runs.abort.mock.calls[0]?.[1]).toEqual({ actor: 'eve', reason: '5xx', idempotencyKey: 'abort:k1' });
  });

  test('reads the stable Service first when the canary has all traffic, because a run may have switched it', async () => {
    given.cluster.has('mappings', aCanary({ weight: 100 }));
    await given.watched(CANARY);
    expect((await given.abort()).status).toBe(202);
    expect(given.cluster.requests()).toEqual([GET_SERVICE, PATCH_CANARY]);
  });

  test('gives the order the key of the command although the caller gave none, so that a run takes it once', async () => {
    expect((await given.send({})).status).toBe(202);
    const { key } = given.order('mappings', CANARY) as { key: string };
    expect(key).toMatch(/^abort:[0-9a-f-]{36}$/);
    expect(given.runs.abort.mock.calls[0]?.[1]).toEqual({ actor: 'anonymous', idempotencyKey: key });
  });

  test('looks for itself when the watches have seen nothing yet', async () => {
    expect(await given.abort()).toMatchObject({ status: 202, body: { brake: { weight: 0, mappings: [CANARY] } } });
    expect(given.weight()).toBe(0);
  });

  test('looks for the Mappings that the watches have not seen', async () => {
    const two = aRollout({
      spec: aManifest({ trafficRouting: { ambassador: { mappings: ['stable-mapping', 'b'] } } })['spec'] as object,
    });
    given.cluster.has('rollouts', two).has('mappings', aCanary({ name: 'b0-canary' }));
    await given.watched(CANARY);
    expect(await given.abort()).toMatchObject({ body: { brake: { mappings: ['b0-canary', CANARY] } } });
    expect([given.weight(), given.weight('b0-canary')]).toEqual([0, 0]);
  });

  test('takes the weight off a Mapping that the Rollout lists no longer', async () => {
    given.cluster.has('mappings', aCanary({ name: 'old0-canary' }));
    await given.watched(CANARY, 'old0-canary');
    expect(await given.abort()).toMatchObject({ body: { brake: { mappings: ['old0-canary', CANARY] } } });
  });

  test('finds the Mapping that was made anew since the watches saw it', async () => {
    await given.watched(CANARY);
    given.cluster.has('mappings', aCanary({ uid: 'another', weight: 60 }));
    expect(await given.abort()).toMatchObject({ status: 202, body: { brake: { mappings: [CANARY] } } });
    expect(given.weight()).toBe(0);
  });

  test.each<[string, object]>([
    ['another installation', { installation: 'uuid/other' }],
    ['another Rollout', { workflowId: 'rollout/local/default/other' }],
  ])('leaves a Mapping of %s alone, and says so', async (_, whose) => {
    given.cluster.has('mappings', aCanary(whose));
    const { body } = await given.abort();
    expect(body).toMatchObject({ brake: null, message: expect.stringContaining(`Mapping ${CANARY} is not ours`) });
    expect(given.weight()).toBe(30);
  });

  test('finds one that became somebody else’s since the watches saw it, and leaves it alone', async () => {
    await given.watched(CANARY);
    given.cluster.has('mappings', aCanary({ uid: 'another', installation: 'uuid/other' }));
    await given.abort();
    expect(given.weight()).toBe(30);
  });

  test.each<[string, object, Record<string, string>, string]>([
    ['with pods', aManifestWithPods(), { 'rollouts-pod-template-hash': 'v2' }, 'v2'],
    ['traffic only', aManifest(), { version: 'v2' }, revisionOf({ version: 'v2' })],
  ])(
    'is refused once the stable Service selects the canary (%s), and nothing is written',
    async (_, manifest, selector, revision) => {
      given.cluster
        .has('rollouts', aRollout({ spec: (manifest as { spec: object }).spec }))
        .has('mappings', aCanary({ revision }))
        .has('services', aService('someapp-stable', selector));
      expect(await given.abort()).toMatchObject({
        status: 409,
        body: { code: 'AlreadyPromoted', detail: expect.stringContaining('promoted; use undo') },
      });
      expect([given.weight(), given.cluster.requests('PATCH'), given.runs.abort.mock.calls]).toEqual([30, [], []]);
    },
  );
});

describe('an abort with dynamicStableScale', () => {
  const stable = aReplicaSet(1, 'v1');
  beforeEach(() => {
    given.cluster
      .has('rollouts', aRollout({ spec: aManifestWithPods({ dynamicStableScale: true })['spec'] as object }))
      .has('services', aService('someapp-stable', { app: 'someapp', 'rollouts-pod-template-hash': 'v1' }))
      .has('replicasets', { ...stable, status: { availableReplicas: 3 } } as never);
  });

  test('goes no lower than the available pods of stable can carry, and says so', async () => {
    given.cluster.has('mappings', aCanary({ weight: 60 }));
    expect(await given.abort()).toMatchObject({
      status: 202,
      body: {
        brake: { weight: 25, note: 'the canary keeps 25 % until stable has pods for the rest' },
        message: expect.stringContaining('the canary keeps 25 %'),
      },
    });
    expect(given.weight()).toBe(25);
    expect(given.cluster.stored('mappings', CANARY)?.metadata.annotations?.['weir.dev/weight']).toBe('25');
  });

  test('never raises a weight that was lowered since the watches saw it', async () => {
    given.cluster.has('mappings', aCanary({ weight: 60 }));
    await given.watched(CANARY);
    const { metadata, ...rest } = aCanary({ weight: 10 });
    given.cluster.has('mappings', { ...rest, metadata: { ...metadata, resourceVersion: '51' } });
    expect(await given.abort()).toMatchObject({ body: { brake: { weight: 10 } } });
    expect(given.weight()).toBe(10);
  });
});

describe('an abort while the canary Mapping is not there yet', () => {
  beforeEach(() => {
    given.cluster.gone('mappings', CANARY);
  });

  test('leaves its order on the Rollout, for whoever makes the Mapping', async () => {
    expect(await given.abort()).toMatchObject({
      status: 202,
      body: { brake: { weight: 0, mappings: [], note: expect.stringContaining('the order stands on the Rollout') } },
    });
    expect(given.order('rollouts', 'someapp')).toEqual({ ...ORDER, generation: expect.any(Number) });
    expect(given.cluster.heard.find(({ what }) => what === 'PATCH rollouts someapp')).toMatchObject({
      fieldManager: 'weir-brake',
      body: { metadata: { uid: 'uid-1' } },
    });
  });

  test('finds the Mapping when it was made between the first look and the order', async () => {
    given.cluster.before('PATCH rollouts someapp', () => given.cluster.has('mappings', aCanary({ weight: 0 })));
    expect(await given.abort()).toMatchObject({ body: { brake: { mappings: [CANARY] } } });
    expect(given.order('mappings', CANARY)).toEqual(ORDER);
  });

  test('is kept on the Rollout while Temporal is away', async () => {
    given.runs.abort.mockRejectedValue(AWAY);
    expect(await given.abort()).toMatchObject({
      status: 202,
      body: { message: expect.stringContaining('Temporal cannot be reached') },
    });
    expect(given.order('rollouts', 'someapp')).toEqual({ ...ORDER, generation: expect.any(Number) });
  });

  test('takes its order off again when no run is open', async () => {
    given.runs.abort.mockRejectedValue(CLOSED);
    expect(await given.abort()).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('it has not run yet') },
    });
    expect(given.order('rollouts', 'someapp')).toBeUndefined();
    expect(given.runs.bringHome).not.toHaveBeenCalled();
  });

  test('leaves the order of another abort when it takes its own off', async () => {
    const another = { ...ORDER, at: '2026-11-23T10:00:00Z', key: 'abort:another' };
    given.runs.abort.mockImplementation(() => {
      given.cluster.has(
        'rollouts',
        aRollout({ metadata: { annotations: { 'weir.dev/order': JSON.stringify(another) } } }),
      );
      return Promise.reject(CLOSED);
    });
    await given.abort();
    expect(given.order('rollouts', 'someapp')).toEqual(another);
  });

  test('takes its order off again when the run has not taken it', async () => {
    given.runs.state.mockResolvedValue({ ...newRun(), looked: true, stage: 'promoting', promotion: 'endpoints' });
    expect(await given.abort()).toMatchObject({ status: 409, body: { code: 'AlreadyPromoted' } });
    expect(given.order('rollouts', 'someapp')).toBeUndefined();
  });

  test('leaves its order to the run that has taken it', async () => {
    given.runs.state.mockResolvedValue({ ...newRun(), stage: 'retreating', handledKeys: ['abort:k1'] });
    expect(await given.abort()).toMatchObject({ status: 202 });
    expect(given.order('rollouts', 'someapp')).toEqual({ ...ORDER, generation: expect.any(Number) });
  });

  const AT_END: RolloutParts = { status: { observedGeneration: '1' }, note: { outcome: 'aborted' } };
  test.each<[string, TemporalFault]>([
    ['says so', CLOSED],
    ['is away', AWAY],
  ])('writes nothing when the Rollout says that its run is over, and Temporal %s', async (_, fault) => {
    given.cluster.has('rollouts', aRollout(AT_END));
    given.runs.abort.mockRejectedValue(fault);
    expect(await given.abort()).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('it was aborted') },
    });
    expect(given.cluster.requests('PATCH')).toEqual([]);
  });

  test('of a Rollout that is not there is 404', async () => {
    given.cluster.gone('rollouts', 'someapp');
    given.runs.abort.mockRejectedValue(CLOSED);
    expect(await given.abort()).toMatchObject({ status: 404 });
    expect(given.cluster.requests('PATCH')).toEqual([]);
  });
});
