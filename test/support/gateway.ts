import { readDiagnostics, servedWeight, type Diagnostics } from '@weir/mapping';
import type { ControlChange, ControlSettings, PodAnswer } from '@weir/sandbox';
import { readSandbox } from './cluster.ts';

/** What a gateway answered to a request for traffic. */
export interface TrafficAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Of a pod; of a failure only `error` is there. */
  readonly body: Partial<PodAnswer> & { readonly error?: string };
}

/** What was answered, as text. */
export interface TextAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** One instance of the sandbox's local gateway, as its user and as the one who sets how it behaves. */
export class Gateway {
  constructor(
    /** Base URL of the traffic. */
    readonly url: string,
    /** Base URL of diagnostics, metrics and settings. */
    readonly diagnosticsUrl: string,
  ) {}

  async request(path: string, init: RequestInit = {}): Promise<TrafficAnswer> {
    const { status, headers, text } = await send(`${this.url}${path}`, init);
    return { status, headers, body: JSON.parse(text) as TrafficAnswer['body'] };
  }

  /** What is absent stays as it is. Fails the test when a setting is refused. */
  async set(change: ControlChange): Promise<ControlSettings> {
    const { status, text } = await this.control('PUT', change);
    if (status !== 200) {
      throw new Error(`PUT control: ${status} ${text}`);
    }
    return JSON.parse(text) as ControlSettings;
  }

  /** The request as it is, for what is to be refused. */
  control(method: string, body?: unknown): Promise<TextAnswer> {
    return this.admin('/sandbox/v0/control', {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  async diagnostics(): Promise<Diagnostics> {
    const { text } = await this.admin('/ambassador/v0/diag/?json=true');
    return readDiagnostics(JSON.parse(text));
  }

  /** Percent that this instance gives to the canary Mapping of a stable one. */
  async servedWeight(namespace: string, stable: string): Promise<number> {
    return servedWeight(await this.diagnostics(), { namespace, stable, canary: `${stable}0-canary` });
  }

  /** The value of a metric: the line that begins with that name and these labels. */
  async metric(nameAndLabels: string): Promise<number | undefined> {
    const { text } = await this.admin('/metrics');
    const line = text.split('\n').find((one) => one.startsWith(`${nameAndLabels} `));
    return line === undefined ? undefined : Number(line.slice(nameAndLabels.length + 1));
  }

  /** GETs a path of the diagnostics port. */
  admin(path: string, init: RequestInit = {}): Promise<TextAnswer> {
    return send(`${this.diagnosticsUrl}${path}`, init);
  }
}

/** The instances of a running sandbox. */
export async function gatewaysOf(stateDirectory: string): Promise<Gateway[]> {
  const { gatewayUrls, diagnosticsUrls } = await readSandbox(stateDirectory);
  return gatewayUrls.map((url, index) => new Gateway(url, diagnosticsUrls[index] ?? ''));
}

async function send(url: string, init: RequestInit): Promise<TextAnswer> {
  // A connection that is kept would keep the test process, too.
  const response = await fetch(url, { ...init, headers: { connection: 'close', ...init.headers } });
  return { status: response.status, headers: response.headers, text: await response.text() };
}
