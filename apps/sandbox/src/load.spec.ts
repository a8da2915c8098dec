import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { startLoad, type Load } from './load.ts';

const servers: Server[] = [];
let load: Load | undefined;

/** A gateway that answers so; the URL of it. */
async function gateway(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const pod =
  (revision: string, latencyMs = 0): RequestListener =>
  (_request, response) =>
    void setTimeout(() => response.end(JSON.stringify({ revision })), latencyMs);

/** When so many requests are over. */
async function over(count: number): Promise<void> {
  while ((load?.samples.length ?? 0) < count) {
    await delay(5);
  }
}

beforeEach(() => {
  load = undefined;
});
afterEach(async () => {
  await load?.stop();
  servers.splice(0).forEach((server) => {
    server.closeAllConnections();
    server.close();
  });
});

describe('a load', () => {
  it('sends to all gateways in turn, over connections that it keeps, and counts who answered', async () => {
    let connections = 0;
    const urls = await Promise.all([gateway(pod('a')), gateway(pod('b'))]);
    servers.forEach((server) => server.on('connection', () => (connections += 1)));
    load = startLoad({ urls, path: '/app', requestsPerSecond: 50 });
    await over(20);
    await load.stop();
    const { total, failed, byRevision } = load.counts();
    expect([total, failed]).toEqual([load.samples.length, 0]);
    expect(Math.abs((byRevision['a'] ?? 0) - (byRevision['b'] ?? 0))).toBeLessThanOrEqual(1);
    expect(connections).toBeLessThan(total);
  });

  it('keeps its rate whether or not it is answered', async () => {
    load = startLoad({ urls: [await gateway(pod('slow', 300))], path: '/', requestsPerSecond: 100 });
    await over(1);
    await load.stop();
    const [first] = load.samples;
    const meanwhile = load.samples.filter(({ startedAtMs }) => startedAtMs < (first?.endedAtMs ?? 0));
    // 300 ms of 100 a second; what is late on a busy machine is made up for.
    expect(meanwhile.length).toBeGreaterThanOrEqual(25);
  });

  it('counts what fails, with why: another status, a connection that breaks, a gateway that is not there', async () => {
    const urls = await Promise.all([
      gateway((_request, response) => response.writeHead(503).end(JSON.stringify({ error: 'no endpoint' }))),
      gateway((request) => request.socket.destroy()),
      gateway((_request, response) => response.writeHead(500).end('text')),
    ]);
    load = startLoad({ urls: [...urls, 'http://127.0.0.1:1'], path: '/', requestsPerSecond: 200 });
    await over(8);
    await load.stop();
    const { total, failed, byRevision, problems } = load.counts();
    expect([failed, byRevision]).toEqual([total, {}]);
    // A connection that is closed after the request was sent may be told of in two ways.
    const names = Object.keys(problems).map((name) => name.replace('read ECONNRESET', 'socket hang up'));
    expect(new Set(names)).toEqual(
      new Set(['503 no endpoint', 'socket hang up', '500 text', 'connect ECONNREFUSED 127.0.0.1:1']),
    );
  });

  it('counts between two times what began and ended there', async () => {
    load = startLoad({ urls: [await gateway(pod('a', 20))], path: '/', requestsPerSecond: 100 });
    await over(10);
    await load.stop();
    const [first, second] = load.samples.toSorted((a, b) => a.startedAtMs - b.startedAtMs);
    const { total } = load.counts();
    expect(load.counts((first?.startedAtMs ?? 0) + 1).total).toBeLessThan(total);
    expect(load.counts(first?.startedAtMs, second?.startedAtMs).total).toBe(0);
    expect(load.counts(0, Date.now() + 1).total).toBe(total);
  });

  it.each([
    [{ urls: [], requestsPerSecond: 1 }],
    [{ urls: ['http://127.0.0.1:1'], requestsPerSecond: 0 }],
    [{ urls: ['http://127.0.0.1:1'], requestsPerSecond: Number.NaN }],
  ])('cannot be %j', (options) => {
    expect(() => startLoad({ path: '/', ...options })).toThrow(RangeError);
  });
});
