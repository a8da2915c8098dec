import { KubeConfig } from '@kubernetes/client-node';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Agent, request, type RequestOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { Exchange, type Answer } from './exchange.ts';
import { Lane, passOn, type Handler } from './lane.ts';
import { identityOf, isWatch } from './signature.ts';

interface Upstream {
  readonly url: string;
  readonly tls: RequestOptions;
}

/**
 * Stands between processes of Weir and the API server, on loopback. It tells rollouts apart by their namespace, remembers their
 * requests in order, and does to each what the {@link Lane} of its rollout says. Watches just pass.
 */
export class ChaosProxy {
  /** What becomes of a request that names no namespace, and is no watch. */
  shared: Handler = passOn;
  private readonly lanes = new Map<string, Lane>();
  /** Counts the times that nobody could get through. */
  private outages = 0;

  private constructor(
    /** Path of a kubeconfig that leads to the proxy. */
    readonly kubeconfig: string,
    private readonly port: number,
    private server: Server,
    private readonly upstream: Upstream,
  ) {}

  /**
   * @param kubeconfig - whose cluster and credentials the proxy uses
   * @param name - of the kubeconfig that leads to it, in the directory
   */
  static async start(kubeconfig: string, directory: string, name: string): Promise<ChaosProxy> {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    const tls: RequestOptions = {};
    await config.applyToHTTPSOptions(tls);
    const { ca, cert, key } = tls;
    const upstream = {
      url: config.getCurrentCluster()?.server ?? '',
      tls: { ca, cert, key, agent: new Agent({ keepAlive: true, maxSockets: Infinity }) } as RequestOptions,
    };
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const own = new KubeConfig();
    const cluster = { name: 'proxy', server: `http://127.0.0.1:${port}`, skipTLSVerify: true };
    own.loadFromClusterAndUser(cluster, { name: 'proxy' });
    const path = join(directory, `kubeconfig-${name}.json`);
    await writeFile(path, own.exportConfig());
    const proxy = new ChaosProxy(path, port, server, upstream);
    proxy.serve();
    return proxy;
  }

  lane(namespace: string): Lane {
    const lane = this.lanes.get(namespace) ?? new Lane();
    this.lanes.set(namespace, lane);
    return lane;
  }

  /** Forgets what went on in a namespace. */
  drop(namespace: string): void {
    this.lanes.delete(namespace);
  }

  /** From now on connections are refused, and those that were open are broken. What was kept back is lost with them. */
  async refuseAll(): Promise<void> {
    this.outages++;
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  /** Ends {@link refuseAll}. */
  async acceptAgain(): Promise<void> {
    this.server = createServer();
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.serve();
  }

  async close(): Promise<void> {
    await this.refuseAll();
    (this.upstream.tls.agent as Agent).destroy();
  }

  private serve(): void {
    this.server.on('request', (incoming, outgoing) => {
      // Whoever sent it is told by a broken connection; and a watch of somebody who is gone is no failure.
      this.pass(incoming, outgoing).catch(() => outgoing.destroy());
    });
  }

  private async pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    const { method = 'GET', url = '/' } = incoming;
    const identity = identityOf(method, url, body.toString());
    const lane = identity && this.lanes.get(identity.namespace);
    const isWhole = lane !== undefined || (identity === undefined && !isWatch(url));
    if (!isWhole) {
      return this.stream(incoming, body, outgoing);
    }
    const { outages } = this;
    const send = async (): Promise<Answer> => {
      if (outages !== this.outages) {
        throw new Error('its connection was broken before it got to the API server');
      }
      const response = await this.onward(incoming, body, new AbortController().signal);
      const { statusCode: status = 502, headers } = response;
      const { 'transfer-encoding': _, ...kept } = headers;
      return { status, headers: kept, body: await buffer(response) };
    };
    if (identity === undefined || lane === undefined) {
      const seen = { namespace: '', signature: `${method} ${url}`, key: '', atMs: Date.now() };
      return this.shared(new Exchange(seen, outgoing, send));
    }
    await lane.handle(new Exchange(lane.note(identity), outgoing, send));
  }

  private async stream(incoming: IncomingMessage, body: Buffer, outgoing: ServerResponse): Promise<void> {
    const gone = new AbortController();
    outgoing.once('close', () => gone.abort());
    const response = await this.onward(incoming, body, gone.signal);
    outgoing.writeHead(response.statusCode ?? 502, response.headers);
    outgoing.flushHeaders(); // An idle watch has no body for long.
    response.once('error', () => outgoing.destroy());
    response.pipe(outgoing);
  }

  private async onward(incoming: IncomingMessage, body: Buffer, signal: AbortSignal): Promise<IncomingMessage> {
    const { method, url = '/', headers } = incoming;
    const { url: base, tls } = this.upstream;
    const { connection: _, ...kept } = headers;
    const onward = request(new URL(url, base), {
      ...tls,
      method,
      signal,
      headers: { ...kept, host: new URL(base).host },
    });
    // What breaks once the answer has begun is told by the answer.
    onward.on('error', () => undefined);
    onward.end(body);
    const [response] = (await once(onward, 'response')) as [IncomingMessage];
    return response;
  }
}
