import { createServer } from 'node:net';

/** Every port that a sandbox listens on, but for those of its gateways; all on 127.0.0.1. */
export const PORT_NAMES = [
  'etcd',
  'etcdPeer',
  'kubernetes',
  'controllerManager',
  'scheduler',
  'kwok',
  'temporal',
  'temporalUi',
  'temporalHttp',
  'temporalMetrics',
  'worker',
  'api',
] as const;

export type PortName = (typeof PORT_NAMES)[number];

/** The ports of the gateway instances, which are counted from 1: one for traffic, one for diagnostics and settings. */
export type GatewayPortName = `gateway${number}` | `gateway${number}Diagnostics`;

export type Ports = Readonly<Record<PortName, number>> & {
  readonly [name in GatewayPortName]?: number;
};

/** The names of the ports of so many gateway instances, in pairs. */
export function gatewayPortNames(
  gateways: number,
): (readonly [traffic: GatewayPortName, diagnostics: GatewayPortName])[] {
  return Array.from({ length: gateways }, (_, index) => [`gateway${index + 1}`, `gateway${index + 1}Diagnostics`]);
}

/**
 * Below the range from which Linux (32768..) and macOS (49152..) take ports for outgoing connections, so that no
 * connection takes a port between its choice and its use; wide enough that two sandboxes that start at once seldom
 * choose the same.
 */
const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 32_000;

/** A port that the user asked for is in use. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
}

export interface PortSource {
  isFree(port: number): Promise<boolean>;
  /** A whole number, `low` and `high` included. */
  random(low: number, high: number): number;
}

/**
 * A port for each name: the one that the user named, else the one that this sandbox had before, else a free one.
 *
 * @param gateways - number of gateway instances
 * @throws {PortTakenError} when a named port is in use.
 */
export async function choosePorts(
  named: { readonly [name in PortName | GatewayPortName]?: number },
  remembered: Partial<Ports>,
  gateways = 0,
  source: PortSource = { isFree: isFreePort, random: randomInteger },
): Promise<Ports> {
  const taken = new Set(Object.values(named).filter((port) => port !== undefined));
  const chosen: Partial<Record<PortName | GatewayPortName, number>> = {};
  for (const name of [...PORT_NAMES, ...gatewayPortNames(gateways).flat()]) {
    const wanted = named[name];
    if (wanted !== undefined && !(await source.isFree(wanted))) {
      throw new PortTakenError(`port ${wanted}, named for ${name}, is in use on 127.0.0.1: name another one`);
    }
    const before = remembered[name];
    const reusable = before !== undefined && !taken.has(before) && (await source.isFree(before));
    const port = wanted ?? (reusable ? before : await freePort(taken, source));
    taken.add(port);
    chosen[name] = port;
  }
  return chosen as Ports;
}

async function freePort(taken: ReadonlySet<number>, source: PortSource): Promise<number> {
  for (;;) {
    const port = source.random(LOWEST_PORT, HIGHEST_PORT);
    if (!taken.has(port) && (await source.isFree(port))) {
      return port;
    }
  }
}

function randomInteger(low: number, high: number): number {
  return low + Math.floor(Math.random() * (high - low + 1));
}

function isFreePort(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
