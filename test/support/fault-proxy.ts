import { KubeConfig } from '@kubernetes/client-node';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { Gate, type HeldRequest, type Matcher } from './held-request.ts';

/** A request that was sent on, until its answer is over. */
interface Passing {
  readonly outgoing: ServerResponse;
  response?: IncomingMessage;
  isSilent?: true;
}

/**
 * Stands between a worker and the API server, on loopback, and keeps back what it is told to: an answer (the write has
 * happened, and whoever asked does not know) or a request (it lands late). It also breaks connections, and lets them fall silent.
 */
export class FaultProxy {
  /** `GET /apis/…?…`, in the order in which they came. */
  readonly requests: string[] = [];
  /** What a request becomes on its way. */
  rewrite: (url: string) => string = (url) => url;
  private readonly underWay = new Set<Passing>();
  private matcher: Matcher | undefined;
  private matched: (() => void) | undefined;
  private held: (() => void)[] = [];
  private readonly gates: Gate[] = [];

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

  /** Keeps back the next request that matches, and no other. */
  holdRequest(matcher: Matcher): HeldRequest {
    const gate = new Gate(matcher);
    this.gates.push(gate);
    return gate;
  }

  /** Lets all answers and requests go. */
  release(): void {
    this.gates.splice(0).forEach((gate) => gate.open());
    this.matcher = undefined;
    this.held.forEach((answer) => answer());
    this.held = [];
  }

  /** Nothing more comes of the answers to what was asked, and no end either: as when a firewall forgets a connection. */
  fallSilent(): void {
    for (const passing of this.underWay) {
      passing.isSilent = true;
      passing.response?.unpipe(passing.outgoing);
      passing.response?.resume();
    }
    this.underWay.clear();
  }

  breakConnections(): void {
    this.server.closeAllConnections();
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
    this.requests.push(`${method} ${url}`);
    const gate = this.gates.find((one) => one.keeps(method, body.toString(), url));
    await gate?.opened;
    const passing: Passing = { outgoing };
    this.underWay.add(passing);
    const onward = request(new URL(this.rewrite(url), this.upstream.url), {
      ...this.upstream.tls,
      method,
      headers: { ...headers, host: new URL(this.upstream.url).host },
    });
    onward.on('response', (response) => {
      gate?.answered(response.statusCode ?? 502);
      passing.response = response;
      response.once('close', () => this.underWay.delete(passing));
      const answer = (): void => {
        if (passing.isSilent) {
          response.resume();
          return;
        }
        outgoing.writeHead(response.statusCode ?? 502, response.headers);
        outgoing.flushHeaders(); // An idle watch has no body for long.
        response.pipe(outgoing);
      };
      if (this.matcher?.(method, body.toString(), url) === true) {
        this.held.push(answer);
        this.matched?.();
      } else {
        answer();
      }
    });
    onward.on('error', () => {
      this.underWay.delete(passing);
      outgoing.destroy();
    });
    // One that was kept back lands, although nobody may wait for it any more.
    if (gate === undefined) {
      outgoing.on('close', () => onward.destroy());
    }
    onward.end(body);
  }
}
