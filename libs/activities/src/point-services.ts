import type { CanaryRolloutActivities, PointServicesInput } from '@weir/contract';
import { SERVICES, type KubernetesClient } from '@weir/kubernetes';
import { MANAGED_BY_ANNOTATION, POD_TEMPLATE_HASH_LABEL, WORKER_FIELD_MANAGER } from '@weir/rollout';
import { alive } from './alive.ts';
import { untilEndpointsAre } from './await-endpoints.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { translated } from './failures.ts';
import type { ServiceObject } from './objects.ts';

/** The endpoint controller mostly follows a selector in a tenth of a second; who takes longer has an activity of its own. */
const AWAITED_MS = 2_000;

/**
 * The revision's hash goes into each selector, beside what the user has there, with the annotation that says whose it is
 * in the same PATCH. A Service that does not exist yet is waited for by trying again.
 */
export function pointServices(dependencies: ActivityDependencies): CanaryRolloutActivities['pointServices'] {
  return (input) =>
    translated('cleanup', () =>
      alive(async (signal) => {
        const pointed = await Promise.all(
          input.services.map((service) => pointOne(dependencies.kubernetes, input, service, signal)),
        );
        const awaited = pointed.find(({ metadata }) => metadata.name === input.awaited);
        const endpointsReady = awaited !== undefined && (await hasItsEndpoints(dependencies, awaited, signal));
        return { endpointsReady };
      }),
    );
}

async function pointOne(
  kubernetes: KubernetesClient,
  { rollout: { namespace, name: rollout } }: PointServicesInput,
  { name, podTemplateHash }: PointServicesInput['services'][number],
  signal: AbortSignal,
): Promise<ServiceObject> {
  const at = { resource: SERVICES, namespace, name };
  const found = await kubernetes.get<ServiceObject>(at, { signal });
  const { metadata, spec } = found;
  const isPointed = spec.selector?.[POD_TEMPLATE_HASH_LABEL] === podTemplateHash;
  if (isPointed && metadata.annotations?.[MANAGED_BY_ANNOTATION] === rollout) {
    return found;
  }
  const { resourceVersion } = metadata;
  const patch = {
    metadata: { resourceVersion, annotations: { [MANAGED_BY_ANNOTATION]: rollout } },
    spec: { selector: { [POD_TEMPLATE_HASH_LABEL]: podTemplateHash } },
  };
  return kubernetes.mergePatch<ServiceObject>(at, patch, { fieldManager: WORKER_FIELD_MANAGER, signal });
}

/** What was written stands, whatever comes of the wait: nothing fails here. */
async function hasItsEndpoints(
  dependencies: ActivityDependencies,
  { metadata: { namespace = '', name }, spec }: ServiceObject,
  signal: AbortSignal,
): Promise<boolean> {
  const awaited = { namespace, service: name, selector: spec.selector ?? {}, signal };
  return untilEndpointsAre(dependencies, awaited, AWAITED_MS).then(
    () => true,
    () => false,
  );
}
