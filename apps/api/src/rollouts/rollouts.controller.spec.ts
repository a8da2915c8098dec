import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { KubernetesError, type KubernetesClient } from '@weir/kubernetes';
import { stringify } from 'yaml';
import type { RolloutObject } from '../cluster/rollout-object.ts';
import type { RunGateway } from '../temporal/run-gateway.ts';
import { TemporalFault } from '../temporal/temporal-fault.ts';
import { aManifest, aRollout } from '../testing/builders.ts';
import { aServer } from '../testing/server.ts';

const URL = '/v1/namespaces/default/rollouts/someapp';
const JSON_HEADERS = { host: 'localhost', 'content-type': 'application/json' };
const YAML_HEADERS = { host: 'localhost', 'content-type': 'application/yaml' };
const LABEL = 'argo-rollouts.argoproj.io/controller-instance-id';

let app: NestFastifyApplication | undefined;
afterEach(() => app?.close());

/** A cluster with at most one Rollout, and a Temporal that can be told. */
async function world(existing?: RolloutObject, tellError?: Error, applyError?: Error) {
  const missing = new KubernetesError('notFound', 'not found', 404);
  const tell = jest.fn<RunGateway['tell']>(() =>
    tellError === undefined ? Promise.resolve() : Promise.reject(tellError),
  );
  const apply = jest.fn<KubernetesClient['apply']>((() =>
    applyError === undefined ? Promise.resolve(aRollout({ generation: 2 })) : Promise.reject(applyError)) as never);
  app = await aServer({
    kubernetes: {
      get: (() => (existing === undefined ? Promise.reject(missing) : Promise.resolve(existing))) as never,
      apply: apply as never,
    },
    runs: { tell, newest: () => Promise.resolve(undefined) },
  });
  return { app, tell, apply };
}

