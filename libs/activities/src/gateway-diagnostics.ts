import { ENDPOINT_SLICES, SERVICES, type KubernetesClient, type KubernetesObject } from '@weir/kubernetes';
import { readDiagnostics, type Diagnostics } from '@weir/mapping';

/** Where the gateway's diagnostics are: a URL an instance, or a Service whose every ready endpoint is one. */
export type GatewaySource =
  | { readonly urls: readonly string[] }
  | { readonly service: { readonly namespace: string; readonly name: string; readonly port: number } };

/** What one instance of the gateway said. */
export interface InstanceAnswer {
  /** URL or pod, for people. */
  readonly instance: string;
  /** Absent: it could not be asked, and `problem` says why. */
  readonly diagnostics?: Diagnostics;
  readonly problem?: string;
}

/** All instances of the gateway. */
export interface GatewayDiagnostics {
  /** Asks each; an instance that does not answer is in the answer, with its problem. */
  ask(signal: AbortSignal): Promise<readonly InstanceAnswer[]>;
}

const PATH = '/ambassador/v0/diag/?json=true';

/** 300 Mappings take a gateway 0.35 s to list (facts/mapping.md 4); one that is this slow is as good as silent. */
const ASK_TIMEOUT_MS = 1_500;

/** A pod that cannot be reached directly is asked through the API server; that is found out while there is time for it. */
const DIRECT_TIMEOUT_MS = 750;

/**
 * One for all runs of a worker: those that ask at the same time share a round, which begins after they asked, so that what it
 * says is never older than their write.
 */
export function gatewayDiagnostics(kubernetes: KubernetesClient, source: GatewaySource): GatewayDiagnostics {
  const instances = 'urls' in source ? fromUrls(source.urls) : fromService(kubernetes, source.service);
  return new SharedRounds(async () => {
    try {
      return await Promise.all((await instances()).map(askOne));
    } catch (error) {
      return [{ instance: 'the gateway', problem: reasonOf(error) }]; // Its Service could not be looked up.
    }
  });
}

interface Instance {
  readonly name: string;
  readonly ask: (signal: AbortSignal) => Promise<unknown>;
}

async function askOne({ name, ask }: Instance): Promise<InstanceAnswer> {
  try {
    return { instance: name, diagnostics: readDiagnostics(await ask(AbortSignal.timeout(ASK_TIMEOUT_MS))) };
  } catch (error) {
    return { instance: name, problem: reasonOf(error) };
  }
}

class SharedRounds implements GatewayDiagnostics {
  private current: Promise<unknown> = Promise.resolve();
  private next: Promise<readonly InstanceAnswer[]> | undefined;

  constructor(private readonly round: () => Promise<readonly InstanceAnswer[]>) {}

  ask(signal: AbortSignal): Promise<readonly InstanceAnswer[]> {
    this.next ??= this.afterCurrent();
    return until(this.next, signal);
  }

  private async afterCurrent(): Promise<readonly InstanceAnswer[]> {
    await this.current;
    const round = this.round();
    this.current = round;
    this.next = undefined;
    return round;
  }
}

function until<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
    if (signal.aborted) {
      stop();
    }
  });
}

function fromUrls(urls: readonly string[]): () => Promise<readonly Instance[]> {
  const instances = urls.map((url) => ({
    name: url,
    ask: (signal: AbortSignal) => getJson(url.replace(/\/+$/, '') + PATH, signal),
  }));
  return () => Promise.resolve(instances);
}

interface ServiceObject extends KubernetesObject {
  readonly spec: { readonly ports?: readonly { readonly name?: string; readonly port: number }[] };
}

interface Slice extends KubernetesObject {
  readonly endpoints?:
    | readonly {
        readonly addresses: readonly string[];
        readonly conditions?: { readonly ready?: boolean };
        readonly targetRef?: { readonly kind?: string; readonly name?: string };
      }[]
    | null;
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[] | null;
}

function fromService(
  kubernetes: KubernetesClient,
  { namespace, name, port }: { namespace: string; name: string; port: number },
): () => Promise<readonly Instance[]> {
  /** Pods that did not answer directly. */
  const behindProxy = new Set<string>();
  return async () => {
    const [service, slices] = await Promise.all([
      kubernetes.get<ServiceObject>({ resource: SERVICES, namespace, name }),
      kubernetes.list<Slice>(
        { resource: ENDPOINT_SLICES, namespace },
        { labelSelector: `kubernetes.io/service-name=${name}` },
      ),
    ]);
    const portName = service.spec.ports?.find((one) => one.port === port)?.name ?? '';
    return slices.items.flatMap(({ endpoints, ports }) => {
      const target = ports?.find((one) => (one.name ?? '') === portName)?.port ?? port;
      const ready = (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
      return ready.map(({ addresses: [address = ''], targetRef }) => {
        const pod = targetRef?.kind === 'Pod' ? targetRef.name : undefined;
        const at = { kubernetes, namespace, address, pod, port: target };
        return { name: pod ?? `${address}:${target}`, ask: (signal: AbortSignal) => askPod(at, behindProxy, signal) };
      });
    });
  };
}

interface PodAddress {
  readonly kubernetes: KubernetesClient;
  readonly namespace: string;
  readonly address: string;
  readonly pod: string | undefined;
  readonly port: number;
}

async function askPod(
  { kubernetes, namespace, address, pod, port }: PodAddress,
  behindProxy: Set<string>,
  signal: AbortSignal,
): Promise<unknown> {
  const key = `${pod ?? ''}/${address}:${port}`;
  if (pod === undefined || !behindProxy.has(key)) {
    try {
      const host = address.includes(':') ? `[${address}]` : address;
      const direct = AbortSignal.any([signal, AbortSignal.timeout(DIRECT_TIMEOUT_MS)]);
      return await getJson(`http://${host}:${port}${PATH}`, pod === undefined ? signal : direct);
    } catch (error) {
      if (pod === undefined) {
        throw error;
      }
      behindProxy.add(key);
    }
  }
  return kubernetes.getFromPod({ namespace, pod, port, path: PATH }, { signal });
}

async function getJson(url: string, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(url, { signal });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`GET ${url}: ${response.status}`);
  }
  return response.json();
}

/** undici hides what happened in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
