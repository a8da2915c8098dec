import type { CanaryRolloutActivities, SwitchStableServiceInput } from '@weir/contract';
import {
  ENDPOINT_SLICES,
  PODS,
  SERVICES,
  watchForever,
  type KubernetesClient,
  type KubernetesObject,
} from '@weir/kubernetes';
import {
  MANAGED_BY_ANNOTATION,
  SUPERSEDED,
  WORKER_FIELD_MANAGER,
  revisionOf,
  sameSelector,
  type Selector,
} from '@weir/rollout';
import { alive } from './alive.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { cannotProceed, translated } from './failures.ts';
import type { EndpointSlice, ServiceObject } from './objects.ts';

/**
 * The stable Service gets the selector of the canary Service, with the annotation that keeps an Argo controller off it in the
 * same PATCH; then its endpoints must be the new pods before anything else may go.
 */
export function switchStableService(
  dependencies: ActivityDependencies,
): CanaryRolloutActivities['switchStableService'] {
  const { kubernetes } = dependencies;
  return (input) =>
    translated('step', () =>
      alive(async (signal) => {
        const { switched, selector } = await switchSelector(kubernetes, input, signal);
        await untilEndpointsAre(kubernetes, input.rollout.namespace, input.stableService, selector, signal);
        return { switched };
      }),
    );
}

async function switchSelector(
  kubernetes: KubernetesClient,
  { rollout, stableService, canaryService, revision }: SwitchStableServiceInput,
  signal: AbortSignal,
): Promise<{ switched: boolean; selector: Selector }> {
  const at = (name: string) => ({ resource: SERVICES, namespace: rollout.namespace, name });
  const [stable, canary] = await Promise.all([
    kubernetes.get<ServiceObject>(at(stableService), { signal }),
    kubernetes.get<ServiceObject>(at(canaryService), { signal }),
  ]);
  const old = stable.spec.selector ?? {};
  const selector = canary.spec.selector ?? {};
  if (sameSelector(old, selector)) {
    return { switched: false, selector };
  }
  if (revisionOf(selector) !== revision) {
    const message = `Service ${canaryService} selects another revision than the one that was tried`;
    throw cannotProceed({ reason: SUPERSEDED, message });
  }
  const removed = Object.fromEntries(Object.keys(old).map((key) => [key, null]));
  const patch = {
    metadata: {
      resourceVersion: stable.metadata.resourceVersion,
      annotations: { [MANAGED_BY_ANNOTATION]: rollout.name },
    },
    spec: { selector: { ...removed, ...selector } },
  };
  await kubernetes.mergePatch(at(stableService), patch, { fieldManager: WORKER_FIELD_MANAGER, signal });
  return { switched: true, selector };
}

/** Waits for the endpoint controller by a watch. The activity's own time-out bounds it; the workflow then retries. */
async function untilEndpointsAre(
  kubernetes: KubernetesClient,
  namespace: string,
  service: string,
  selector: Selector,
  signal: AbortSignal,
): Promise<void> {
  const labelSelector = `kubernetes.io/service-name=${service}`;
  const stop = new AbortController();
  const slices = new Map<string, EndpointSlice>();
  await new Promise<void>((resolve, reject) => {
    const check = (): void => {
      endpointsAre(kubernetes, namespace, [...slices.values()], selector, signal).then(
        (yes) => yes && resolve(),
        reject,
      );
    };
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    void watchForever<EndpointSlice>(kubernetes, {
      at: { resource: ENDPOINT_SLICES, namespace },
      selector: { labelSelector },
      signal: AbortSignal.any([signal, stop.signal]),
      onChange: ({ type, object }) => {
        if (type === 'DELETED') {
          slices.delete(object.metadata.name);
        } else {
          slices.set(object.metadata.name, object);
        }
        check();
      },
    });
  }).finally(() => stop.abort());
}

async function endpointsAre(
  kubernetes: KubernetesClient,
  namespace: string,
  slices: readonly EndpointSlice[],
  selector: Selector,
  signal: AbortSignal,
): Promise<boolean> {
  const ready = slices
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false);
  const labelSelector = Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const pods = await kubernetes.list<KubernetesObject>({ resource: PODS, namespace }, { labelSelector, signal });
  const names = new Set(pods.items.map(({ metadata }) => metadata.name));
  return ready.length > 0 && ready.every(({ targetRef }) => names.has(targetRef?.name ?? ''));
}
