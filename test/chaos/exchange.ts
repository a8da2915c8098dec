import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { RequestIdentity } from './signature.ts';

/** What the API server answered, whole. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A request of a rollout that went through the proxy. */
export interface SeenRequest extends RequestIdentity {
  /** With the number of its occurrence: `GET.services.someapp-stable#2`. */
  readonly key: string;
  readonly atMs: number;
  /** When it went on to the API server; undefined: it has not. */
  forwardedMs?: number;
  /** What the API server said; undefined: nothing, or not yet. */
  status?: number;
}

/** One request on its way; whoever holds it says what becomes of it. */
export class Exchange {
  private answer: Promise<Answer> | undefined;

  constructor(
    readonly seen: SeenRequest,
    private readonly outgoing: ServerResponse,
    private readonly send: () => Promise<Answer>,
  ) {}

  /** Whoever sent it waits for no answer any more. */
  get isGivenUp(): boolean {
    return this.outgoing.destroyed;
  }

  /** The API server gets it, once; whoever sent it need not wait for that any more. */
  async forward(): Promise<Answer> {
    this.answer ??= this.send();
    this.seen.forwardedMs ??= Date.now();
    const answer = await this.answer;
    this.seen.status = answer.status;
    return answer;
  }

  /** Returns when the answer has left. To somebody who has given up it is nothing. */
  reply({ status, headers, body }: Answer): Promise<void> {
    return new Promise((resolve) => {
      if (this.isGivenUp) {
        resolve();
        return;
      }
      this.outgoing.once('close', resolve).once('finish', resolve);
      this.outgoing.writeHead(status, { ...headers, 'content-length': body.byteLength });
      this.outgoing.end(body);
    });
  }

  /** An answer of the API server's own form that never came from there. */
  refuse(status: number, reason: string, headers: IncomingHttpHeaders = {}): Promise<void> {
    const body = Buffer.from(
      JSON.stringify({
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'by the fault-injecting proxy',
        reason,
        code: status,
      }),
    );
    return this.reply({ status, headers: { 'content-type': 'application/json', ...headers }, body });
  }

  /** The connection breaks in the middle. */
  tear(): void {
    this.outgoing.destroy();
  }
}
