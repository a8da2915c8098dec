/** What a run knows of one revision: its ReplicaSet, compact enough for the history. Counts are pods. */
export interface Revision {
  /** Label `rollouts-pod-template-hash` of its pods. */
  readonly hash: string;
  /** Name of its ReplicaSet. */
  readonly name: string;
  /** Annotation `rollout.argoproj.io/revision`; 0 when it has none. */
  readonly number: number;
  readonly createdAtMs: number;
  /** `spec.replicas`. */
  readonly replicas: number;
  /** `status.replicas`, those that are going away not counted. */
  readonly pods: number;
  readonly ready: number;
  readonly available: number;
  /** Of the ReplicaSet, to tell newer news from older. */
  readonly resourceVersion: string;
  /** What its role put on it, as canonical JSON; absent: nothing. */
  readonly roleMetadata?: string;
  /** Annotation `scale-down-deadline`: it keeps its pods until then. Epoch milliseconds. */
  readonly scaleDownAtMs?: number;
}

/** The pods of a Rollout and where its Services point: the part of an observation that a workload adds. */
export interface Workload {
  /** Of every ReplicaSet that the Rollout controls; the wanted one may be missing. */
  readonly revisions: readonly Revision[];
  /** Hash that each Service's selector names; absent: it names none yet. */
  readonly services: ServiceRevisions;
  /** `spec.selector` as text, for the scale subresource. */
  readonly selector: string;
  /** The Deployment that `workloadRef` names. */
  readonly referenced?: { readonly generation: number; readonly replicas: number };
}

/** Revision, by hash, that each Service selects. */
export interface ServiceRevisions {
  readonly stable?: string;
  readonly canary?: string;
}

export function revisionWith(workload: Workload | undefined, hash: string): Revision | undefined {
  return workload?.revisions.find((revision) => revision.hash === hash);
}

/**
 * The same revisions with what was heard since, new ones added: of each ReplicaSet the newer news counts. resourceVersions of
 * one kind are numbers that grow (Kubernetes promises it since 1.35; with etcd it was always so).
 */
export function withNews(known: readonly Revision[], news: readonly Revision[]): readonly Revision[] {
  const updated = newest(known, news);
  const added = news.filter(({ name }) => known.every((one) => one.name !== name));
  return added.length === 0 ? updated : [...updated, ...added];
}

/** Like {@link withNews}, but what is not known any more stays forgotten. */
export function newest(known: readonly Revision[], news: readonly Revision[]): readonly Revision[] {
  const merged = known.map((revision) => {
    const heard = news.find(({ name }) => name === revision.name);
    return heard !== undefined && isNewer(heard.resourceVersion, revision.resourceVersion) ? heard : revision;
  });
  return merged.every((revision, index) => revision === known[index]) ? known : merged;
}

function isNewer(a: string, b: string): boolean {
  return a.length === b.length ? a > b : a.length > b.length;
}

/**
 * Whether going to a revision is a rollback that `rollbackWindow` lets skip the steps: it is older than the stable one, and
 * fewer than so many revisions were created in between (facts/rollout.md 1a).
 */
export function isWithinRollbackWindow(
  revisions: readonly Revision[],
  { stable, canary }: { readonly stable: string; readonly canary: string },
  windowRevisions: number | undefined,
): boolean {
  const from = revisions.find(({ hash }) => hash === stable);
  const to = revisions.find(({ hash }) => hash === canary);
  if (windowRevisions === undefined || from === undefined || to === undefined || to.createdAtMs >= from.createdAtMs) {
    return false;
  }
  const between = revisions.filter(({ createdAtMs }) => createdAtMs > to.createdAtMs && createdAtMs < from.createdAtMs);
  return between.length < windowRevisions;
}