describe('PUT of a Rollout', () => {
  test.each([
    ['JSON', JSON_HEADERS, JSON.stringify(aManifest())],
    ['YAML', YAML_HEADERS, stringify(aManifest())],
    ['YAML by its old name', { ...YAML_HEADERS, 'content-type': 'text/x-yaml; charset=utf-8' }, stringify(aManifest())],
  ])('takes %s, stores it and then tells the run', async (_, headers, body) => {
    const { app, tell, apply } = await world();
    const answer = await app.inject({ method: 'PUT', url: URL, headers, body });
    expect(answer.statusCode).toBe(201);
    expect(answer.json()).toMatchObject({ name: 'someapp', phase: 'Progressing', run: null });
    expect(apply).toHaveBeenCalledWith(
      expect.objectContaining({ namespace: 'default', name: 'someapp' }),
      expect.objectContaining({ metadata: expect.objectContaining({ labels: { [LABEL]: 'weir' } }) }),
      expect.objectContaining({ fieldManager: 'weir', force: false, dryRun: false }),
    );
    expect(tell).toHaveBeenCalledWith(
      { cluster: 'local', namespace: 'default', name: 'someapp' },
      { uid: 'uid-1', generation: 2 },
    );
  });

  test('asks the run to look again where what is stored is what was there', async () => {
    const { app, tell } = await world(aRollout({ generation: 2 }));
    await app.inject({ method: 'PUT', url: URL, headers: YAML_HEADERS, body: stringify(aManifest()) });
    expect(tell).toHaveBeenCalledWith(expect.anything(), { uid: 'uid-1', generation: 2, lookAgain: true });
  });

  test('answers 200 over one that is there', async () => {
    const { app } = await world(aRollout());
    const answer = await app.inject({
      method: 'PUT',
      url: URL,
      headers: JSON_HEADERS,
      body: JSON.stringify(aManifest()),
    });
    expect(answer.statusCode).toBe(200);
  });

  test('says what is stored when Temporal cannot be reached', async () => {
    const { app } = await world(undefined, new TemporalFault('unreachable', 'no connection', undefined));
    const answer = await app.inject({
      method: 'PUT',
      url: URL,
      headers: JSON_HEADERS,
      body: JSON.stringify(aManifest()),
    });
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '5']);
    expect(answer.json()).toMatchObject({
      stored: true,
      started: false,
      detail: expect.stringContaining('stored, not started'),
    });
  });

  test.each<[string, object, object | undefined]>([
    ['?adopt=true', {}, { 'weir.dev/adopt': 'true' }],
    ['?adopt=true', { annotations: { mine: 'x' } }, { mine: 'x', 'weir.dev/adopt': 'true' }],
    ['?adopt=false', {}, undefined],
    ['', { annotations: { 'weir.dev/adopt': 'true' } }, { 'weir.dev/adopt': 'true' }],
  ])('%s of a manifest with %j is stored with the annotations %j', async (query, more, annotations) => {
    const { app, apply } = await world();
    const manifest = { ...aManifest(), metadata: { name: 'someapp', ...more } };
    const body = JSON.stringify(manifest);
    await app.inject({ method: 'PUT', url: `${URL}${query}`, headers: JSON_HEADERS, body });
    expect((apply.mock.calls[0]?.[1] as RolloutObject).metadata.annotations).toEqual(annotations);
  });

  test('tells nothing when Kubernetes does not take it', async () => {
    const { app, tell } = await world(undefined, undefined, new KubernetesError('unavailable', 'connect ECONNREFUSED'));
    const answer = await app.inject({
      method: 'PUT',
      url: URL,
      headers: JSON_HEADERS,
      body: JSON.stringify(aManifest()),
    });
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({ stored: false, detail: expect.stringContaining('nothing was stored') });
    expect(tell).not.toHaveBeenCalled();
  });

  test('leaves one of another controller alone', async () => {
    const { app, apply } = await world(aRollout({ metadata: { labels: { [LABEL]: 'argo' } } }));
    const answer = await app.inject({
      method: 'PUT',
      url: `${URL}?force=true`,
      headers: JSON_HEADERS,
      body: JSON.stringify(aManifest()),
    });
    expect([answer.statusCode, answer.json<{ instanceId: string }>().instanceId]).toEqual([409, 'argo']);
    expect(apply).not.toHaveBeenCalled();
  });

  test.each<[string, object, string, number, string]>([
    [
      'a form, as curl sends it',
      { ...JSON_HEADERS, 'content-type': 'application/x-www-form-urlencoded' },
      'a=1',
      415,
      'application/yaml',
    ],
    ['no type', { host: 'localhost' }, 'a: 1', 415, 'missing'],
    ['a compressed body', { ...JSON_HEADERS, 'content-encoding': 'gzip' }, 'x', 415, 'gzip'],
    ['more than 1 MiB', YAML_HEADERS, `a: ${'x'.repeat(1_100_000)}`, 413, '1048576 bytes'],
    ['nothing', JSON_HEADERS, '', 400, 'the body is empty'],
    ['what is not YAML', YAML_HEADERS, 'a: [', 400, 'line 1'],
    [
      'a manifest of another name',
      JSON_HEADERS,
      JSON.stringify({ ...aManifest(), metadata: { name: 'x' } }),
      422,
      'metadata.name',
    ],
    ['several mistakes', JSON_HEADERS, JSON.stringify(aManifest({ steps: [{ setWeight: 101 }, {}] })), 422, 'steps[1]'],
  ])('refuses %s, and stores nothing', async (_, headers, body, status, detail) => {
    const { app, apply } = await world();
    const answer = await app.inject({ method: 'PUT', url: URL, headers: headers as Record<string, string>, body });
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.json()).toMatchObject({ status, instance: URL, detail: expect.stringContaining(detail) });
    expect(apply).not.toHaveBeenCalled();
  });
});

describe('any request', () => {
  test.each<[string, 'GET' | 'POST' | 'PATCH', string, Record<string, string>, number, string]>([
    ['to an address that is none', 'GET', '/v1/nothing', {}, 404, 'not-found'],
    ['with another method', 'PATCH', URL, {}, 405, 'method-not-allowed'],
    ['with an address that cannot be decoded', 'GET', '/v1/%zz', {}, 400, 'malformed-request'],
    ['with an unknown parameter', 'GET', '/v1/rollouts?foo=1', {}, 422, 'invalid-parameter'],
    ['with a bad limit', 'GET', '/v1/rollouts?limit=0', {}, 422, 'invalid-parameter'],
    ['with a bad name', 'GET', '/v1/namespaces/A/rollouts/b_c', {}, 422, 'invalid-parameter'],
    ['for another host', 'GET', '/v1/rollouts', { host: 'evil.example' }, 403, 'foreign-host'],
    ['from a page of another site', 'GET', '/v1/rollouts', { origin: 'https://evil.example' }, 403, 'foreign-origin'],
    ['that meets a defect of ours', 'GET', '/v1/rollouts', {}, 500, 'internal'],
  ])('%s gets a problem document', async (_, method, url, headers, status, type) => {
    app = await aServer();
    const answer = await app.inject({ method, url, headers: { host: 'localhost', ...headers } });
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.json()).toMatchObject({ type: `urn:weir:problem:${type}`, status });
  });

  test('that fails by our fault gets an id, and no inner detail', async () => {
    app = await aServer();
    const problem = (await app.inject({ url: '/v1/rollouts', headers: { host: 'localhost' } })).json<{
      id: string;
      detail: string;
    }>();
    expect(problem.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(problem.detail).not.toMatch(/undefined|function/);
  });
});
