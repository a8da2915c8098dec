import type { CanaryRolloutActivities, ReportStatusInput, RolloutEvent } from '@weir/contract';
import { EVENTS, isKubernetesError, type KubernetesClient, type KubernetesObject } from '@weir/kubernetes';
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
import { orAbsent, rolloutAt } from './objects.ts';

/** A merge patch takes off only what it names. */
const OPTIONAL: readonly (keyof RolloutStatus)[] = [
  'abort',
  'abortedAt',
  'canary',
  'controllerPause',
  'pauseConditions',
  'promoteFull',
];

/** Status, annotation and Events of a Rollout, for people and tools; never on the way of a weight. */
export function reportStatus({ kubernetes }: ActivityDependencies): CanaryRolloutActivities['reportStatus'] {
  return (input) =>
    translated('step', () =>
      alive(async (signal) => {
        await Promise.all([
          orGone(writeStatus(kubernetes, input, signal)),
          orGone(writeAnnotation(kubernetes, input, signal)),
          ...input.events.map((event) => writeEvent(kubernetes, input, event, signal)),
        ]);
      }),
    );
}

function writeStatus(
  kubernetes: KubernetesClient,
  { rollout, uid, status }: ReportStatusInput,
  signal: AbortSignal,
): Promise<unknown> {
  const cleared = Object.fromEntries(OPTIONAL.map((field) => [field, null]));
  return kubernetes.mergePatch(
    { ...rolloutAt(rollout), subresource: 'status' },
    { metadata: { uid }, status: { ...cleared, ...status } },
    { fieldManager: WORKER_FIELD_MANAGER, signal },
  );
}

function writeAnnotation(
  kubernetes: KubernetesClient,
  { rollout, uid, summary, workflowId, runId }: ReportStatusInput,
  signal: AbortSignal,
): Promise<unknown> {
  const value = JSON.stringify({ workflowId, runId, ...summary });
  return kubernetes.mergePatch(
    rolloutAt(rollout),
    { metadata: { uid, annotations: { [RUN_ANNOTATION]: value } } },
    { fieldManager: WORKER_FIELD_MANAGER, signal },
  );
}

/** A Rollout that is gone, or replaced by another of its name (409 by uid), has no status of ours. */
async function orGone(write: Promise<unknown>): Promise<void> {
  try {
    await orAbsent(write);
  } catch (error) {
    if (!isKubernetesError(error, 'conflict')) {
      throw error;
    }
  }
}

async function writeEvent(
  kubernetes: KubernetesClient,
  { rollout: { namespace, name }, uid, runId }: ReportStatusInput,
  { id, atMs, type, reason, message }: RolloutEvent,
  signal: AbortSignal,
): Promise<void> {
  const at = timestamp(atMs);
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
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
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
