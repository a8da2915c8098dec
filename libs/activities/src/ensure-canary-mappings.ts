import type { CanaryRolloutActivities, EnsureCanaryMappingsInput } from '@weir/contract';
import { isKubernetesError, type KubernetesClient } from '@weir/kubernetes';
import {
  MAPPING_NOT_FOUND,
  MAPPING_NOT_OURS,
  canaryMapping,
  isOurs,
  orderOnRollout,
  ownerOf,
  type Owner,
} from '@weir/mapping';
import { FINALIZER, WORKER_FIELD_MANAGER, type CanaryMapping, type RolloutRef } from '@weir/rollout';
import { alive } from './alive.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { cannotProceed, ordered, translated } from './failures.ts';
import {
  finalizerOf,
  mappingsAt,
  orAbsent,
  preconditions,
  rolloutAt,
  type MappingObject,
  type RolloutObject,
} from './objects.ts';

/** Finalizer first, then a POST for each canary Mapping at weight 0: never applied, so that nobody's Mapping is taken over. */
export function ensureCanaryMappings(
  dependencies: ActivityDependencies,
): CanaryRolloutActivities['ensureCanaryMappings'] {
  return (input) =>
    translated('step', () =>
      alive(async (signal) => {
        await ensureFinalizer(dependencies, input, signal);
        // All must be over before this fails: a creation that lands after the cleanup would leave a canary Mapping behind.
        const settled = await Promise.allSettled(
          input.stableMappings.map((name) => ensureOne(dependencies, input, name, signal)),
        );
        const ensured = settled.map((one) => {
          if (one.status === 'rejected') {
            throw one.reason;
          }
          return one.value;
        });
        await refuseOrder(dependencies, input, signal);
        return ensured;
      }),
    );
}

/** An abort that came before there was a Mapping to write it on is on the Rollout: it is read after the Mappings are there. */
async function refuseOrder(
  { kubernetes }: ActivityDependencies,
  { rollout }: EnsureCanaryMappingsInput,
  signal: AbortSignal,
): Promise<void> {
  const object = await orAbsent(kubernetes.get<RolloutObject>(rolloutAt(rollout), { signal }));
  const order = object && orderOnRollout(object);
  if (order !== undefined) {
    throw ordered(order);
  }
}

/**
 * By server-side apply: the API server adds ours to the set, whatever others write meanwhile, and refuses for a Rollout that
 * is being deleted, gone or replaced by another of its name. What it refuses with is also what it says when too many write at once.
 */
async function ensureFinalizer(
  { kubernetes }: ActivityDependencies,
  { rollout, uid }: EnsureCanaryMappingsInput,
  signal: AbortSignal,
): Promise<void> {
  try {
    await kubernetes.apply(rolloutAt(rollout), finalizerOf(rollout, uid, [FINALIZER]), {
      fieldManager: WORKER_FIELD_MANAGER,
      signal,
    });
  } catch (error) {
    const isRefused = isKubernetesError(error, 'conflict') || isKubernetesError(error, 'invalid');
    if (isRefused && !(await isThere(kubernetes, rollout, uid, signal))) {
      const message = `the Rollout is gone or being deleted: ${error.message}`;
      throw cannotProceed({ reason: 'RolloutDeleted', message }, error);
    }
    throw error;
  }
}

async function isThere(
  kubernetes: KubernetesClient,
  rollout: RolloutRef,
  uid: string,
  signal: AbortSignal,
): Promise<boolean> {
  const found = await orAbsent(kubernetes.get<RolloutObject>(rolloutAt(rollout), { signal }));
  return found?.metadata.uid === uid && found.metadata.deletionTimestamp === undefined;
}

async function ensureOne(
  { kubernetes, installation }: ActivityDependencies,
  {
    rollout,
    workflowId,
    runId,
    uid,
    mappingApiVersion,
    canaryService,
    sequence,
    revision = '',
  }: EnsureCanaryMappingsInput,
  stableName: string,
  signal: AbortSignal,
): Promise<CanaryMapping> {
  const { namespace } = rollout;
  const owner: Owner = { installation, workflowId, runId, rollout: { name: rollout.name, uid } };
  const stableAt = mappingsAt(mappingApiVersion, namespace, stableName);
  const stable = await orAbsent(kubernetes.get<MappingObject>(stableAt, { signal }));
  if (stable === undefined) {
    throw cannotProceed({ reason: MAPPING_NOT_FOUND, message: `Mapping ${stableName} is gone` });
  }
  const wanted = canaryMapping(stable, { canaryService, owner, sequence, weight: 0, revision });
  const collection = mappingsAt(mappingApiVersion, namespace);
  const canaryAt = mappingsAt(mappingApiVersion, namespace, wanted.metadata.name);
  const create = (): Promise<MappingObject> =>
    kubernetes.create<MappingObject>(collection, wanted, { fieldManager: WORKER_FIELD_MANAGER, signal });
  try {
    return toCanaryMapping(stableName, await create());
  } catch (error) {
    if (!isKubernetesError(error, 'conflict')) {
      throw error;
    }
  }
  const existing = await kubernetes.get<MappingObject>(canaryAt, { signal });
  if (!isOurs(existing, owner)) {
    const message = `Mapping ${wanted.metadata.name} exists and is not ours: rename or delete it`;
    throw cannotProceed({ reason: MAPPING_NOT_OURS, message });
  }
  if (ownerOf(existing)?.runId === runId && existing.spec.weight === 0) {
    return toCanaryMapping(stableName, existing); // An earlier attempt made it, and its answer was lost.
  }
  // Left by a run that was terminated: its spec may be old, so it is made anew rather than mended.
  await kubernetes.delete(canaryAt, { ...preconditions(existing), signal });
  return toCanaryMapping(stableName, await create());
}

function toCanaryMapping(stableName: string, { metadata: { name, resourceVersion } }: MappingObject): CanaryMapping {
  return { stableName, name, ...(resourceVersion !== undefined && { resourceVersion }) };
}
