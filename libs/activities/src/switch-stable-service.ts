import type { CanaryRolloutActivities, SwitchStableServiceInput } from '@weir/contract';
import { SERVICES, type KubernetesClient, type Location } from '@weir/kubernetes';
import { MANAGED_BY_ANNOTATION, SUPERSEDED, WORKER_FIELD_MANAGER, revisionOf, sameSelector } from '@weir/rollout';
import { alive } from './alive.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { cannotProceed, translated } from './failures.ts';
import { orAbsent, type ServiceObject } from './objects.ts';

/**
 * The stable Service gets the selector of the canary Service, with the annotation that says whose it is in the
 * same PATCH.
 */
export function switchStableService({
  kubernetes,
}: ActivityDependencies): CanaryRolloutActivities['switchStableService'] {
  return (input) => translated('step', () => alive((signal) => switchSelector(kubernetes, input, signal)));
}

async function switchSelector(
  kubernetes: KubernetesClient,
  { rollout, stableService, canaryService, revision }: SwitchStableServiceInput,
  signal: AbortSignal,
): Promise<{ switched: boolean }> {
  const at = (name: string): Location => ({ resource: SERVICES, namespace: rollout.namespace, name });
  const [stable, canary] = await Promise.all(
    [stableService, canaryService].map((name) => existing(kubernetes, at(name), signal)),
  );
  const old = stable?.spec.selector ?? {};
  const selector = canary?.spec.selector ?? {};
  if (revisionOf(selector) !== revision) {
    const message = `Service ${canaryService} selects another revision than the one that was tried`;
    throw cannotProceed({ reason: SUPERSEDED, message });
  }
  if (sameSelector(old, selector)) {
    return { switched: false };
  }
  const removed = Object.fromEntries(Object.keys(old).map((key) => [key, null]));
  const patch = {
    metadata: {
      resourceVersion: stable?.metadata.resourceVersion,
      annotations: { [MANAGED_BY_ANNOTATION]: rollout.name },
    },
    spec: { selector: { ...removed, ...selector } },
  };
  await kubernetes.mergePatch(at(stableService), patch, { fieldManager: WORKER_FIELD_MANAGER, signal });
  return { switched: true };
}

/** @throws a final failure when the Service was deleted in mid-run */
async function existing(kubernetes: KubernetesClient, at: Location, signal: AbortSignal): Promise<ServiceObject> {
  const service = await orAbsent(kubernetes.get<ServiceObject>(at, { signal }));
  if (service === undefined) {
    throw cannotProceed({ reason: 'ServiceNotFound', message: `Service ${at.name} is gone` });
  }
  return service;
}
