import { parseArgs } from 'node:util';
import { resolve } from 'node:path';
import type { PortName } from './ports.ts';

/** A wrong command line; the message says what is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface SandboxArguments {
  readonly help: boolean;
  /** An absolute path. */
  readonly state: string;
  readonly worker: boolean;
  readonly api: boolean;
  /** Number of local gateway instances. */
  readonly gateways: number;
  readonly ports: Partial<Record<PortName, number>>;
}

export interface DemoArguments {
  readonly help: boolean;
  readonly fast: boolean;
  readonly exit: boolean;
  /** An absolute path; `undefined`: a temporary folder. */
  readonly state: string | undefined;
}

/** Two, because what one gateway serves says nothing of the other. */
export const DEFAULT_GATEWAYS = 2;
/** More than any test needs; each takes two ports. */
const MOST_GATEWAYS = 20;

const PORT_OPTIONS = {
  'api-port': 'api',
  'temporal-port': 'temporal',
  'temporal-ui-port': 'temporalUi',
  'kubernetes-port': 'kubernetes',
} as const satisfies Record<string, PortName>;

export const SANDBOX_USAGE = `Usage: npm run sandbox -- [options]

Starts Kubernetes (API, controllers, scheduler, pretended nodes), Temporal with its UI, a local gateway,
and Weir's worker and API on 127.0.0.1, and stops them all at Ctrl-C.

  --state DIR            where everything is kept, to go on from at the next start (default .weir/sandbox)
  --no-worker            without Weir's worker
  --no-api               without Weir's API
  --gateways N           instances of the local gateway, a test double of Emissary (default 2; 0: none)
  --api-port N           ports; free ones are chosen, and kept for this DIR, unless named
  --temporal-port N
  --temporal-ui-port N
  --kubernetes-port N
  --help
`;

export const DEMO_USAGE = `Usage: npm run demo -- [options]

Runs the example rollout on real servers: a first deploy; then a new image, at 30 %, a pause, at 60 %, a pause, promoted.
Meanwhile a load goes through two instances of the local gateway, and its split is shown beside the weight.

  --fast         pauses of 5 s instead of 60 s
  --exit         tear everything down at the end; exits 0 only if the rollout was promoted
  --state DIR    keep everything in DIR (default: a temporary folder, removed at the end)
  --help
`;

/** @throws {UsageError} */
export function parseSandboxArguments(args: readonly string[], folder = process.cwd()): SandboxArguments {
  const values = parse(args, {
    state: { type: 'string' },
    'no-worker': { type: 'boolean' },
    'no-api': { type: 'boolean' },
    gateways: { type: 'string' },
    'api-port': { type: 'string' },
    'temporal-port': { type: 'string' },
    'temporal-ui-port': { type: 'string' },
    'kubernetes-port': { type: 'string' },
    help: { type: 'boolean' },
  });
  const ports: Partial<Record<PortName, number>> = {};
  for (const [option, name] of Object.entries(PORT_OPTIONS)) {
    const value = values[option as keyof typeof PORT_OPTIONS];
    if (value !== undefined) {
      ports[name] = parsePort(option, value);
    }
  }
  const named = Object.values(ports);
  if (new Set(named).size < named.length) {
    throw new UsageError('the same port is named twice');
  }
  return {
    help: values.help ?? false,
    state: resolve(folder, stateFolder(values.state) ?? '.weir/sandbox'),
    worker: !values['no-worker'],
    api: !values['no-api'],
    gateways: parseGateways(values.gateways),
    ports,
  };
}

/** @throws {UsageError} */
export function parseDemoArguments(args: readonly string[], folder = process.cwd()): DemoArguments {
  const values = parse(args, {
    fast: { type: 'boolean' },
    exit: { type: 'boolean' },
    state: { type: 'string' },
    help: { type: 'boolean' },
  });
  const state = stateFolder(values.state);
  return {
    help: values.help ?? false,
    fast: values.fast ?? false,
    exit: values.exit ?? false,
    state: state === undefined ? undefined : resolve(folder, state),
  };
}

type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>;

function parse<const T extends Options>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    // Node's own words name the argument; the advice on escaping that it adds is about another problem.
    throw new UsageError((error as Error).message.split('. To ')[0]);
  }
}

function stateFolder(value: string | undefined): string | undefined {
  if (value === '') {
    throw new UsageError('--state needs a folder');
  }
  return value;
}

function parseGateways(value = String(DEFAULT_GATEWAYS)): number {
  if (!/^\d+$/.test(value) || Number(value) > MOST_GATEWAYS) {
    throw new UsageError(`--gateways needs a number from 0 to ${MOST_GATEWAYS}, not '${value}'`);
  }
  return Number(value);
}

function parsePort(option: string, value: string): number {
  const port = Number(value);
  if (!/^\d+$/.test(value) || port < 1 || port > 65_535) {
    throw new UsageError(`--${option} needs a port from 1 to 65535, not '${value}'`);
  }
  return port;
}
