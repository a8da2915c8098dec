import { ApplicationFailure } from '@temporalio/common';
import type { CanaryRolloutActivities } from '@weir/contract';
import {
  ENDPOINT_SLICES,
  PODS,
  SERVICES,
  watchForever,
  type KubernetesClient,
  type KubernetesObject,
} from '@weir/kubernetes';
import type { Selector } from '@weir/rollout';
import { alive } from './alive.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { translated } from './failures.ts';
import type { EndpointSlice, ServiceObject } from './objects.ts';

/** The endpoint controller follows a selector within a second; an attempt that waits longer ends and says what is missing. */
const ATTEMPT_MS = 10_000;

/** Waits by a watch until the endpoints of a Service are the pods that it selects. Nothing is written. */
export function awaitEndpoints({ kubernetes }: ActivityDependencies): CanaryRolloutActivities['awaitEndpoints'] {
  return ({ rollout: { namespace }, service }) =>
    translated('cleanup', () =>
      alive(async (signal) => {
        const at = { resource: SERVICES, namespace, name: service };
        const { spec } = await kubernetes.get<ServiceObject>(at, { signal });
        await untilEndpointsAre({ kubernetes, namespace, service, selector: spec.selector ?? {}, signal }, ATTEMPT_MS);
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
  readonly kubernetes: KubernetesClient;
  readonly namespace: string;
  readonly service: string;
  /** What the Service selects. */
  readonly selector: Selector;
  readonly signal: AbortSignal;
}

/** @throws a retryable failure that says what is missing, after `atMostMs` */
export async function untilEndpointsAre(
  { kubernetes, namespace, service, selector, signal }: AwaitedEndpoints,
  atMostMs: number,
): Promise<void> {
  const stop = new AbortController();
  const slices = new Map<string, EndpointSlice>();
  let missing = 'no EndpointSlice was seen';
  await new Promise<void>((resolve, reject) => {
    const giveUp = setTimeout(() => {
      const message = `the endpoints of Service ${service} are not the pods of the new revision yet: ${missing}`;
      reject(ApplicationFailure.retryable(message, 'EndpointsNotReady'));
    }, atMostMs);
    stop.signal.addEventListener('abort', () => clearTimeout(giveUp), { once: true });
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    void watchForever<EndpointSlice>(kubernetes, {
      at: { resource: ENDPOINT_SLICES, namespace },
      selector: { labelSelector: `kubernetes.io/service-name=${service}` },
      signal: AbortSignal.any([signal, stop.signal]),
      onBreak: (error) => (missing = String(error)),
      onChange: ({ type, object }) => {
        if (type === 'DELETED') {
          slices.delete(object.metadata.name);
        } else {
          slices.set(object.metadata.name, object);
        }
        whatIsMissing(kubernetes, namespace, [...slices.values()], selector, signal).then((what) => {
          missing = what ?? missing;
          if (what === undefined) {
            resolve();
          }
        }, reject);
      },
    });
  }).finally(() => stop.abort());
}

async function whatIsMissing(
  kubernetes: KubernetesClient,
  namespace: string,
  slices: readonly EndpointSlice[],
  selector: Selector,
  signal: AbortSignal,
): Promise<string | undefined> {
  const ready = slices
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
    .map(({ targetRef }) => targetRef?.name ?? '');
  if (ready.length === 0) {
    return 'no endpoint is ready';
  }
  const labelSelector = Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const pods = await kubernetes.list<KubernetesObject>({ resource: PODS, namespace }, { labelSelector, signal });
  const names = new Set(pods.items.map(({ metadata }) => metadata.name));
  const others = ready.filter((name) => !names.has(name));
  return others.length === 0 ? undefined : `${others.join(', ')} of another revision`;
}
