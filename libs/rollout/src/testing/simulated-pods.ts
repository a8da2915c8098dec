import type { RevisionTarget, Scaling } from '../replicas.ts';
import type { Revision } from '../workload.ts';

interface SimulatedReplicaSet {
  readonly hash: string;
  number: number;
  readonly createdAtMs: number;
  replicas: number;
  /** Those that there are; the ReplicaSet controller comes after the write. */
  pods: number;
  available: number;
  scaleDownAtMs?: number | undefined;
}

/** The ReplicaSets of one Rollout, by revision. */
export class SimulatedPods {
  private readonly replicaSets = new Map<string, SimulatedReplicaSet>();
  private version = 1;

  hashes(): string[] {
    return [...this.replicaSets.keys()];
  }

  has(hash: string): boolean {
    return this.replicaSets.has(hash);
  }

  replicasOf(hash: string): number {
    return this.replicaSets.get(hash)?.replicas ?? 0;
  }

  availableOf(hash: string | undefined): number {
    return this.replicaSets.get(hash ?? '')?.available ?? 0;
  }

  /** So many pods of a revision are available, of those that it is to have. */
  setAvailable(hash: string, available: number): void {
    const one = this.replicaSets.get(hash);
    if (one !== undefined) {
      one.pods = one.replicas;
      one.available = available;
      this.version++;
    }
  }

  /** Makes the ReplicaSet of a revision, which there must be none of. */
  create(hash: string, nowMs: number): void {
    const number = this.newestNumber() + 1;
    this.replicaSets.set(hash, { hash, number, createdAtMs: nowMs + number, replicas: 0, pods: 0, available: 0 });
  }

  /** @param wanted - the revision that is to be the newest by number */
  scale({ podTemplateHash: hash, replicas, scaleDownAtMs }: RevisionTarget, wanted: string): Scaling {
    const found = this.replicaSets.get(hash);
    if (found === undefined) {
      throw new Error(`there is no ReplicaSet of revision ${hash}`);
    }
    const newest = this.newestNumber();
    found.number = hash === wanted && found.number < newest ? newest + 1 : found.number;
    const scaling = { name: `app-${hash}`, number: found.number, from: found.replicas, to: replicas };
    found.replicas = replicas;
    found.pods = Math.min(found.pods, replicas);
    found.available = Math.min(found.available, replicas);
    found.scaleDownAtMs = scaleDownAtMs === undefined ? found.scaleDownAtMs : (scaleDownAtMs ?? undefined);
    this.version++;
    return scaling;
  }

  delete(names: readonly string[]): void {
    this.hashes()
      .filter((hash) => names.includes(`app-${hash}`))
      .forEach((hash) => this.replicaSets.delete(hash));
  }

  revisions(): Revision[] {
    return [...this.replicaSets.values()].map(({ available, scaleDownAtMs, ...one }) => ({
      ...one,
      name: `app-${one.hash}`,
      ready: available,
      available,
      resourceVersion: String(this.version),
      ...(scaleDownAtMs !== undefined && { scaleDownAtMs }),
    }));
  }

  private newestNumber(): number {
    return Math.max(0, ...[...this.replicaSets.values()].map(({ number }) => number));
  }
}
