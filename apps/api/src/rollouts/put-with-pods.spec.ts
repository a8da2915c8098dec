import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { KubernetesError, type KubernetesClient, type Location } from '@weir/kubernetes';
import type { RolloutObject } from '../cluster/rollout-object.ts';
import { POD_SPEC, aManifestWithPods, aMapping, aRollout } from '../testing/builders.ts';
import { aServer } from '../testing/server.ts';

const URL = '/v1/namespaces/default/rollouts/someapp';

let app: NestFastifyApplication | undefined;
afterEach(() => app?.close());

describe('PUT of a Rollout with pods', () => {
  const scale = {
    manager: 'hpa',
    operation: 'Update',
    subresource: 'scale',
    fieldsV1: { 'f:spec': { 'f:replicas': {} } },
  };
  const undone = { manager: 'weir', operation: 'Update', fieldsV1: { 'f:spec': { 'f:template': { 'f:spec': {} } } } };
  const withManager = (entry: object) => aRollout({ metadata: { managedFields: [entry] } });
  const conflict = (manager: string, field: string) =>
    new KubernetesError('conflict', 'conflict', 409, undefined, [
      { reason: 'FieldManagerConflict', message: `conflict with "${manager}" using argoproj.io/v1alpha1`, field },
    ]);

  /** A cluster with a Rollout or none, an API server that finds these faults in a pod template, and one that applies. */
  async function pods(existing?: RolloutObject, faults: readonly Error[] = [], applyFaults: readonly Error[] = []) {
    const left = [...faults];
    const leftOfApply = [...applyFaults];
    const fail = (queue: Error[]): Promise<RolloutObject> => {
      const fault = queue.shift();
      const stored = aRollout({ generation: 2, spec: aManifestWithPods()['spec'] as object });
      return fault === undefined ? Promise.resolve(stored) : Promise.reject(fault);
    };
    const create = jest.fn<KubernetesClient['create']>((() => fail(left)) as never);
    const apply = jest.fn<KubernetesClient['apply']>((() => fail(leftOfApply)) as never);
    const jsonPatch = jest.fn<KubernetesClient['jsonPatch']>((() => Promise.resolve(aRollout())) as never);
    const missing = new KubernetesError('notFound', 'not found', 404);
    app = await aServer({
      kubernetes: {
        get: (({ resource, name }: Location) =>
          resource.plural === 'services'
            ? Promise.resolve({ metadata: { name }, spec: { selector: { app: 'someapp' } } })
            : existing === undefined
              ? Promise.reject(missing)
              : Promise.resolve(existing)) as never,
        list: (({ resource }: Location) =>
          Promise.resolve({
            metadata: {},
            items: resource.plural === 'mappings' ? [aMapping('stable-mapping')] : [],
          })) as never,
        servedApiVersions: () => Promise.resolve(['getambassador.io/v3alpha1']),
        create: create as never,
        apply: apply as never,
        jsonPatch: jsonPatch as never,
      },
      runs: {
        tell: () => Promise.resolve(),
        newest: () => Promise.resolve(undefined),
        installation: () => Promise.resolve('uuid/weir'),
      },
    });
    return { app, create, apply, jsonPatch };
  }

  async function put(server: NestFastifyApplication, query = '', manifest = aManifestWithPods()) {
    const body = JSON.stringify(manifest);
    const answer = await server.inject({
      method: 'PUT',
      url: `${URL}${query}`,
      headers: { host: 'localhost', 'content-type': 'application/json' },
      body,
    });
    return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
  }

  const applied = (apply: jest.Mock<KubernetesClient['apply']>) =>
    apply.mock.calls.map(([, body, { force }]) => ({ spec: (body as { spec: object }).spec, force }));

  test('has the pod template checked by a dry run first', async () => {
    const { app, create, apply } = await pods();
    expect(await put(app)).toMatchObject({ status: 201 });
    expect(create).toHaveBeenCalledTimes(1);
    expect(create).toHaveBeenCalledWith(
      expect.objectContaining({ namespace: 'default', resource: expect.objectContaining({ plural: 'podtemplates' }) }),
      expect.objectContaining({ kind: 'PodTemplate', template: POD_SPEC.template }),
      expect.objectContaining({ dryRun: true, fieldValidation: 'Strict' }),
    );
    expect(apply).toHaveBeenCalledTimes(1);
  });

  test('names every field of the pod template that is wrong, unknown ones too, and stores nothing', async () => {
    const unknown = new KubernetesError(
      'invalid',
      'POST: 400 it cannot be handled as a PodTemplate: strict decoding error: unknown field "template.spec.foo"',
      400,
    );
    const missing = { field: 'template.spec.containers[0].image', message: 'Required value' };
    const { app, create, apply } = await pods(undefined, [
      unknown,
      new KubernetesError('invalid', 'is invalid', 422, undefined, [missing]),
    ]);
    expect(await put(app)).toMatchObject({
      status: 422,
      body: {
        type: 'urn:weir:problem:invalid-manifest',
        errors: [
          { path: 'spec.template.spec.foo', message: 'is not a field of a pod template' },
          { path: 'spec.template.spec.containers[0].image', message: 'Required value' },
        ],
      },
    });
    expect(create.mock.calls.map(([, , { fieldValidation }]) => fieldValidation)).toEqual(['Strict', 'Ignore']);
    expect(apply).not.toHaveBeenCalled();
  });

  test.each<[string, KubernetesError]>([
    ['it may not', new KubernetesError('forbidden', 'podtemplates is forbidden', 403)],
    ['a webhook is in the way', new KubernetesError('invalid', 'admission webhook "x" does not support dry run', 400)],
    [
      'the namespace is missing, which the store says',
      new KubernetesError('notFound', 'namespaces "x" not found', 404),
    ],
  ])('is stored unchecked when the API server cannot be asked: %s', async (_, fault) => {
    const { app, apply } = await pods(undefined, [fault]);
    expect(await put(app)).toMatchObject({ status: 201 });
    expect(apply).toHaveBeenCalledTimes(1);
  });

  test('stores nothing when the API server cannot be reached for the check', async () => {
    const { app, apply } = await pods(undefined, [new KubernetesError('unavailable', 'connect ECONNREFUSED')]);
    expect(await put(app)).toMatchObject({ status: 503, body: { stored: false, started: false } });
    expect(apply).not.toHaveBeenCalled();
  });

  test('has nothing to check when the pods are those of another object', async () => {
    const { app, create } = await pods();
    const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'someapp' };
    const manifest = aManifestWithPods({}, { template: undefined, selector: undefined, workloadRef });
    expect(await put(app, '', manifest)).toMatchObject({ status: 201 });
    expect(create).not.toHaveBeenCalled();
  });

  test('leaves replicas to an autoscaler, and says so', async () => {
    const { app, apply } = await pods(withManager(scale));
    expect(await put(app)).toMatchObject({
      status: 200,
      body: { warnings: [{ path: 'spec.replicas', message: expect.stringContaining('hpa scales the Rollout') }] },
    });
    expect(applied(apply)[0]?.spec).not.toHaveProperty('replicas');
  });

  test('takes replicas over by force', async () => {
    const { app, apply } = await pods(withManager(scale));
    const { body } = await put(app, '?force=true');
    expect(body).not.toHaveProperty('warnings');
    expect(applied(apply)).toEqual([{ spec: expect.objectContaining({ replicas: 4 }), force: true }]);
  });

  test('goes over what an undo wrote, which is ours', async () => {
    const { app, apply, jsonPatch } = await pods(withManager(undone), [], [conflict('weir', '.spec.restartAt')]);
    expect(await put(app)).toMatchObject({ status: 200 });
    expect(jsonPatch).toHaveBeenCalledWith(
      expect.anything(),
      expect.arrayContaining([expect.objectContaining({ path: '/metadata/managedFields' })]),
      expect.objectContaining({ fieldManager: 'weir' }),
    );
    expect(applied(apply).map(({ force }) => force)).toEqual([false, true]);
  });

  test('does not go over what others own', async () => {
    const { app, apply } = await pods(aRollout(), [], [conflict('gitops', '.spec.template.spec.containers')]);
    expect(await put(app)).toMatchObject({ status: 409, body: { managers: ['gitops'] } });
    expect(apply).toHaveBeenCalledTimes(1);
  });

  test('stores the annotation for the gateway, and no other of ours', async () => {
    const { app, apply } = await pods();
    const annotations = { 'weir.dev/gateway-settle-seconds': '9', 'weir.dev/change': '{}', team: 'shop' };
    await put(app, '', { ...aManifestWithPods(), metadata: { annotations } });
    const [, body] = apply.mock.calls[0] ?? [];
    expect((body as RolloutObject).metadata.annotations).toEqual({
      'weir.dev/gateway-settle-seconds': '9',
      team: 'shop',
    });
  });

  test('answers a dry run with the plan, from what is there, and with the warnings', async () => {
    const { app, apply } = await pods(withManager(scale));
    const { status, body } = await put(app, '?dryRun=true');
    expect(status).toBe(200);
    expect(body).toMatchObject({ outcome: 'promoted', warnings: [{ path: 'spec.replicas' }], problems: [] });
    const writes = (body['writes'] as { verb: string; kind: string }[]).map(({ verb, kind }) => `${verb} ${kind}`);
    expect(writes).toEqual(['APPLY Rollout', 'POST ReplicaSet', 'PATCH Service', 'PATCH Service']);
    expect(apply.mock.calls.map(([, , { dryRun }]) => dryRun)).toEqual([true]);
  });
});
