import { Inject, Injectable } from '@nestjs/common';
import {
  hashOf,
  readPodSource,
  replicaSetsOf,
  revisionOfTemplate,
  toRevision,
  type PodSource,
  type ReplicaSetObject,
} from '@weir/activities';
import type { KubernetesClient } from '@weir/kubernetes';
import type { WorkloadSpec } from '@weir/rollout';
import { KUBERNETES } from '../app/dependencies.ts';
import type { RolloutObject } from './rollout-object.ts';
import { TemplateCheck } from './template-check.ts';

/** A revision of a Rollout that its ReplicaSet still tells of. */
export interface PastRevision {
  readonly number: number;
  readonly podTemplateHash: string;
  readonly replicaSet: ReplicaSetObject;
}

/** The revisions of a Rollout, and where their pods come from. */
export interface KnownPods {
  readonly replicaSets: readonly ReplicaSetObject[];
  /** Absent while what `workloadRef` names does not exist. */
  readonly wanted?: { readonly source: PodSource; readonly podTemplateHash: string };
}

/** The history of a Rollout's pods: its ReplicaSets. */
@Injectable()
export class RevisionHistory {
  constructor(
    @Inject(KUBERNETES) private readonly kubernetes: KubernetesClient,
    private readonly templates: TemplateCheck,
  ) {}

  /** Newest first. Without those that carry no number, which no revision of ours is without. */
  async of(rollout: RolloutObject, signal: AbortSignal): Promise<PastRevision[]> {
    return (await this.replicaSets(rollout, signal))
      .map((replicaSet) => ({
        number: toRevision(replicaSet).number,
        podTemplateHash: hashOf(replicaSet),
        replicaSet,
      }))
      .filter(({ number }) => number > 0)
      .sort((a, b) => b.number - a.number);
  }

  /** What a run would find when it looks. */
  async pods(rollout: RolloutObject, { ref }: WorkloadSpec, signal: AbortSignal): Promise<KnownPods> {
    // As the API server answers a dry run; the activities know their status a little better.
    const object = { metadata: rollout.metadata, spec: rollout.spec };
    const [source, replicaSets] = await Promise.all([
      readPodSource(this.kubernetes, object, ref, { signal }),
      this.replicaSets(rollout, signal),
    ]);
    if (source === undefined) {
      return { replicaSets };
    }
    const { template } = source;
    const podTemplateHash = await revisionOfTemplate(template, replicaSets, () =>
      this.templates.defaulted(rollout.metadata.namespace ?? '', template, signal),
    );
    return { replicaSets, wanted: { source, podTemplateHash } };
  }

  private replicaSets({ metadata }: RolloutObject, signal: AbortSignal): Promise<ReplicaSetObject[]> {
    return replicaSetsOf(this.kubernetes, metadata.namespace ?? '', metadata.uid ?? '', { signal });
  }
}
