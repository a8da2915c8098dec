import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '@weir/platform';
import type { FastifyInstance } from 'fastify';
import { createAdmin } from './admin.ts';
import { ClusterView, Configuration } from './cluster-view.ts';
import { GatewayInstance, type Pods } from './instance.ts';
import { TEST_DOUBLE_HEADER, TEST_DOUBLE_TEXT } from './test-double.ts';
import { mapping } from './testing/objects.ts';

const canary = (weight: number) => new Configuration([mapping('app'), mapping('app0-canary', { weight })], []);
const CONTROL = '/sandbox/v0/control';

let pods: Pods;
let instance: GatewayInstance;
let admin: FastifyInstance;

beforeEach(() => {
  pods = { revisions: {} };
  instance = new GatewayInstance(new ClusterView(), pods, createLogger('test', 'silent'));
  admin = createAdmin(instance);
});
afterEach(async () => {
  instance.stop();
  await admin.close();
});

const put = (body: object) => admin.inject({ method: 'PUT', url: CONTROL, payload: body });

describe('the diagnostics', () => {
  beforeEach(() => instance.offer(canary(30)));

  it.each(['/ambassador/v0/diag/?json=true', '/ambassador/v0/diag?json=true'])(
    'answer %s as Emissary does',
    async (url) => {
      const { statusCode, json } = await admin.inject(url);
      expect(statusCode).toBe(200);
      const numerators = [
        { name: 'app0-canary', namespace: 'shop', weight: 30, _weight: 30 },
        { name: 'app', namespace: 'shop', _weight: 100 },
      ];
      expect(json()).toMatchObject({ errors: [], route_info: [{ _route: { mappings: expect.any(Array) } }] });
      const { route_info: routes } = json<{ route_info: { _route: { mappings: object[] } }[] }>();
      expect(routes[0]?._route.mappings).toEqual(
        expect.arrayContaining(numerators.map((one) => expect.objectContaining(one))),
      );
    },
  );

  it.each([
    ['errors', '[]'],
    ['nothing', 'null'],
  ])('answer one part alone: %s', async (filter, expected) => {
    expect((await admin.inject(`/ambassador/v0/diag/?json=true&filter=${filter}`)).body).toBe(expected);
  });

  it('have no page for people', async () => {
    expect((await admin.inject('/ambassador/v0/diag/')).statusCode).toBe(400);
  });
});

describe('an instance that has nothing to serve', () => {
  beforeEach(() => instance.offer(canary(-5)));

  it.each([
    ['/ambassador/v0/check_alive', 200],
    ['/ambassador/v0/check_ready', 503],
    ['/ambassador/v0/diag/?json=true', 503],
    ['/metrics', 200],
  ])('answers %s with %d', async (url, status) => {
    expect((await admin.inject(url)).statusCode).toBe(status);
  });
});

describe('the settings', () => {
  it('that are left out stay as they are', async () => {
    await put({ lagMs: 50, revisions: { abc: { errorPercent: 10 } } });
    const { json } = await put({ frozen: true });
    const expected = {
      lagMs: 50,
      frozen: true,
      rejecting: false,
      refuse: null,
      revisions: { abc: { errorPercent: 10, latencyMs: 0 } },
    };
    expect(json()).toEqual(expected);
    expect((await admin.inject(CONTROL)).json()).toEqual(expected);
  });

  it('of revisions belong to the pods, whichever instance is told', async () => {
    await put({ revisions: { abc: { latencyMs: 10 } } });
    expect(pods.revisions).toEqual({ abc: { errorPercent: 0, latencyMs: 10 } });
  });

  it('that are not valid are refused as a whole, each by its name', async () => {
    const { statusCode, headers, json } = await put({
      frozen: true,
      lagMs: 'x',
      revisions: { abc: { latencyMs: -1 } },
    });
    expect(statusCode).toBe(400);
    expect(headers['content-type']).toContain('application/problem+json');
    expect(json()).toMatchObject({ status: 400, errors: [{ path: 'lagMs' }, { path: 'revisions.abc.latencyMs' }] });
    expect(instance.settings.frozen).toBe(false);
  });

  it('that are no JSON are refused', async () => {
    const headers = { 'content-type': 'application/json' };
    expect((await admin.inject({ method: 'PUT', url: CONTROL, headers, payload: '{' })).statusCode).toBe(400);
  });
});

it.each(['/metrics', CONTROL, '/ambassador/v0/diag/', '/nowhere'])('%s says that it is a test double', async (url) => {
  expect((await admin.inject(url)).headers[TEST_DOUBLE_HEADER]).toBe(TEST_DOUBLE_TEXT);
});
