import { readRoleMetadata } from '@weir/activities';
import type { KubernetesObject } from '@weir/kubernetes';
import { writtenTemplate, type PodTemplate } from '@weir/rollout/manifest';
import { isDeepStrictEqual } from 'node:util';
import type { PastRevision } from '../cluster/revision-history.ts';
import { readStatus, type RolloutObject } from '../cluster/rollout-object.ts';
import { Problem } from '../http/problem.ts';

/**
 * The revision whose pod template an undo takes.
 *
 * @param history - newest first
 * @param toRevision - its number; absent: the one before the newest
 * @throws Problem that names those that there are
 */
export function wantedRevision(history: readonly PastRevision[], toRevision: number | undefined): PastRevision {
  const wanted = toRevision === undefined ? history[1] : history.find(({ number }) => number === toRevision);
  if (wanted !== undefined) {
    return wanted;
  }
  const revisions = history.map(({ number }) => number);
  const there = revisions.length === 0 ? 'it has none yet' : `it has ${revisions.join(', ')}`;
  const detail =
    toRevision === undefined
      ? `there is no revision before the newest one in the history: ${there}`
      : `there is no revision ${toRevision} in the history: ${there}`;
  throw new Problem('commandRefused', detail, { members: { code: 'RevisionNotFound', revisions } });
}

/** The pod template of a revision as a user wrote it: without what was added to make its ReplicaSet. */
export function templateToRestore({ replicaSet }: PastRevision): PodTemplate {
  return writtenTemplate(replicaSet.spec.template, readRoleMetadata(replicaSet));
}

/**
 * Whether an undo would change nothing. The template of a ReplicaSet has the API server's defaults, and what a user wrote has
 * not; so the newest run's word for what is wanted counts too, if nothing was changed since.
 */
export function isWanted(revision: PastRevision, restored: unknown, { rollout, owner }: TemplateOwner): boolean {
  const { template } = (owner.spec ?? {}) as { readonly template?: unknown };
  return isDeepStrictEqual(restored, template) || wantedByRun(rollout, owner) === revision.podTemplateHash;
}

/** A Rollout, and the object that has its pod template: itself, or what `workloadRef` names. */
export interface TemplateOwner {
  readonly rollout: RolloutObject;
  readonly owner: KubernetesObject & { readonly spec?: unknown };
}

/** undefined: the template may have been changed since the run looked. */
function wantedByRun(rollout: RolloutObject, { metadata }: TemplateOwner['owner']): string | undefined {
  const { observedGeneration, workloadObservedGeneration, currentPodHash } = readStatus(rollout);
  const seen = metadata.uid === rollout.metadata.uid ? observedGeneration : workloadObservedGeneration;
  return seen !== undefined && seen >= (metadata.generation ?? 0) ? currentPodHash : undefined;
}
