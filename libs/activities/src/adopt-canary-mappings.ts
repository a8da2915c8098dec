import type { AdoptCanaryMappingsInput, CanaryRolloutActivities } from '@weir/contract';
import { ownerOf } from '@weir/mapping';
import { ARGO_CANARY_SUFFIX, WORKER_FIELD_MANAGER, type CanaryMapping } from '@weir/rollout';
import { alive } from './alive.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { translated } from './failures.ts';
import { mappingsAt, orAbsent, preconditions, type MappingObject } from './objects.ts';

/**
 * Takes canary Mappings home that an Argo controller left: weight 0, then deleted, each with the resourceVersion of what was
 * looked at. Nothing of another installation of Weir is touched.
 */
export function adoptCanaryMappings(
  dependencies: ActivityDependencies,
): CanaryRolloutActivities['adoptCanaryMappings'] {
  return (input) =>
    translated('step', () =>
      alive(async (signal) => {
        const adopted = await Promise.all(input.names.map((name) => adoptOne(dependencies, input, name, signal)));
        return adopted.flat();
      }),
    );
}

async function adoptOne(
  { kubernetes }: ActivityDependencies,
  { rollout: { namespace }, mappingApiVersion }: AdoptCanaryMappingsInput,
  name: string,
  signal: AbortSignal,
): Promise<CanaryMapping[]> {
  const at = mappingsAt(mappingApiVersion, namespace, name);
  const found = await orAbsent(kubernetes.get<MappingObject>(at, { signal }));
  if (found === undefined || ownerOf(found) !== undefined) {
    return []; // An attempt before this one took it, or it is no longer what was seen.
  }
  const { resourceVersion } = found.metadata;
  const patch = { metadata: { resourceVersion }, spec: { weight: 0 } };
  const home = await kubernetes.mergePatch<MappingObject>(at, patch, { fieldManager: WORKER_FIELD_MANAGER, signal });
  await orAbsent(kubernetes.delete(at, { ...preconditions(home), signal }));
  const { weight = 100 } = found.spec;
  return [{ name, stableName: name.slice(0, -ARGO_CANARY_SUFFIX.length), weight }];
}
