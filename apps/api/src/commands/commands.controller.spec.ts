import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { KubernetesError } from '@weir/kubernetes';
import type { RunGateway } from '../temporal/run-gateway.ts';
import { TemporalFault } from '../temporal/temporal-fault.ts';
import { aRollout, type RolloutParts } from '../testing/builders.ts';
import { FakeKubernetes } from '../testing/fake-kubernetes.ts';
import { aServer } from '../testing/server.ts';

const CLOSED = new TemporalFault('notFound', 'workflow execution already completed', undefined);
const ABORTED: RolloutParts = {
  status: { phase: 'Degraded', message: 'RolloutAborted: by ada', observedGeneration: '1', abort: true },
  note: { outcome: 'aborted', reason: 'RolloutAborted' },
};

let app: NestFastifyApplication | undefined;
afterEach(() => app?.close());

async function post(command: string, runs: Partial<RunGateway>, parts?: RolloutParts, body: object = { actor: 'ada' }) {
  const missing = new KubernetesError('notFound', 'not found', 404);
  const get = (() => (parts === undefined ? Promise.reject(missing) : Promise.resolve(aRollout(parts)))) as never;
  const servedApiVersions = () => Promise.resolve([]);
  const installation = () => Promise.resolve('uuid/weir');
  app = await aServer({ kubernetes: { get, servedApiVersions }, runs: { installation, ...runs } });
  const url = `/v1/namespaces/default/rollouts/someapp/${command}`;
  const answer = await app.inject({ method: 'POST', url, headers: { host: 'localhost' }, body });
  return {
    status: answer.statusCode,
    retryAfter: answer.headers['retry-after'],
    body: answer.json<Record<string, unknown>>(),
  };
}

const rejects = (error: Error) => () => Promise.reject(error);
const taken = () => Promise.resolve({ stepIndex: 2, phase: 'Progressing', message: 'step 3 of 4: setWeight 60' });

function refusal(): Error {
  const cause = { type: 'CommandRefused', details: [{ code: 'StaleStep', message: 'expectedStep is 0' }] };
  return Object.assign(new Error('Workflow Update failed'), { name: 'WorkflowUpdateFailedError', cause });
}

describe('a command to a run', () => {
  test('that takes it is answered with where the rollout stands', async () => {
    expect(await post('promote', { command: taken }, {})).toMatchObject({
      status: 200,
      body: { accepted: true, stepIndex: 2, phase: 'Progressing', actor: { name: 'ada', claimed: true } },
    });
  });

  test('that refuses it is 409 with the code', async () => {
    expect(await post('promote', { command: rejects(refusal()) }, {})).toMatchObject({
      status: 409,
      body: { code: 'StaleStep' },
    });
  });

  test('that no worker answers is 202, and may still be taken', async () => {
    const runs = {
      command: rejects(new TemporalFault('timedOut', 'late', undefined)),
      isThere: () => Promise.resolve(true),
    };
    expect(await post('pause', runs, {})).toMatchObject({
      status: 202,
      body: { accepted: 'unknown', updateId: expect.stringMatching(/^pause:/) },
    });
  });

  test.each<[string, TemporalFault, false | 'unknown']>([
    ['cannot be reached: nothing was done', new TemporalFault('unreachable', 'no connection', undefined), false],
    ['does not answer: nobody knows', new TemporalFault('timedOut', 'late', undefined), 'unknown'],
  ])('when Temporal %s', async (_, fault, delivered) => {
    const runs = { command: rejects(fault), isThere: () => Promise.resolve(false) };
    expect(await post('resume', runs, {})).toMatchObject({ status: 503, retryAfter: '5', body: { delivered } });
  });

  test.each<[string, string, RolloutParts | undefined, number, string]>([
    ['abort of nothing', 'abort', undefined, 404, 'there is no Rollout'],
    ['promote of one that was aborted', 'promote', ABORTED, 409, 'retry starts it again'],
    ['promote of one that never ran', 'promote', {}, 409, 'it has not run yet'],
    [
      'abort of one that is promoted',
      'abort',
      { status: { phase: 'Healthy', observedGeneration: '1' }, note: { outcome: 'promoted' } },
      409,
      'use undo',
    ],
    ['retry of one that was not aborted', 'retry', {}, 409, 'retry needs a run'],
  ])('that is not open: %s', async (_, command, parts, status, detail) => {
    const runs = { abort: rejects(CLOSED), command: rejects(CLOSED), newest: () => Promise.resolve(undefined) };
    const answer = await post(command, runs, parts);
    expect(answer).toMatchObject({ status, body: { detail: expect.stringContaining(detail) } });
  });
});

describe('retry', () => {
  test('of an aborted rollout starts a new run', async () => {
    const retry = jest.fn<RunGateway['retry']>(() => Promise.resolve());
    expect(await post('retry', { retry, newest: () => Promise.resolve(undefined) }, ABORTED)).toMatchObject({
      status: 202,
    });
    expect(retry).toHaveBeenCalled();
  });

  test('of one whose run is still ending is a message to that', async () => {
    const open = { workflowId: 'w', runId: 'r', status: 'RUNNING', startedAt: '', closedAt: null };
    const runs = { command: taken, newest: () => Promise.resolve(open) };
    expect(await post('retry', runs, ABORTED)).toMatchObject({ status: 200 });
  });

  test('takes the order of the abort off the Rollout first, or the new run would take it for one to itself', async () => {
    const cluster = new FakeKubernetes();
    cluster.has('rollouts', aRollout({ ...ABORTED, metadata: { annotations: { 'weir.dev/order': '{}', mine: 'x' } } }));
    const orders: unknown[] = [];
    const retry = () => Promise.resolve(void orders.push(cluster.stored('rollouts', 'someapp')?.metadata.annotations));
    app = await aServer({ kubernetes: cluster.client, runs: { retry, newest: () => Promise.resolve(undefined) } });
    const url = '/v1/namespaces/default/rollouts/someapp/retry';
    expect((await app.inject({ method: 'POST', url, headers: { host: 'localhost' } })).statusCode).toBe(202);
    expect(orders).toEqual([{ mine: 'x' }]);
  });
});
