import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { KubernetesError, type JsonPatchOperation, type KubernetesClient, type Location } from '@weir/kubernetes';
import type { RunGateway } from '../temporal/run-gateway.ts';
import { TemporalFault } from '../temporal/temporal-fault.ts';
import { POD_SPEC, aManifestWithPods, aReplicaSet, aRollout, type RolloutParts } from '../testing/builders.ts';
import { aServer } from '../testing/server.ts';

const SPEC = aManifestWithPods()['spec'] as Record<string, unknown>;
const REF = {
  ...SPEC,
  template: undefined,
  workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'someapp' },
};
const RESTORED = {
  metadata: { labels: { app: 'someapp' } },
  spec: { containers: [{ name: 'someapp', image: 'someapp:1', imagePullPolicy: 'IfNotPresent' }] },
};
const CONFLICT = new KubernetesError('conflict', 'the object has been modified', 409);

let app: NestFastifyApplication | undefined;
afterEach(() => app?.close());

interface World {
  readonly rollout?: RolloutParts | undefined;
  readonly deployment?: object;
  readonly tellError?: Error;
  /** What the next writes fail with, in order. */
  readonly faults?: readonly Error[];
}

/** A cluster with one Rollout of two revisions, and what was asked of it. */
async function world({ rollout, deployment, tellError, faults = [] }: World) {
  const left = [...faults];
  const missing = new KubernetesError('notFound', 'not found', 404);
  const stored = rollout && aRollout({ spec: SPEC, ...rollout });
  const write = (): Promise<unknown> => {
    const fault = left.shift();
    return fault === undefined ? Promise.resolve(aRollout({ generation: 2 })) : Promise.reject(fault);
  };
  const mergePatch = jest.fn<KubernetesClient['mergePatch']>(write as never);
  const jsonPatch = jest.fn<KubernetesClient['jsonPatch']>(write as never);
  const get = jest.fn(({ resource }: Location) => {
    const found = resource.plural === 'deployments' ? deployment : stored;
    return found === undefined ? Promise.reject(missing) : Promise.resolve(found);
  });
  const foreign = aReplicaSet(9, 'x', { ownerReferences: [] });
  const items = [aReplicaSet(1, 'a'), aReplicaSet(2, 'b'), foreign];
  const tell = jest.fn<RunGateway['tell']>(() => (tellError ? Promise.reject(tellError) : Promise.resolve()));
  app = await aServer({
    kubernetes: {
      get: get as never,
      list: (() => Promise.resolve({ metadata: {}, items })) as never,
      mergePatch: mergePatch as never,
      jsonPatch: jsonPatch as never,
    },
    runs: { tell },
  });
  return { app, mergePatch, jsonPatch, tell, get };
}

async function post(server: NestFastifyApplication, command: string, body: object = {}, key?: string) {
  const answer = await server.inject({
    method: 'POST',
    url: `/v1/namespaces/default/rollouts/someapp/${command}`,
    headers: { host: 'localhost', ...(key !== undefined && { 'idempotency-key': key }) },
    body: { actor: 'ada', reason: 'why not', ...body },
  });
  return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
}

/** What was noted on the object that such a merge patch is for. */
function notedBy(body: unknown): unknown {
  const { metadata } = body as { metadata: { annotations: Record<string, string> } };
  return JSON.parse(metadata.annotations['weir.dev/change'] ?? '');
}

const changedBefore = (change: object): RolloutParts => ({
  metadata: {
    annotations: { 'weir.dev/change': JSON.stringify({ actor: 'eve', at: '2026-11-23T09:00:00Z', ...change }) },
  },
});

