import type { Exchange, SeenRequest } from './exchange.ts';
import { numbered } from './numbered.ts';
import type { RequestIdentity } from './signature.ts';

/** Takes an exchange over from the proxy; resolves when nothing more comes of it. */
export type Handler = (exchange: Exchange) => Promise<void>;

/** The requests of one rollout, by its namespace. */
export class Lane {
  /** In the order in which they came. */
  readonly requests: SeenRequest[] = [];
  private readonly number = numbered();
  private readonly traps = new Map<string, Handler>();
  private readonly gates = new Map<string, Handler>();
  private readonly underWay = new Set<Promise<void>>();

  /** The request of that key becomes the handler's, once. */
  trap(key: string, handler: Handler): void {
    this.traps.set(key, handler);
  }

  /** Before anything else is done with it, the request of that key waits for this. */
  gate(key: string, handler: Handler): void {
    this.gates.set(key, handler);
  }

  note(identity: RequestIdentity): SeenRequest {
    const seen = { ...identity, key: this.number(identity.signature), atMs: Date.now() };
    this.requests.push(seen);
    return seen;
  }

  async handle(exchange: Exchange): Promise<void> {
    const { key } = exchange.seen;
    const handled = (async () => {
      await this.gates.get(key)?.(exchange);
      await (this.traps.get(key) ?? passOn)(exchange);
    })();
    this.underWay.add(handled);
    await handled.finally(() => this.underWay.delete(handled));
  }

  /** Returns when every request that was kept back has landed. */
  async landed(): Promise<void> {
    while (this.underWay.size > 0) {
      await Promise.allSettled(this.underWay);
    }
  }
}

/** Nothing out of the ordinary. */
export async function passOn(exchange: Exchange): Promise<void> {
  await exchange.reply(await exchange.forward());
}
