import { describe, expect, it } from '@jest/globals';
import { modelGateway, type Mapping } from '@weir/mapping';
import type { IncomingMessage } from 'node:http';
import type { Endpoint, NoEndpoint } from './cluster-view.ts';
import { mapping } from './testing/objects.ts';
import { answerOf, type Answer, type TrafficContext } from './traffic.ts';

const PODS: readonly [Endpoint, ...Endpoint[]] = [
  { pod: 'app-1', revision: 'abc' },
  { pod: 'app-2', revision: 'abc' },
];

interface Given {
  readonly mappings?: readonly Mapping[];
  readonly endpoints?: readonly [Endpoint, ...Endpoint[]] | NoEndpoint;
  readonly revisions?: TrafficContext['revisions'];
  readonly random?: number;
  readonly turn?: number;
  readonly request?: Partial<Pick<IncomingMessage, 'url' | 'method' | 'headers'>>;
}

function answer({
  mappings = [mapping('app')],
  endpoints = PODS,
  revisions = {},
  random = 0,
  turn = 0,
  request,
}: Given = {}): Answer {
  const message = { url: '/app/x?a=b', method: 'GET', headers: { host: 'a.example' }, ...request } as IncomingMessage;
  return answerOf(message, {
    model: modelGateway({ mappings }),
    cluster: { endpointsOf: () => endpoints },
    revisions,
    turn: () => turn,
    random: () => random,
  });
}

describe('a request', () => {
  it('is answered by a pod of the Service of its Mapping', () => {
    expect(answer()).toEqual({
      status: 200,
      body: { pod: 'app-1', revision: 'abc', service: 'app:80', mapping: 'shop/app', share: 100, weight: null },
      headers: {},
      latencyMs: 0,
      cluster: 'app_shop_80',
      reached: true,
    });
  });

  it('goes to the pods of a Service in turn', () => {
    const pods = [0, 1, 2].map((turn) => (answer({ turn }).body as Endpoint).pod);
    expect(pods).toEqual(['app-1', 'app-2', 'app-1']);
  });

  it.each([
    [0, 'shop/app0-canary'],
    [0.2999, 'shop/app0-canary'],
    [0.3, 'shop/app'],
    [0.9999, 'shop/app'],
  ])('that draws %d goes to %s, of a canary with weight 30', (random, expected) => {
    const mappings = [mapping('app'), mapping('app0-canary', { weight: 30 })];
    expect(answer({ mappings, random }).body).toMatchObject({ mapping: expected });
  });

  it.each<[string, Given, number, string]>([
    ['no Mapping takes', { request: { url: '/other' } }, 404, 'no Mapping takes this request'],
    [
      'has no endpoint',
      { endpoints: { problem: 'there is no Service shop/app' } },
      503,
      'there is no Service shop/app',
    ],
    ['names no path', { request: { url: 'http://[' } }, 400, 'the request names no path'],
  ])('that %s is refused', (_, given, status, error) => {
    expect(answer(given)).toMatchObject({ status, body: { error }, reached: false });
  });

  it('that finds no endpoint counts for the cluster it was meant for, and one without a route for none', () => {
    expect(answer({ endpoints: { problem: 'none' } }).cluster).toBe('app_shop_80');
    expect(answer({ request: { url: '/other' } })).not.toHaveProperty('cluster');
  });

  it('is redirected by a Mapping that redirects', () => {
    const mappings = [mapping('app', { host_redirect: true, service: 'new.example' })];
    expect(answer({ mappings })).toMatchObject({ status: 301, headers: { location: 'http://new.example/app/x' } });
    const found = [
      mapping('app', { host_redirect: true, service: 'https://new.example', redirect_response_code: 302 }),
    ];
    expect(answer({ mappings: found })).toMatchObject({
      status: 302,
      headers: { location: 'https://new.example/app/x' },
    });
  });

  it('is answered by no more than the end of its connection where the gateway has nothing to serve', () => {
    const message = { url: '/app', method: 'GET', headers: {} } as IncomingMessage;
    const context = { cluster: { endpointsOf: () => PODS }, revisions: {}, turn: () => 0, random: () => 0 };
    expect(answerOf(message, { ...context, model: undefined })).toMatchObject({
      status: 503,
      headers: { connection: 'close' },
    });
  });
});

describe('pods of a revision that is set to misbehave', () => {
  it.each([
    [0.0499, 500],
    [0.05, 200],
  ])('fail with their rate: a draw of %d gives %d at 5 %%', (random, status) => {
    expect(answer({ random, revisions: { abc: { errorPercent: 5, latencyMs: 0 } } }).status).toBe(status);
  });

  it('take their time, and pods of others do not', () => {
    const revisions = { abc: { errorPercent: 0, latencyMs: 300 } };
    expect(answer({ revisions }).latencyMs).toBe(300);
    expect(answer({ revisions, endpoints: [{ pod: 'old-1', revision: 'old' }] }).latencyMs).toBe(0);
    expect(answer({ revisions, endpoints: [{ pod: '10.0.0.1', revision: null }] }).latencyMs).toBe(0);
  });
});