describe('restart', () => {
  test('puts the time into the spec, notes who asked for it, and tells the run', async () => {
    const { app, mergePatch, tell } = await world({ rollout: {} });
    const restartAt = '2026-11-23T09:30:00Z';
    expect(await post(app, 'restart', { at: '2026-11-23T10:30:00.7+01:00' }, 'k1')).toMatchObject({
      status: 202,
      body: { accepted: true, restartAt, actor: { name: 'ada', claimed: true } },
    });
    const [at, body, options] = mergePatch.mock.calls[0] ?? [];
    expect(at).toMatchObject({ namespace: 'default', name: 'someapp' });
    expect(body).toMatchObject({ metadata: { resourceVersion: '7' }, spec: { restartAt } });
    expect(options).toMatchObject({ fieldManager: 'weir' });
    expect(notedBy(body)).toEqual({
      command: 'restart',
      actor: 'ada',
      reason: 'why not',
      at: expect.stringMatching(/Z$/),
      key: 'restart:k1',
      restartAt,
    });
    expect(tell).toHaveBeenCalledWith(expect.anything(), { uid: 'uid-1', generation: 2, lookAgain: true });
  });

  test('is of now, in whole seconds, when no time is given', async () => {
    const { app, mergePatch } = await world({ rollout: {} });
    await post(app, 'restart');
    const [, body] = mergePatch.mock.calls[0] ?? [];
    const { restartAt } = (body as { spec: { restartAt: string } }).spec;
    expect(restartAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(Math.abs(Date.parse(restartAt) - Date.now())).toBeLessThan(60_000);
  });

  test('that is repeated with its key is answered as before, changes nothing, and tells the run again', async () => {
    const change = { command: 'restart', key: 'restart:k1', restartAt: '2026-11-23T09:00:00Z' };
    const { app, mergePatch, tell } = await world({ rollout: changedBefore(change) });
    expect(await post(app, 'restart', {}, 'k1')).toMatchObject({
      status: 202,
      body: { restartAt: '2026-11-23T09:00:00Z', actor: { name: 'eve' } },
    });
    expect(mergePatch).not.toHaveBeenCalled();
    expect(tell).toHaveBeenCalledTimes(1);
  });

  test.each([
    ['another key', { command: 'restart', key: 'restart:k0' }],
    ['the same key of another command', { command: 'undo', key: 'undo:k1' }],
  ])('after a change with %s is another one', async (_, change) => {
    const { app, mergePatch } = await world({ rollout: changedBefore(change) });
    expect(await post(app, 'restart', {}, 'k1')).toMatchObject({ status: 202 });
    expect(mergePatch).toHaveBeenCalledTimes(1);
  });

  test('is tried again over what the worker wrote meanwhile', async () => {
    const { app, mergePatch, get } = await world({ rollout: {}, faults: [CONFLICT, CONFLICT] });
    expect(await post(app, 'restart')).toMatchObject({ status: 202 });
    expect([mergePatch.mock.calls.length, get.mock.calls.length]).toEqual([3, 3]);
  });

  test('is given up when somebody always writes first', async () => {
    const { app, tell } = await world({ rollout: {}, faults: Array.from({ length: 9 }, () => CONFLICT) });
    expect(await post(app, 'restart')).toMatchObject({
      status: 409,
      body: { type: 'urn:weir:problem:changed-meanwhile' },
    });
    expect(tell).not.toHaveBeenCalled();
  });

  test('says that it is stored when the run cannot be told', async () => {
    const { app } = await world({
      rollout: {},
      tellError: new TemporalFault('unreachable', 'no connection', undefined),
    });
    expect(await post(app, 'restart')).toMatchObject({ status: 503, body: { stored: true, started: false } });
  });

  test.each<[string, RolloutParts | undefined, number, string]>([
    ['of nothing', undefined, 404, 'there is no Rollout someapp'],
    ['of pods that are not ours', { spec: { strategy: {} } }, 409, 'its pods are not Weir'],
    ['of what another controller has', { metadata: { labels: {} } }, 409, "is not Weir's"],
    ['of what is going', { metadata: { deletionTimestamp: '2026-11-23T10:00:00Z' } }, 409, 'is being deleted'],
  ])('%s is refused', async (_, rollout, status, detail) => {
    const { app, mergePatch } = await world({ rollout });
    expect(await post(app, 'restart')).toMatchObject({ status, body: { detail: expect.stringContaining(detail) } });
    expect(mergePatch).not.toHaveBeenCalled();
  });
});

describe('undo', () => {
  test('replaces the whole pod template, notes who asked for it, and tells the run', async () => {
    const { app, jsonPatch, tell } = await world({ rollout: {} });
    expect(await post(app, 'undo', {}, 'k1')).toMatchObject({ status: 202, body: { accepted: true, revision: 1 } });
    const [at, operations = [], options] = jsonPatch.mock.calls[0] ?? [];
    expect(at).toMatchObject({ resource: { plural: 'rollouts' }, name: 'someapp' });
    expect(operations).toEqual([
      { op: 'replace', path: '/metadata/resourceVersion', value: '7' },
      { op: 'replace', path: '/spec/template', value: RESTORED },
      { op: 'add', path: '/metadata/annotations', value: { 'weir.dev/change': expect.any(String) } },
    ]);
    expect(options).toMatchObject({ fieldManager: 'weir' });
    expect(
      notedBy({ metadata: { annotations: (operations[2] as JsonPatchOperation & { value: object }).value } }),
    ).toMatchObject({
      command: 'undo',
      actor: 'ada',
      key: 'undo:k1',
      revision: 1,
    });
    expect(tell).toHaveBeenCalledTimes(1);
  });

  test('keeps the annotations that are there', async () => {
    const { app, jsonPatch } = await world({ rollout: { metadata: { annotations: { team: 'shop' } } } });
    await post(app, 'undo', { toRevision: 1 });
    expect(jsonPatch.mock.calls[0]?.[1]).toContainEqual({
      op: 'add',
      path: '/metadata/annotations/weir.dev~1change',
      value: expect.stringContaining('"command":"undo"'),
    });
  });

  test('that is repeated with its key is answered as before, although that revision is wanted now', async () => {
    const change = { command: 'undo', key: 'undo:k1', revision: 1 };
    const { app, jsonPatch } = await world({ rollout: { ...changedBefore(change), spec: { template: RESTORED } } });
    expect(await post(app, 'undo', {}, 'k1')).toMatchObject({ status: 202, body: { revision: 1 } });
    expect(jsonPatch).not.toHaveBeenCalled();
  });

  test('is done although the field managers could not be put right', async () => {
    const written = {
      metadata: {
        managedFields: [{ manager: 'weir', operation: 'Update', fieldsV1: { 'f:spec': { 'f:template': {} } } }],
      },
    };
    const { app, jsonPatch, tell } = await world({ rollout: {} });
    jsonPatch.mockImplementationOnce((() => Promise.resolve(aRollout(written))) as never);
    jsonPatch.mockImplementationOnce(() => Promise.reject(new KubernetesError('unavailable', 'reset')));
    expect(await post(app, 'undo')).toMatchObject({ status: 202 });
    expect([jsonPatch.mock.calls.length, tell.mock.calls.length]).toEqual([2, 1]);
  });

  test.each<[string, RolloutParts, object, string, string]>([
    ['to a revision that is not there', {}, { toRevision: 7 }, 'RevisionNotFound', 'it has 2, 1'],
    [
      'to what is wanted already',
      { spec: { template: RESTORED } },
      { toRevision: 1 },
      'SameTemplate',
      'revision 1 already',
    ],
    ['of pods that are not ours', { spec: { strategy: {} } }, {}, 'NoPods', 'there is nothing to undo'],
    [
      'of a template that a ReplicaSet has',
      { spec: { workloadRef: { kind: 'ReplicaSet', name: 'rs' } } },
      {},
      'NotSupported',
      'undo cannot change the ReplicaSet rs',
    ],
    ['of a template of a Deployment that is gone', { spec: REF }, {}, 'WorkloadNotFound', 'does not exist'],
  ])('%s is refused', async (_, rollout, body, code, detail) => {
    const { app, jsonPatch, tell } = await world({ rollout });
    expect(await post(app, 'undo', body)).toMatchObject({
      status: 409,
      body: { code, detail: expect.stringContaining(detail) },
    });
    expect([jsonPatch.mock.calls.length, tell.mock.calls.length]).toEqual([0, 0]);
  });
});

describe('undo where a Deployment has the pod template', () => {
  const deployment = (annotations?: object) => ({
    metadata: { name: 'someapp', namespace: 'default', uid: 'uid-d', resourceVersion: '3', annotations },
    spec: { template: POD_SPEC.template },
  });

  test('changes the Deployment, and notes it on the Rollout too', async () => {
    const { app, jsonPatch, mergePatch } = await world({ rollout: { spec: REF }, deployment: deployment() });
    expect(await post(app, 'undo')).toMatchObject({ status: 202, body: { revision: 1 } });
    expect(jsonPatch).toHaveBeenCalledTimes(1);
    expect(jsonPatch.mock.calls[0]?.[0]).toMatchObject({ resource: { plural: 'deployments' }, name: 'someapp' });
    expect(jsonPatch.mock.calls[0]?.[1]).toContainEqual({ op: 'replace', path: '/spec/template', value: RESTORED });
    const [at, body] = mergePatch.mock.calls[0] ?? [];
    expect(at).toMatchObject({ resource: { plural: 'rollouts' } });
    expect(notedBy(body)).toMatchObject({ command: 'undo', revision: 1 });
  });

  test('that got no further than the Deployment is finished when it is repeated with its key', async () => {
    const change = { command: 'undo', actor: 'eve', at: '2026-11-23T09:00:00Z', key: 'undo:k1', revision: 1 };
    const { app, jsonPatch, mergePatch } = await world({
      rollout: { spec: REF },
      deployment: deployment({ 'weir.dev/change': JSON.stringify(change) }),
    });
    expect(await post(app, 'undo', {}, 'k1')).toMatchObject({ status: 202, body: { revision: 1 } });
    expect(jsonPatch).not.toHaveBeenCalled();
    expect(notedBy(mergePatch.mock.calls[0]?.[1])).toEqual(change);
  });
});
