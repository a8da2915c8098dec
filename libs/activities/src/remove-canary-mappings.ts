import type { CanaryRolloutActivities, RemoveCanaryMappingsInput } from '@weir/contract';
import { chooseMappingApi, isOurs } from '@weir/mapping';
import { alive } from './alive.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { translated } from './failures.ts';
import { labelledMappings, mappingsAt, orAbsent, preconditions, type MappingObject } from './objects.ts';
import { release } from './release-rollout.ts';

/**
 * Deletes every canary Mapping of this Rollout and installation, whichever run made it. Where weight 0 must come first the
 * planner has seen to it; without its canary the stable Mapping takes everything.
 */
export function removeCanaryMappings(
  dependencies: ActivityDependencies,
): CanaryRolloutActivities['removeCanaryMappings'] {
  return (input) =>
    translated('cleanup', () =>
      alive(async (signal) => {
        const removed = await removeAll(dependencies, input, signal);
        if (input.release !== true) {
          return { removed };
        }
        await release(dependencies.kubernetes, input.rollout, input.uid, signal);
        return { removed, released: true };
      }),
    );
}

async function removeAll(
  dependencies: ActivityDependencies,
  input: RemoveCanaryMappingsInput,
  signal: AbortSignal,
): Promise<string[]> {
  const apis = await dependencies.kubernetes.servedApiVersions();
  // The run's own version, unless the gateway was upgraded past it in mid-run.
  const api = chooseMappingApi(apis, input.mappingApiVersion) ?? chooseMappingApi(apis, dependencies.mappingApiVersion);
  if (api === undefined) {
    return [];
  }
  const ours = await findOurs(dependencies, input, api.apiVersion, signal);
  await Promise.all(ours.map((mapping) => removeOne(dependencies, api.apiVersion, mapping, signal)));
  return ours.map(({ metadata }) => metadata.name).sort();
}

/** By label, and by name where that finds one not: a label can be taken off by hand. */
async function findOurs(
  { kubernetes, installation }: ActivityDependencies,
  { rollout, workflowId, names, only }: RemoveCanaryMappingsInput,
  apiVersion: string,
  signal: AbortSignal,
): Promise<MappingObject[]> {
  const items = await labelledMappings(kubernetes, apiVersion, rollout, signal);
  const labelled = only === true ? items.filter(({ metadata }) => names.includes(metadata.name)) : items;
  const others = names.filter((one) => labelled.every(({ metadata }) => metadata.name !== one));
  const named = await Promise.all(
    others.map((one) =>
      orAbsent(kubernetes.get<MappingObject>(mappingsAt(apiVersion, rollout.namespace, one), { signal })),
    ),
  );
  const found = [...labelled, ...named.filter((one) => one !== undefined)];
  return found.filter((mapping) => isOurs(mapping, { installation, workflowId }));
}

/**
 * With uid and resourceVersion: what is deleted is what was looked at. One that has moved on meanwhile is looked at again by the
 * next attempt.
 */
async function removeOne(
  { kubernetes, seen }: ActivityDependencies,
  apiVersion: string,
  mapping: MappingObject,
  signal: AbortSignal,
): Promise<void> {
  const { name, namespace, uid = '' } = mapping.metadata;
  seen?.willDelete(uid);
  await orAbsent(kubernetes.delete(mappingsAt(apiVersion, namespace, name), { ...preconditions(mapping), signal }));
}
