import { ownedBy, toRevision, type ReplicaSetObject, type RolloutObject } from '@weir/activities';
import type { Change } from '@weir/kubernetes';
import { RUN_ANNOTATION, type Revision } from '@weir/rollout';

/** What a run was told of the pods of one ReplicaSet: the counts that it decides by. */
type Counts = Pick<Revision, 'replicas' | 'pods' | 'ready' | 'available'>;

interface SeenReplicaSet {
  readonly object: ReplicaSetObject;
  readonly revision: Revision;
}

export interface PodsTold {
  readonly revisions: readonly Revision[];
  /** Pods came into service or went: a run may wait for that. All else is for the status. */
  readonly isUrgent: boolean;
}

/**
 * The ReplicaSets of Weir's Rollouts as the watch sees them, and which of it is news to a run: what differs from what it was
 * told, and before that from what it has reported. Pure bookkeeping; most changes are what a run asked for itself.
 */
export class PodNews {
  private readonly seen = new Map<string, Map<string, SeenReplicaSet>>();
  private readonly told = new Map<string, Map<string, Counts>>();

  /** @returns uid of the Rollout whose pods changed; undefined when it is nobody's */
  changed({ type, object }: Change<ReplicaSetObject>): string | undefined {
    const uid = ownedBy(object);
    if (uid === undefined) {
      return undefined;
    }
    const revisions = this.seen.get(uid) ?? new Map<string, SeenReplicaSet>();
    this.seen.set(uid, revisions);
    if (type === 'DELETED') {
      revisions.delete(object.metadata.name);
      if (revisions.size === 0) {
        this.seen.delete(uid);
      }
    } else {
      revisions.set(object.metadata.name, { object, revision: toRevision(object) });
    }
    return uid;
  }

  /** Everything known of a Rollout's pods, when something of it is news; undefined otherwise. What is returned counts as told. */
  take(rollout: RolloutObject): PodsTold | undefined {
    const { uid = '' } = rollout.metadata;
    const revisions = [...(this.seen.get(uid)?.values() ?? [])].map(({ revision }) => revision);
    const told = this.told.get(uid) ?? reportedBy(rollout);
    const news = revisions.filter((revision) => isNews(told.get(revision.name), revision));
    if (news.length === 0) {
      return undefined;
    }
    this.told.set(uid, new Map(revisions.map((revision) => [revision.name, revision])));
    return { revisions, isUrgent: news.some((revision) => isUrgent(told.get(revision.name), revision)) };
  }

  /** The ReplicaSets of a Rollout. */
  of(rolloutUid: string): ReplicaSetObject[] {
    return [...(this.seen.get(rolloutUid)?.values() ?? [])].map(({ object }) => object);
  }

  forget(rolloutUid: string): void {
    this.seen.delete(rolloutUid);
    this.told.delete(rolloutUid);
  }
}

/** One without pods is history; the run that makes one need not be told. */
function isNews(before: Counts | undefined, { replicas, pods, ready, available }: Revision): boolean {
  return before === undefined
    ? replicas > 0 || pods > 0
    : [before.replicas, before.pods, before.ready, before.available].join() !==
        [replicas, pods, ready, available].join();
}

function isUrgent(before: Counts | undefined, { pods, available }: Revision): boolean {
  return available !== (before?.available ?? 0) || pods < (before?.pods ?? 0);
}

/** What the last run said that it knew. */
function reportedBy({ metadata }: RolloutObject): Map<string, Counts> {
  try {
    const { revisions = [] } = JSON.parse(metadata.annotations?.[RUN_ANNOTATION] ?? '{}') as { revisions?: Revision[] };
    return new Map(revisions.map((revision) => [revision.name, revision]));
  } catch {
    return new Map(); // Somebody else's text: then everything is news.
  }
}
