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
  private readonly traps: { readonly isFor: (key: string) => boolean; readonly handler: Handler }[] = [];
  private readonly gates: typeof this.traps = [];
  private readonly underWay = new Set<Promise<void>>();

  /** The request of that key becomes the handler's, once. */
  trap(key: string, handler: Handler): void {
    this.traps.push({ isFor: (one) => one === key, handler });
  }

  /** The request of that key, and every one after it that is told by the same, becomes the handler's. */
  trapFrom(key: string, handler: Handler): void {
    this.traps.push({ isFor: isFrom(key), handler });
  }

  /** Before anything else is done with it, the request of that key waits for this, and so does every one like it that comes later. */
  gateFrom(key: string, handler: Handler): void {
    this.gates.push({ isFor: isFrom(key), handler });
  }

  note(identity: RequestIdentity): SeenRequest {
    const seen = { ...identity, key: this.number(identity.signature), atMs: Date.now() };
    this.requests.push(seen);
    return seen;
  }

  async handle(exchange: Exchange): Promise<void> {
    const { key } = exchange.seen;
    const handled = (async () => {
      const [gate, trap] = [this.gates, this.traps].map((all) => all.find(({ isFor }) => isFor(key))?.handler);
      await gate?.(exchange);
      await (trap ?? passOn)(exchange);
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

function isFrom(key: string): (other: string) => boolean {
  const [signature, number] = split(key);
  return (other) => {
    const [its, itsNumber] = split(other);
    return its === signature && itsNumber >= number;
  };
}

function split(key: string): [signature: string, number: number] {
  const at = key.lastIndexOf('#');
  return [key.slice(0, at), Number(key.slice(at + 1))];
}
