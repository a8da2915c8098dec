import type { CanaryRolloutActivities, ReportStatusInput, RolloutEvent } from '@weir/contract';
import {
  EVENTS,
  KubernetesError,
  isKubernetesError,
  type KubernetesClient,
  type KubernetesObject,
} from '@weir/kubernetes';
import {
  ROLLOUT_API_VERSION,
  ROLLOUT_KIND,
  RUN_ANNOTATION,
  WORKER_FIELD_MANAGER,
  shortHash,
  timestamp,
  type RolloutStatus,
} from '@weir/rollout';
import { alive } from './alive.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { translated } from './failures.ts';
import { noteIn, orAbsent, rolloutAt, type RolloutObject } from './objects.ts';

/** A merge patch takes off only what it names. */
const OPTIONAL: readonly (keyof RolloutStatus)[] = [
  'abort',
  'abortedAt',
  'availableReplicas',
  'canary',
  'controllerPause',
  'HPAReplicas',
  'pauseConditions',
  'promoteFull',
  'readyReplicas',
  'replicas',
  'restartedAt',
  'selector',
  'updatedReplicas',
  'workloadObservedGeneration',
];

/** The run's own edits and a user's may come between read and write; more is left to the next attempt. */
const MAX_READS = 3;

/** Status, annotation and Events of a Rollout, for people and tools; never on the way of a weight. */
export function reportStatus(dependencies: ActivityDependencies): CanaryRolloutActivities['reportStatus'] {
  return (input) =>
    translated('step', () =>
      alive(async (signal) => {
        await Promise.all([
          writeStatus(dependencies, input, signal),
          writeEvents(dependencies.kubernetes, input, signal),
        ]);
      }),
    );
}

/**
 * Annotation first, then status, each with the resourceVersion that was seen: an attempt that was thought dead and lands late
 * finds a newer report in the annotation and leaves it. The watch's word is taken first, because it saves a request; where it is
 * behind, the write is refused, and the Rollout is read.
 */
async function writeStatus(
  { kubernetes, seen: cluster }: ActivityDependencies,
  input: ReportStatusInput,
  signal: AbortSignal,
): Promise<void> {
  const { rollout, uid, atMs, status, summary, workflowId, runId } = input;
  const at = rolloutAt(rollout);
  const options = { fieldManager: WORKER_FIELD_MANAGER, signal };
  const cleared = Object.fromEntries(OPTIONAL.map((field) => [field, null]));
  for (let reads = 0; reads <= MAX_READS; reads++) {
    const seen = reads === 0 ? cluster?.rollout(uid) : undefined;
    const found = seen ?? (await orAbsent(kubernetes.get<RolloutObject>(at, { signal })));
    if (found === undefined || found.metadata.uid !== uid || reportedAtMs(found) > atMs) {
      return; // Gone, replaced by another of its name, or told of something newer.
    }
    try {
      const annotations = { [RUN_ANNOTATION]: JSON.stringify({ workflowId, runId, atMs, ...summary }) };
      const { resourceVersion } = found.metadata;
      const noted = await kubernetes.mergePatch(at, { metadata: { resourceVersion, annotations } }, options);
      const metadata = { resourceVersion: noted.metadata.resourceVersion };
      await kubernetes.mergePatch(
        { ...at, subresource: 'status' },
        { metadata, status: { ...cleared, ...status } },
        options,
      );
      return;
    } catch (error) {
      if (!isKubernetesError(error, 'conflict') && !isKubernetesError(error, 'notFound')) {
        throw error;
      }
    }
  }
  throw new KubernetesError('conflict', `Rollout ${rollout.name} is being changed by others all the time`);
}

/** 0 when nothing was, or the note is somebody else's text: the next report replaces it. */
function reportedAtMs(rollout: RolloutObject): number {
  const { atMs } = noteIn(rollout, RUN_ANNOTATION) as { readonly atMs?: unknown };
  return typeof atMs === 'number' ? atMs : 0;
}

/** One after the other: their order is part of what they tell. */
async function writeEvents(kubernetes: KubernetesClient, input: ReportStatusInput, signal: AbortSignal): Promise<void> {
  for (const event of input.events) {
    await writeEvent(kubernetes, input, event, signal);
  }
}

async function writeEvent(
  kubernetes: KubernetesClient,
  { rollout: { namespace, name }, uid, runId }: ReportStatusInput,
  { id, atMs, firstAtMs = atMs, count = 1, type, reason, message }: RolloutEvent,
  signal: AbortSignal,
): Promise<void> {
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${name.slice(0, 200)}.${shortHash(id)}`, namespace },
    involvedObject: { apiVersion: ROLLOUT_API_VERSION, kind: ROLLOUT_KIND, namespace, name, uid },
    type,
    reason,
    message,
    source: { component: WORKER_FIELD_MANAGER },
    reportingComponent: WORKER_FIELD_MANAGER,
    reportingInstance: runId,
    action: reason,
    firstTimestamp: timestamp(firstAtMs),
    lastTimestamp: timestamp(atMs),
    count,
  };
  try {
    await kubernetes.create<KubernetesObject>({ resource: EVENTS, namespace }, event, {
      fieldManager: WORKER_FIELD_MANAGER,
      signal,
    });
  } catch (error) {
    // An earlier attempt of the same report wrote it.
    if (!isKubernetesError(error, 'conflict')) {
      throw error;
    }
  }
}
