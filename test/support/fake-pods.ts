import { ApplicationFailure } from '@temporalio/common';
import { FAILURES, type ScaleReplicaSetsInput, type ScaledReplicaSets } from '@weir/contract';
import {
  SUPERSEDED,
  canonical,
  type PodMetadata,
  type Problem,
  type Revision,
  type RevisionTarget,
  type Scaling,
  type ServiceRevisions,
} from '@weir/rollout';

/** ReplicaSets of one Rollout, named by their pod template hash, and what its Services select. */
export class FakePods {
  /** Pods are available as soon as they are asked for; a test that turns this off says when, by {@link follow}. */
  comeUpAtOnce = true;
  /** The ReplicaSet controller does nothing. */
  isStuck = false;
  private readonly sets = new Map<string, Revision>();
  private selected: ServiceRevisions = {};
  private version = 0;

  constructor(private wantedHash: string) {}

  get wanted(): string {
    return this.wantedHash;
  }

  get services(): ServiceRevisions {
    return this.selected;
  }

  get revisions(): readonly Revision[] {
    return [...this.sets.values()];
  }

  want(hash: string): void {
    this.wantedHash = hash;
  }

  point(services: ServiceRevisions): void {
    this.selected = { ...this.selected, ...services };
  }

  forget(hash: string): void {
    this.sets.delete(hash);
  }

  label(hash: string, metadata: PodMetadata): void {
    const one = this.sets.get(hash);
    if (one !== undefined) {
      this.put({ ...one, roleMetadata: canonical(metadata) });
    }
  }

  /** As the activity does it: `spec` changes, `status` is what it was. */
  scale({
    targets,
    wanted,
    metadata,
  }: Pick<ScaleReplicaSetsInput, 'targets' | 'wanted' | 'metadata'>): ScaledReplicaSets {
    const done = targets
      .filter(({ podTemplateHash: hash }) => this.sets.has(hash) || hash === wanted)
      .map((target) => this.scaleOne(target, wanted, metadata));
    return {
      revisions: done.map(({ revision }) => revision),
      scalings: done.map(({ scaling }) => scaling).filter(({ from, to }) => from !== to),
    };
  }

  /**
   * What the ReplicaSet controller and the kubelets do next.
   *
   * @param comeUp - whether pods that are missing become available, too
   * @returns whether that changed anything
   */
  follow(comeUp = this.comeUpAtOnce): boolean {
    const before = this.version;
    for (const one of this.isStuck ? [] : this.revisions) {
      const available = comeUp ? one.replicas : Math.min(one.available, one.replicas);
      if (one.pods !== one.replicas || one.available !== available) {
        this.put({ ...one, pods: one.replicas, ready: available, available });
      }
    }
    return this.version !== before;
  }

  /** A revision has no available pod any more. */
  lose(hash: string): void {
    const one = this.sets.get(hash);
    if (one !== undefined) {
      this.put({ ...one, ready: 0, available: 0 });
    }
  }

  private scaleOne(
    { podTemplateHash: hash, replicas, scaleDownAtMs }: RevisionTarget,
    wanted: string,
    metadata: PodMetadata | undefined,
  ): { revision: Revision; scaling: Scaling } {
    const before = this.sets.get(hash);
    if (before === undefined && hash !== this.wantedHash) {
      throw finalFailure({ reason: SUPERSEDED, message: `revision ${hash} is no longer wanted` });
    }
    const newest = Math.max(0, ...this.revisions.map(({ number }) => number));
    const { scaleDownAtMs: deadline, ...known } = before ?? newRevision(hash, newest + 1, metadata);
    // A revision that is wanted again becomes the newest.
    const number = hash === wanted && known.number < newest ? newest + 1 : known.number;
    const kept = scaleDownAtMs === undefined ? deadline : scaleDownAtMs;
    const revision = this.put({ ...known, number, replicas, ...(typeof kept === 'number' && { scaleDownAtMs: kept }) });
    const from = before?.replicas;
    return { revision, scaling: { name: hash, number, ...(from !== undefined && { from }), to: replicas } };
  }

  private put(revision: Revision): Revision {
    const now = { ...revision, resourceVersion: String(++this.version) };
    this.sets.set(now.hash, now);
    return now;
  }
}

function newRevision(hash: string, number: number, metadata: PodMetadata | undefined): Revision {
  const none = { replicas: 0, pods: 0, ready: 0, available: 0 };
  const role = metadata && { roleMetadata: canonical(metadata) };
  return { ...none, hash, name: hash, number, createdAtMs: number, resourceVersion: '', ...role };
}

/** What an activity throws when retrying cannot help. */
export function finalFailure(problem: Problem): ApplicationFailure {
  return ApplicationFailure.create({
    type: FAILURES.cannotProceed,
    message: problem.message,
    nonRetryable: true,
    details: [problem],
  });
}
