import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { KubernetesClient } from '@weir/kubernetes';
import { gatewayDiagnostics, type GatewaySource, type InstanceAnswer } from './gateway-diagnostics.ts';

const PATH = '/ambassador/v0/diag/?json=true';
const NOBODY = {} as KubernetesClient;
const EMPTY = { groups: [], errors: [] };
const ANSWER = { route_info: [] };

/** A request that waits for its answer. */
interface Asked {
  readonly url: string;
  answer(body?: unknown, status?: number): void;
  fail(error: Error): void;
}

let asked: Asked[];

beforeEach(() => {
  asked = [];
  jest.spyOn(globalThis, 'fetch').mockImplementation((url, { signal } = {}) => {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    signal?.addEventListener('abort', () => reject(signal.reason as Error));
    asked.push({
      url: url instanceof Request ? url.url : url.toString(),
      answer: (body: unknown = ANSWER, status = 200) => resolve(new Response(JSON.stringify(body), { status })),
      fail: reject,
    });
    return promise;
  });
});
afterEach(() => {
  jest.restoreAllMocks();
});

const never = new AbortController().signal;
/** All that waits for nothing outside has happened. */
const settled = () => new Promise((resolve) => setImmediate(resolve));
const urls = () => asked.map(({ url }) => url);

describe('asking instances by their URLs', () => {
  const given = (...list: string[]) => gatewayDiagnostics(NOBODY, { urls: list });

  test('asks each for its diagnostics and answers what each said, in order', async () => {
    const answers = given('http://a:8877', 'http://b:8877/').ask(never);
    await settled();
    expect(urls()).toEqual([`http://a:8877${PATH}`, `http://b:8877${PATH}`]);
    asked[1]?.answer({ route_info: [], errors: [['app.shop.1', 'bad']] });
    asked[0]?.answer();
    expect(await answers).toEqual([
      { instance: 'http://a:8877', diagnostics: EMPTY },
      { instance: 'http://b:8877/', diagnostics: { groups: [], errors: [['app.shop.1', 'bad']] } },
    ]);
  });

  test.each<[string, (one: Asked | undefined) => void, string]>([
    [
      'cannot be reached',
      (one) => one?.fail(new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') })),
      'fetch failed: connect ECONNREFUSED',
    ],
    ['answers an error', (one) => one?.answer({}, 503), `GET http://b${PATH}: 503`],
    [
      'is something else',
      (one) => one?.answer({ hello: 'world' }),
      'these are no diagnostics of the gateway: route_info must be a list and is missing',
    ],
  ])('says why of an instance that %s, and what the others said', async (_what, happens, problem) => {
    const answers = given('http://a', 'http://b').ask(never);
    await settled();
    asked[0]?.answer();
    happens(asked[1]);
    expect(await answers).toEqual([
      { instance: 'http://a', diagnostics: EMPTY },
      { instance: 'http://b', problem },
    ]);
  });
});

describe('runs that ask at the same time', () => {
  let ask: (signal?: AbortSignal) => Promise<readonly InstanceAnswer[]>;
  beforeEach(() => {
    const gateway = gatewayDiagnostics(NOBODY, { urls: ['http://a'] });
    ask = (signal = never) => gateway.ask(signal);
  });

  test('share one round', async () => {
    const both = Promise.all([ask(), ask()]);
    await settled();
    expect(asked).toHaveLength(1);
    asked[0]?.answer();
    const [one, other] = await both;
    expect(one).toEqual([{ instance: 'http://a', diagnostics: EMPTY }]);
    expect(other).toBe(one);
  });

  test('get a round that begins after they asked: one is in flight at a time, and those who come meanwhile share the next', async () => {
    const first = ask();
    await settled();
    const later = Promise.all([ask(), ask()]);
    await settled();
    expect(asked).toHaveLength(1);
    asked[0]?.answer();
    await first;
    await settled();
    expect(asked).toHaveLength(2);
    const newest = { route_info: [], errors: [['app.shop.1', 'new']] };
    asked[1]?.answer(newest);
    const news = [{ instance: 'http://a', diagnostics: { groups: [], errors: newest.errors } }];
    expect(await later).toEqual([news, news]);
    expect(asked).toHaveLength(2);
  });

  test('get their answers when one of them gives up', async () => {
    const gaveUp = new AbortController();
    const lost = ask(gaveUp.signal);
    const kept = ask();
    await settled();
    gaveUp.abort(new Error('cancelled'));
    await expect(lost).rejects.toThrow('cancelled');
    asked[0]?.answer();
    expect(await kept).toEqual([{ instance: 'http://a', diagnostics: EMPTY }]);
  });

  test('are asked nothing more by one that came with a signal that was aborted before', async () => {
    await expect(ask(AbortSignal.abort(new Error('cancelled')))).rejects.toThrow('cancelled');
    await settled();
    asked[0]?.answer();
    const next = ask();
    await settled();
    asked[1]?.answer();
    expect(await next).toEqual([{ instance: 'http://a', diagnostics: EMPTY }]);
  });

  test('are answered after a round in which the instance failed', async () => {
    const first = ask();
    await settled();
    asked[0]?.fail(new Error('reset'));
    expect(await first).toEqual([{ instance: 'http://a', problem: 'reset' }]);
    const next = ask();
    await settled();
    asked[1]?.answer();
    expect(await next).toEqual([{ instance: 'http://a', diagnostics: EMPTY }]);
  });
});

describe('asking the endpoints of a Service', () => {
  const SOURCE: GatewaySource = { service: { namespace: 'emissary', name: 'admin', port: 8877 } };
  const endpoint = (address: string, pod?: string, conditions?: object) => ({
    addresses: [address],
    ...(conditions && { conditions }),
    ...(pod && { targetRef: { kind: 'Pod', name: pod } }),
  });

  /** A cluster in which the Service has these endpoints; the pods answer through the API server. */
  function cluster(endpoints: unknown, { ports = [{ name: 'admin', port: 18877 }] as unknown } = {}) {
    const proxied: object[] = [];
    const fake = {
      get: async () => ({ spec: { ports: [{ name: 'admin', port: 8877 }] } }),
      list: async () => ({ items: [{ endpoints, ports }] }),
      getFromPod: async (at: object) => {
        proxied.push(at);
        return ANSWER;
      },
    };
    const gateway = gatewayDiagnostics(fake as unknown as KubernetesClient, SOURCE);
    return { fake, proxied, ask: () => gateway.ask(never) };
  }

  test('asks each that is ready, or does not say, at its address and the port of its slice', async () => {
    const { ask, proxied } = cluster([
      endpoint('10.0.0.1', 'gw-1', { ready: true }),
      endpoint('fd00::2', 'gw-2'),
      endpoint('10.0.0.3', 'gw-3', { ready: false }),
    ]);
    const answers = ask();
    await settled();
    expect(urls()).toEqual([`http://10.0.0.1:18877${PATH}`, `http://[fd00::2]:18877${PATH}`]);
    asked.forEach((one) => one.answer());
    expect(await answers).toEqual([
      { instance: 'gw-1', diagnostics: EMPTY },
      { instance: 'gw-2', diagnostics: EMPTY },
    ]);
    expect(proxied).toEqual([]);
  });

  test('asks a pod that does not answer through the API server, and from then on only there', async () => {
    const { ask, proxied } = cluster([endpoint('10.0.0.1', 'gw-1')]);
    const first = ask();
    await settled();
    asked[0]?.fail(new Error('unreachable'));
    expect(await first).toEqual([{ instance: 'gw-1', diagnostics: EMPTY }]);
    expect(proxied).toEqual([{ namespace: 'emissary', pod: 'gw-1', port: 18877, path: PATH }]);
    await ask();
    expect(asked).toHaveLength(1);
    expect(proxied).toHaveLength(2);
  });

  test('says why of an address that is no pod and does not answer', async () => {
    const { ask, proxied } = cluster([endpoint('10.0.0.9')]);
    const answers = ask();
    await settled();
    asked[0]?.fail(new Error('unreachable'));
    expect(await answers).toEqual([{ instance: '10.0.0.9:18877', problem: 'unreachable' }]);
    expect(proxied).toEqual([]);
  });

  test('takes the port of the Service where the slice has none, and no endpoints for none', async () => {
    const { ask } = cluster([endpoint('10.0.0.1')], { ports: null });
    const answers = ask();
    await settled();
    expect(urls()).toEqual([`http://10.0.0.1:8877${PATH}`]);
    asked[0]?.answer();
    await answers;
    expect(await cluster(null).ask()).toEqual([]);
  });

  test('says that the gateway could not be looked up, and looks again the next time', async () => {
    const { ask, fake } = cluster([endpoint('10.0.0.1')]);
    const { get } = fake;
    fake.get = async () => Promise.reject(new Error('GET services emissary/admin: 404'));
    expect(await ask()).toEqual([{ instance: 'the gateway', problem: 'GET services emissary/admin: 404' }]);
    fake.get = get;
    const again = ask();
    await settled();
    asked[0]?.answer();
    expect(await again).toEqual([{ instance: '10.0.0.1:18877', diagnostics: EMPTY }]);
  });
});
