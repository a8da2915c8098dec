import { KubeConfig } from '@kubernetes/client-node';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';

type Matcher = (method: string, body: string) => boolean;

/**
 * Stands between a worker and the API server, on loopback, and keeps an answer back when it is told to: the write has
 * happened, and whoever asked does not know.
 */
export class FaultProxy {
  private matcher: Matcher | undefined;
  private matched: (() => void) | undefined;
  private held: (() => void)[] = [];

  private constructor(
    readonly kubeconfig: string,
    private readonly server: Server,
    private readonly upstream: { readonly url: string; readonly tls: RequestOptions },
  ) {}

  /** @param kubeconfig - whose cluster and credentials the proxy uses; the worker gets one of its own */
  static async start(kubeconfig: string, directory: string): Promise<FaultProxy> {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    const tls: RequestOptions = {};
    await config.applyToHTTPSOptions(tls);
    const url = config.getCurrentCluster()?.server ?? '';
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const own = new KubeConfig();
    own.loadFromClusterAndUser(
      { name: 'proxy', server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
      { name: 'proxy' },
    );
    const path = join(directory, 'kubeconfig-proxy.json');
    await writeFile(path, own.exportConfig());
    const proxy = new FaultProxy(path, server, { url, tls });
    server.on('request', (incoming, outgoing) => void proxy.pass(incoming, outgoing));
    return proxy;
  }

  /** Resolves when the API server has answered a request that matches; the answer stays here until `release`. */
  holdAnswer(matcher: Matcher): Promise<void> {
    this.matcher = matcher;
    return new Promise((resolve) => {
      this.matched = resolve;
    });
  }

  release(): void {
    this.matcher = undefined;
    this.held.forEach((answer) => answer());
    this.held = [];
  }

  async close(): Promise<void> {
    this.release();
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    const { method = 'GET', url = '/', headers } = incoming;
    const onward = request(new URL(url, this.upstream.url), {
      ...this.upstream.tls,
      method,
      headers: { ...headers, host: new URL(this.upstream.url).host },
    });
    onward.on('response', (response) => {
      const answer = (): void => {
        outgoing.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(outgoing);
      };
      if (this.matcher?.(method, body.toString()) === true) {
        this.held.push(answer);
        this.matched?.();
      } else {
        answer();
      }
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    onward.end(body);
  }
}
