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

export type Step = SetWeightStep | PauseStep;

/** What one rollout is asked to do. JSON-safe: it travels through the workflow history. */
export interface RolloutSpec {
  readonly stableService: string;
  readonly canaryService: string;
  /** Names of the stable Mappings, in the Rollout's namespace. Empty: stored all the same, its run aborts. */
  readonly mappings: readonly string[];
  readonly steps: readonly Step[];
}

/** Which Rollout, in which cluster. */
export interface RolloutRef {
  /** A configured name, else the uid of the kube-system namespace. */
  readonly cluster: string;
  readonly namespace: string;
  readonly name: string;
}

/** Who gave a command and why. `claimed` actors were not authenticated. */
export interface Attribution {
  readonly actor: string;
  readonly reason?: string;
}
