import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { KubernetesError, type KubernetesClient } from '@weir/kubernetes';
import { newRun, type Run } from '@weir/rollout';
import { TemporalFault } from '../temporal/temporal-fault.ts';
import { aCanary } from '../testing/builders.ts';
import { AWAY, CANARY, CLOSED, GivenAbort } from '../testing/given-abort.ts';

const NO_ANSWER = new KubernetesError('unavailable', 'GET x: connect ECONNREFUSED');

let given: GivenAbort;
beforeEach(() => {
  given = new GivenAbort();
});
afterEach(() => given.end());

describe('an abort while Temporal is away', () => {
  test.each<[string, TemporalFault]>([
    ['cannot be reached', AWAY],
    ['does not answer', new TemporalFault('timedOut', 'late', undefined)],
  ])('takes the weight off, and says that the run ends later: Temporal %s', async (_, fault) => {
    given.runs.abort.mockRejectedValue(fault);
    expect(await given.abort()).toMatchObject({
      status: 202,
      body: {
        accepted: true,
        brake: { weight: 0, mappings: [CANARY] },
        message: `weight 0 is written on ${CANARY}; Temporal cannot be reached, and the run ends aborted when it is back`,
      },
    });
    expect(given.weight()).toBe(0);
  });

  test('says so when it is there and does not take it', async () => {
    given.runs.abort.mockRejectedValue(new TemporalFault('refused', 'no permission', undefined));
    expect(await given.abort()).toMatchObject({
      status: 202,
      body: { message: expect.stringContaining('a worker tells the run in its place') },
    });
  });

  test('remembers whose the Mappings are', async () => {
    await given.abort();
    given.runs.installation.mockRejectedValue(AWAY);
    given.runs.abort.mockRejectedValue(AWAY);
    given.cluster.has('mappings', aCanary());
    expect(await given.abort()).toMatchObject({ status: 202, body: { brake: { mappings: [CANARY] } } });
    expect(given.runs.installation).toHaveBeenCalledTimes(1);
  });

  test('leaves its order on the Rollout when it was never known whose the Mappings are', async () => {
    given.runs.installation.mockRejectedValue(AWAY);
    given.runs.abort.mockRejectedValue(AWAY);
    expect(await given.abort()).toMatchObject({ status: 202, body: { brake: { mappings: [] } } });
    expect([given.weight(), given.order('rollouts', 'someapp')]).toMatchObject([30, { actor: 'eve', key: 'abort:k1' }]);
  });
});

describe('an abort while Kubernetes is away', () => {
  const away = { get: () => Promise.reject(NO_ANSWER), servedApiVersions: () => Promise.reject(NO_ANSWER) } as never;

  test('still tells the run, and says that the brake could not be written', async () => {
    expect(await given.abort(away)).toMatchObject({
      status: 202,
      body: {
        brake: null,
        message: expect.stringContaining('the brake could not be written (GET x: connect ECONNREFUSED)'),
      },
    });
    expect(given.runs.abort).toHaveBeenCalledTimes(1);
  });

  test('does not wait for it for long before it tells the run', async () => {
    const hangs: Partial<KubernetesClient> = {
      ...given.cluster.client,
      mergePatch: () => new Promise((_, reject) => setTimeout(() => reject(NO_ANSWER), 1_500)),
    };
    const startedMs = Date.now();
    given.runs.abort.mockImplementation(() => {
      expect(Date.now() - startedMs).toBeLessThan(1_400);
      return Promise.resolve();
    });
    expect(await given.abort(hangs)).toMatchObject({ status: 202, body: { brake: null } });
    expect(given.runs.abort).toHaveBeenCalledTimes(1);
  });

  test('and by a defect of ours, still tells the run', async () => {
    const defect = { ...given.cluster.client, servedApiVersions: () => Promise.reject(new TypeError('oops')) };
    expect(await given.abort(defect as never)).toMatchObject({ status: 500 });
    expect(given.runs.abort).toHaveBeenCalledTimes(1);
  });

  test('and Temporal too is 503, with both reasons', async () => {
    given.runs.abort.mockRejectedValue(AWAY);
    const { status, body } = await given.abort(away);
    expect([status, body['delivered']]).toEqual([503, false]);
    expect(body['detail']).toMatch(/nothing was done; the brake could not be written .*ECONNREFUSED.*no connection/);
  });
});

describe('an abort of a run that was terminated', () => {
  beforeEach(() => {
    given.runs.abort.mockRejectedValueOnce(CLOSED);
  });

  test('takes the weight off, and starts a run that takes the traffic home', async () => {
    expect(await given.abort()).toMatchObject({
      status: 202,
      body: { brake: { weight: 0 }, message: expect.stringContaining('one was started that takes the traffic back') },
    });
    expect(given.runs.bringHome.mock.calls[0]?.[1]).toMatchObject({ actor: 'eve', idempotencyKey: 'abort:k1' });
  });

  test('tells the run that was opened meanwhile', async () => {
    given.runs.bringHome.mockResolvedValue(false);
    expect(await given.abort()).toMatchObject({
      status: 202,
      body: { message: expect.stringContaining('the run was told') },
    });
    expect(given.runs.abort).toHaveBeenCalledTimes(2);
  });

  test('is taken while Temporal goes away', async () => {
    given.runs.bringHome.mockRejectedValue(AWAY);
    expect(await given.abort()).toMatchObject({
      status: 202,
      body: { message: expect.stringContaining('Temporal cannot be reached') },
    });
  });
});

describe('a run that was told', () => {
  const ending = { reason: '', message: 'all steps are done' };
  test.each<[string, Partial<Run>, number]>([
    ['took it', { stage: 'retreating', ending: { ...ending, outcome: 'aborted' } }, 202],
    ['takes the traffic home anyway', { stage: 'retreating', ending: { ...ending, outcome: 'deleted' } }, 202],
    ['switched the Service meanwhile', { stage: 'promoting', promotion: 'endpoints' }, 409],
    [
      'only waits for old pods to go',
      { stage: 'settling', promotion: 'cleanup', ending: { ...ending, outcome: 'promoted' } },
      409,
    ],
  ])('that %s is answered so', async (_, run, status) => {
    given.runs.state.mockResolvedValue({ ...newRun(), looked: true, ...run });
    const answer = await given.abort();
    expect(answer).toMatchObject({ status, body: status === 409 ? { code: 'AlreadyPromoted' } : { accepted: true } });
  });
});
