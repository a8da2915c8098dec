import { DEFAULT_REPLICAS } from '@weir/rollout';
import {
  hasPods,
  type NotedRevision,
  type ReadStatus,
  type RolloutObject,
  type RunNote,
} from '../cluster/rollout-object.ts';
import type { RevisionView, RolloutSummary } from './rollout.schemas.ts';

/** Pods of a Rollout, from its status; null for traffic only. Pure. */
export function replicasOf(object: RolloutObject, status: ReadStatus): RolloutSummary['replicas'] {
  if (!hasPods(object)) {
    return null;
  }
  const { replicas } = object.spec as { readonly replicas?: unknown };
  return {
    desired: typeof replicas === 'number' ? replicas : DEFAULT_REPLICAS,
    updated: status.updatedReplicas ?? 0,
    ready: status.readyReplicas ?? 0,
    available: status.availableReplicas ?? 0,
  };
}

/** The revisions of a Rollout as its last run noted them, newest first; null for traffic only. Pure. */
export function revisionsOf(
  object: RolloutObject,
  status: ReadStatus,
  { revisions = [] }: Partial<RunNote>,
): RolloutSummary['revisions'] {
  return hasPods(object)
    ? [...revisions].sort((a, b) => b.number - a.number).map((revision) => toView(revision, status))
    : null;
}

function toView({ hash, number, replicas, pods, ready, available, scaleDownAtMs }: NotedRevision, status: ReadStatus) {
  return {
    podTemplateHash: hash,
    number,
    role: roleOf(hash, status),
    replicas,
    pods,
    ready,
    available,
    ...(scaleDownAtMs !== undefined && { scaleDownAt: new Date(scaleDownAtMs).toISOString() }),
  };
}

function roleOf(hash: string, { stableRS, currentPodHash }: ReadStatus): RevisionView['role'] {
  if (hash === stableRS) {
    return 'stable';
  }
  return hash === currentPodHash ? 'canary' : 'old';
}
