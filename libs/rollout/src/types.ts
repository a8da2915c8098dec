/**
 * The parts of an `argoproj.io/v1alpha1` Rollout that Weir acts on, after validation by `@weir/rollout/manifest`.
 * Field names and meanings are Argo Rollouts'.
 */

/** A pause: with a deadline, or until somebody promotes. */
export interface PauseStep {
  readonly kind: 'pause';
  /** Absent: until promoted. */
  readonly durationMs?: number;
}

/** Percent of the traffic that the canary Mappings take, an integer from 0 to 100. */
export interface SetWeightStep {
  readonly kind: 'setWeight';
  readonly weight: number;
}

/**
 * Sizes the canary apart from its weight, exactly one of the three; it holds until the next one. `matchTrafficWeight` goes
 * back to following the weight.
 */
export interface SetCanaryScaleStep {
  readonly kind: 'setCanaryScale';
  /** Pods. */
  readonly replicas?: number;
  /** Percent of `spec.replicas`. */
  readonly weight?: number;
  readonly matchTrafficWeight?: true;
}

export type Step = SetWeightStep | PauseStep | SetCanaryScaleStep;

/** What one rollout is asked to do. JSON-safe: it travels through the workflow history. */
export interface RolloutSpec {
  readonly stableService: string;
  readonly canaryService: string;
  /** Names of the stable Mappings, in the Rollout's namespace. Empty: stored all the same, its run aborts. */
  readonly mappings: readonly string[];
  readonly steps: readonly Step[];
  /** `spec.paused`: the manifest holds the steps. */
  readonly paused?: true;
  /** Absent: traffic only, the pods are somebody else's. */
  readonly workload?: WorkloadSpec;
  /** From an annotation, as the next two; absent: `repair`. */
  readonly driftPolicy?: 'pause' | 'abort';
  /** How long the gateway has to serve a weight; absent: {@link DEFAULT_SERVED_DEADLINE_SECONDS}. */
  readonly servedDeadlineSeconds?: number;
  /** Canary Mappings of an Argo controller are taken over. */
  readonly adopt?: true;
}

/** A gateway takes a second, and minutes when it is short of memory (facts/mapping.md 4): then somebody should look. */
export const DEFAULT_SERVED_DEADLINE_SECONDS = 30;

/** Kinds that `spec.workloadRef` may name. */
export interface WorkloadRef {
  readonly apiVersion: string;
  readonly kind: 'Deployment' | 'ReplicaSet' | 'PodTemplate';
  readonly name: string;
  /** What becomes of a Deployment's own pods while the first revision is deployed. */
  readonly scaleDown: 'never' | 'onsuccess' | 'progressively';
}

/** Labels and annotations that follow the role of a revision. */
export interface PodMetadata {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Keeps pods of the new revision off the nodes of the old one. */
export type AntiAffinity = { readonly kind: 'required' } | { readonly kind: 'preferred'; readonly weight: number };

/** A count of pods, or a percentage of `spec.replicas`. */
export type Amount = { readonly pods: number } | { readonly percent: number };

/**
 * The pods that Weir runs, from `spec.template` or `spec.workloadRef`. The template itself is not here: it may be large, and
 * the histories know it by its hash. Defaults are filled in (facts/rollout.md 1).
 */
export interface WorkloadSpec {
  /** Pods wanted; default 1. */
  readonly replicas: number;
  /** Absent: `spec.template`. */
  readonly ref?: WorkloadRef;
  /** Default 600. */
  readonly progressDeadlineSeconds: number;
  readonly progressDeadlineAbort: boolean;
  /** Old ReplicaSets kept at 0 pods; default 10. */
  readonly revisionHistoryLimit: number;
  /** Pods older than this are to be replaced. Epoch milliseconds. */
  readonly restartAtMs?: number;
  /** An update to a revision that is fewer than this many revisions old skips the steps. */
  readonly rollbackWindowRevisions?: number;
  /** Floor of a revision that has pods at all; default 1. */
  readonly minPodsPerReplicaSet: number;
  /** How much of a step's pods must be available; absent: all. */
  readonly replicaProgressThreshold?: Amount;
  readonly dynamicStableScale: boolean;
  /** The old stable revision keeps its pods for this long after a promotion; default 30. */
  readonly scaleDownDelaySeconds: number;
  /** Old revisions that may wait out that delay at once; absent: any number. */
  readonly scaleDownDelayRevisionLimit?: number;
  /**
   * The canary keeps its pods for this long after an abort; 0: for ever; default 30, and with dynamicStableScale, unless it is
   * set, no longer than the gateway needs.
   */
  readonly abortScaleDownDelaySeconds?: number;
  /** How many pods a restart may take away at once; default 25 %. */
  readonly maxUnavailable: Amount;
  readonly canaryMetadata?: PodMetadata;
  readonly stableMetadata?: PodMetadata;
  readonly antiAffinity?: AntiAffinity;
  /** From the annotation `weir.dev/gateway-settle-seconds`: pods outlive the last Mapping write by this long; default 5. */
  readonly gatewaySettleSeconds: number;
}

/** Which Rollout, in which cluster. */
export interface RolloutRef {
  /** A configured name, else the uid of the kube-system namespace. */
  readonly cluster: string;
  readonly namespace: string;
  readonly name: string;
}

/**
 * An abort that the API has written on the canary Mappings itself, with weight 0, before it told the run (design, traffic
 * rule 9). No write of a run raises a weight over it.
 */
export interface Order extends Attribution {
  /** RFC 3339. */
  readonly at: string;
  /** The same as the idempotency key of the command, so that a run that is told twice takes it once. */
  readonly key: string;
  /** On a Rollout: which generation it was for; what is wanted since is not meant. */
  readonly generation?: number;
}

/** Who gave a command and why. `claimed` actors were not authenticated. */
export interface Attribution {
  readonly actor: string;
  readonly reason?: string;
}
