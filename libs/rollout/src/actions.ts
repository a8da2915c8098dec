import type { RevisionTarget } from './replicas.ts';
import type { CanaryMapping } from './run.ts';
import type { PodMetadata } from './types.ts';
import type { ServiceRevisions } from './workload.ts';

/** Something to do in the cluster, by the activity of that name. */
export type ActivityAction =
  | { readonly kind: 'observeRollout' }
  /** For those of the spec that the run has none for. */
  | { readonly kind: 'ensureCanaryMappings' }
  | { readonly kind: 'setCanaryWeight'; readonly weight: number }
  /** Those of Mappings that are no longer listed. */
  | { readonly kind: 'dropCanaryMappings'; readonly canaryMappings: readonly CanaryMapping[] }
  /** Puts right what somebody else did to the stable and the canary Mappings. */
  | { readonly kind: 'repairCanaryMappings' }
  /** Those that an Argo controller left: weight 0, then deleted. */
  | { readonly kind: 'adoptCanaryMappings'; readonly names: readonly string[] }
  /** Asks the gateway until it serves the weight, or until `untilMs`. */
  | { readonly kind: 'awaitServedWeight'; readonly weight: number; readonly untilMs: number }
  | { readonly kind: 'switchStableService' }
  | { readonly kind: 'awaitStableEndpoints' }
  | { readonly kind: 'awaitCanaryEndpoints' }
  | { readonly kind: 'removeCanaryMappings' }
  | { readonly kind: 'releaseRollout' }
  | { readonly kind: 'scaleReplicaSets'; readonly targets: readonly RevisionTarget[] }
  | { readonly kind: 'pointServices'; readonly services: ServiceRevisions }
  | { readonly kind: 'restartPods'; readonly beforeMs: number; readonly atMost: number }
  | { readonly kind: 'trimRevisions'; readonly names: readonly string[] }
  | { readonly kind: 'scaleReferenced'; readonly name: string; readonly replicas: number }
  | { readonly kind: 'labelPods'; readonly revisions: readonly LabelledRevision[] };

export interface LabelledRevision {
  readonly podTemplateHash: string;
  /** Of its role; empty: none. */
  readonly metadata: PodMetadata;
}

/** What the workflow does next. It interprets; every decision is made here. */
export type Action =
  | ActivityAction
  /** Until `untilMs` or a message; without `untilMs` for a message alone. */
  | { readonly kind: 'wait'; readonly untilMs?: number; readonly why: string }
  /** The step is over: nothing to do in the cluster. */
  | { readonly kind: 'finishStep' }
  | { readonly kind: 'startPromotion' }
  /** `progressDeadlineSeconds` are over. */
  | { readonly kind: 'progressDeadline' }
  | { readonly kind: 'close' };
