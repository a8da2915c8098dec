import type { CanaryRolloutActivities, SetCanaryWeightInput } from '@weir/contract';
import { KubernetesError, isKubernetesError } from '@weir/kubernetes';
import { isOurs, orderOn, ownerOf, sequenceOf, weightAnnotations } from '@weir/mapping';
import { CANARY_MAPPING_GONE, WORKER_FIELD_MANAGER, type CanaryMapping } from '@weir/rollout';
import { alive } from './alive.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { cannotProceed, ordered, translated } from './failures.ts';
import { mappingsAt, orAbsent, type MappingObject } from './objects.ts';

/** A hand edit or two may come between read and write; a fight is left to the next attempt. */
const MAX_READS = 3;

/**
 * One PATCH a canary Mapping, all in parallel, each with the resourceVersion that the run knows: one round trip. When the
 * object has moved on it is read again, and the sequence number on it decides whether this write is still wanted.
 */
export function setCanaryWeight(dependencies: ActivityDependencies): CanaryRolloutActivities['setCanaryWeight'] {
  return (input) =>
    translated(input.weight === 0 || input.persistent === true ? 'cleanup' : 'step', () =>
      alive(async (signal) => {
        const written = await Promise.all(
          input.canaryMappings.map((canary) => setOne(dependencies, input, canary, signal)),
        );
        const earlierMs = written.flatMap(({ writtenAtMs }) => writtenAtMs ?? []);
        return {
          canaryMappings: written.map(({ canary }) => canary),
          // Only when no Mapping was written just now: the weight counts once the last of them has it.
          ...(earlierMs.length > 0 && earlierMs.length === written.length && { writtenAtMs: Math.max(...earlierMs) }),
        };
      }),
    );
}

interface WrittenMapping {
  readonly canary: CanaryMapping;
  readonly writtenAtMs?: number;
}

async function setOne(
  dependencies: ActivityDependencies,
  input: SetCanaryWeightInput,
  canary: CanaryMapping,
  signal: AbortSignal,
): Promise<WrittenMapping> {
  const { kubernetes } = dependencies;
  const at = mappingsAt(input.mappingApiVersion, input.rollout.namespace, canary.name);
  let resourceVersion = canary.resourceVersion;
  for (let reads = 0; reads <= MAX_READS; reads++) {
    try {
      const patched = resourceVersion === undefined ? undefined : await patchWeight(resourceVersion);
      if (patched !== undefined) {
        return { canary: { ...canary, ...versionOf(patched) } };
      }
    } catch (error) {
      if (input.weight === 0 && isKubernetesError(error, 'notServed')) {
        return { canary }; // The gateway was upgraded past this API version: the removal finds the one that is served.
      }
      if (!isKubernetesError(error, 'conflict') && !isKubernetesError(error, 'notFound')) {
        throw error;
      }
    }
    const found = await orAbsent(kubernetes.get<MappingObject>(at, { signal }));
    if (
      found === undefined ||
      !isOurs(found, { installation: dependencies.installation, workflowId: input.workflowId })
    ) {
      return { canary: gone(input, canary) };
    }
    if (isWritten(found, input)) {
      return { canary: { ...canary, ...versionOf(found) }, ...writtenAt(found) };
    }
    resourceVersion = found.metadata.resourceVersion;
  }
  throw new KubernetesError('conflict', `Mapping ${canary.name} is being changed by others all the time`);

  function patchWeight(version: string): Promise<MappingObject> {
    const { weight, sequence } = input;
    const metadata = { resourceVersion: version, annotations: weightAnnotations(weight, sequence) };
    return kubernetes.mergePatch(at, { metadata, spec: { weight } }, { fieldManager: WORKER_FIELD_MANAGER, signal });
  }
}

/**
 * Whether an attempt before this one wrote the weight.
 *
 * @throws when the brake, a later write of this run or another run has set it since: this attempt comes late, or the workflow
 *   was reset, and neither may raise a weight
 */
function isWritten(found: MappingObject, { sequence, weight, runId }: SetCanaryWeightInput): boolean {
  const sameRun = ownerOf(found)?.runId === runId;
  const written = sequenceOf(found);
  const isRaise = weight > (found.spec.weight ?? 0);
  const order = orderOn(found);
  if (order !== undefined && isRaise) {
    throw ordered(order);
  }
  if (weight > 0 && (sameRun ? written > sequence : isRaise)) {
    const by = sameRun ? `write ${written} of this run, and this is write ${sequence}` : 'another run';
    const message = `the weight of Mapping ${found.metadata.name} was set by ${by}: it is not raised`;
    throw cannotProceed({ reason: 'WeightSuperseded', message });
  }
  return sameRun && written === sequence && found.spec.weight === weight;
}

/** Nothing to take traffic from is as good as weight 0; a raise needs its Mapping. */
function gone(input: SetCanaryWeightInput, canary: CanaryMapping): CanaryMapping {
  if (input.weight === 0) {
    return canary;
  }
  const message = `the canary Mapping ${canary.name} was deleted or taken over by somebody else`;
  throw cannotProceed({ reason: CANARY_MAPPING_GONE, message });
}

function versionOf({ metadata: { resourceVersion } }: MappingObject): { resourceVersion?: string } {
  return resourceVersion === undefined ? {} : { resourceVersion };
}

/** The API server keeps the time of our last write in whole seconds, cut: the end of that second is never too early. */
function writtenAt({ metadata: { managedFields = [] } }: MappingObject): { writtenAtMs?: number } {
  const ours = managedFields.find(
    ({ manager, operation, subresource }) =>
      manager === WORKER_FIELD_MANAGER && operation === 'Update' && subresource === undefined,
  );
  const secondMs = Date.parse(ours?.time ?? '');
  return Number.isNaN(secondMs) ? {} : { writtenAtMs: secondMs + 1_000 };
}
