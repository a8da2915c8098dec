import { ApplicationFailure } from '@temporalio/common';
import type { CanaryRolloutActivities } from '@weir/contract';
import { PODS, SERVICES, type KubernetesClient, type KubernetesObject } from '@weir/kubernetes';
import type { Selector } from '@weir/rollout';
import { alive } from './alive.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { translated } from './failures.ts';
import type { ServiceObject } from './objects.ts';

/** The endpoint controller follows a selector within a second; an attempt that waits longer ends and says what is missing. */
const ATTEMPT_MS = 10_000;

/** Waits by a watch until the endpoints of a Service are the pods that it selects. Nothing is written. */
export function awaitEndpoints(dependencies: ActivityDependencies): CanaryRolloutActivities['awaitEndpoints'] {
  return ({ rollout: { namespace }, service }) =>
    translated('cleanup', () =>
      alive(async (signal) => {
        const at = { resource: SERVICES, namespace, name: service };
        const { spec } = await dependencies.kubernetes.get<ServiceObject>(at, { signal });
        const awaited = { namespace, service, selector: spec.selector ?? {}, signal };
        await untilEndpointsAre(dependencies, awaited, ATTEMPT_MS);
      }),
    );
}

/** {@link awaitEndpoints} under the name that traffic-only histories know. */
export function awaitStableEndpoints(
  dependencies: ActivityDependencies,
): CanaryRolloutActivities['awaitStableEndpoints'] {
  const wait = awaitEndpoints(dependencies);
  return ({ stableService: service, ...ref }) => wait({ ...ref, service });
}

export interface AwaitedEndpoints {
  readonly namespace: string;
  readonly service: string;
  /** What the Service selects. */
  readonly selector: Selector;
  readonly signal: AbortSignal;
}

/** @throws a retryable failure that says what is missing, after `atMostMs` */
export async function untilEndpointsAre(
  { kubernetes, followEndpoints }: ActivityDependencies,
  { namespace, service, selector, signal }: AwaitedEndpoints,
  atMostMs: number,
): Promise<void> {
  const stop = new AbortController();
  const pods = new SelectedPods(kubernetes, namespace, selector, signal);
  let missing = 'no EndpointSlice was seen';
  await new Promise<void>((resolve, reject) => {
    const giveUp = setTimeout(() => {
      const message = `the endpoints of Service ${service} are not the pods of the new revision yet: ${missing}`;
      reject(ApplicationFailure.retryable(message, 'EndpointsNotReady'));
    }, atMostMs);
    stop.signal.addEventListener('abort', () => clearTimeout(giveUp), { once: true });
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    followEndpoints({
      namespace,
      service,
      signal: AbortSignal.any([signal, stop.signal]),
      onBreak: (error) => (missing = String(error)),
      onReady: (ready) => {
        whatIsMissing(ready, pods).then((what) => {
          missing = what ?? missing;
          if (what === undefined) {
            resolve();
          }
        }, reject);
      },
    });
  }).finally(() => stop.abort());
}

async function whatIsMissing(ready: readonly string[], pods: SelectedPods): Promise<string | undefined> {
  if (ready.length === 0) {
    return 'no endpoint is ready';
  }
  const others = await pods.notAmong(ready);
  return others.length === 0 ? undefined : `${others.join(', ')} of another revision`;
}

/** Which pods a selector selects: asked again only about a pod that is new. */
class SelectedPods {
  private names: ReadonlySet<string> = new Set();

  constructor(
    private readonly kubernetes: KubernetesClient,
    private readonly namespace: string,
    private readonly selector: Selector,
    private readonly signal: AbortSignal,
  ) {}

  /** Those of `pods` that it does not select. */
  async notAmong(pods: readonly string[]): Promise<string[]> {
    const others = pods.filter((name) => !this.names.has(name));
    if (others.length === 0) {
      return [];
    }
    const labelSelector = Object.entries(this.selector)
      .map(([key, value]) => `${key}=${value}`)
      .join(',');
    const at = { resource: PODS, namespace: this.namespace };
    const { items } = await this.kubernetes.list<KubernetesObject>(at, { labelSelector, signal: this.signal });
    this.names = new Set(items.map(({ metadata }) => metadata.name));
    return pods.filter((name) => !this.names.has(name));
  }
}
