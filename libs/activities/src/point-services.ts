import type { CanaryRolloutActivities, PointServicesInput } from '@weir/contract';
import { SERVICES, type KubernetesClient } from '@weir/kubernetes';
import { MANAGED_BY_ANNOTATION, POD_TEMPLATE_HASH_LABEL, WORKER_FIELD_MANAGER } from '@weir/rollout';
import { alive } from './alive.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { translated } from './failures.ts';
import type { ServiceObject } from './objects.ts';

/**
 * The revision's hash goes into each selector, beside what the user has there, with the annotation that says whose it is
 * in the same PATCH. A Service that does not exist yet is waited for by trying again.
 */
export function pointServices({ kubernetes }: ActivityDependencies): CanaryRolloutActivities['pointServices'] {
  return (input) =>
    translated('cleanup', () =>
      alive(async (signal) => {
        await Promise.all(input.services.map((service) => pointOne(kubernetes, input, service, signal)));
      }),
    );
}

async function pointOne(
  kubernetes: KubernetesClient,
  { rollout: { namespace, name: rollout } }: PointServicesInput,
  { name, podTemplateHash }: PointServicesInput['services'][number],
  signal: AbortSignal,
): Promise<void> {
  const at = { resource: SERVICES, namespace, name };
  const { metadata, spec } = await kubernetes.get<ServiceObject>(at, { signal });
  const isPointed = spec.selector?.[POD_TEMPLATE_HASH_LABEL] === podTemplateHash;
  if (isPointed && metadata.annotations?.[MANAGED_BY_ANNOTATION] === rollout) {
    return;
  }
  const { resourceVersion } = metadata;
  const patch = {
    metadata: { resourceVersion, annotations: { [MANAGED_BY_ANNOTATION]: rollout } },
    spec: { selector: { [POD_TEMPLATE_HASH_LABEL]: podTemplateHash } },
  };
  await kubernetes.mergePatch(at, patch, { fieldManager: WORKER_FIELD_MANAGER, signal });
}
