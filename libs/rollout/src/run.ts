import type { Attribution, Order, RolloutSpec } from './types.ts';
import type { Revision, Workload } from './workload.ts';

/**
 * What a run ended with.
 * - `promoted`: the stable Service selects the new revision
 * - `fastPromoted`: the same, and a person skipped what was left of the steps
 * - `aborted`: traffic is back on stable; `reason` says why
 * - `superseded`: something newer was wanted while this was under way
 * - `rolledBack`: an older revision was wanted and has the traffic, without steps
 * - `deleted`: the Rollout was deleted
 * - `nothingToDo`: what is wanted was there already; its pods may have been scaled or restarted
 */
export type Outcome = 'promoted' | 'fastPromoted' | 'aborted' | 'superseded' | 'rolledBack' | 'deleted' | 'nothingToDo';

/**
 * Where a run stands. `deploying` is the first deploy, which has nothing to shift traffic from. `promoting` goes through its
 * {@link PromotionStage}s, `retreating` takes the weight to 0 and the canary Mappings away, `releasing` the finalizer.
 * `settling`: traffic is where it belongs, and the pods follow. `closing` has nothing left to do in the cluster.
 */
export type Stage =
  | 'observing'
  | 'creating'
  | 'deploying'
  | 'stepping'
  | 'promoting'
  | 'retreating'
  | 'releasing'
  | 'settling'
  | 'closing';

/**
 * `pods`: the new revision is brought to full size and given all traffic, for as long as it is available; traffic only has
 * `weight` and `service` instead. `service`: the stable Service is being given the new selector.
 * `endpoints`: it has it, and there is no way back but another run.
 */
export type PromotionStage = 'pods' | 'weight' | 'service' | 'endpoints' | 'cleanup';

/** Why a run is ending, fixed before the first thing is undone. */
export interface Ending {
  readonly outcome: Outcome;
  /** Stable, in CamelCase, for machines: the reason of the Kubernetes Event and of the condition. */
  readonly reason: string;
  readonly message: string;
  readonly by?: Attribution;
  /** It was aborted before, and stays so: nothing new to tell. */
  readonly standing?: true;
}

/** One canary Mapping of the run. */
export interface CanaryMapping {
  readonly stableName: string;
  readonly name: string;
  /** Of the last write by this run; a write that carries an older one is refused by the API server. */
  readonly resourceVersion?: string;
  /** What was written on it, percent; absent: not known yet. */
  readonly weight?: number;
  /** It sends its share to the stable Service until it is deleted: another weight would only take requests from somebody. */
  readonly isDiverted?: true;
}

/** Something that somebody else did to the Mappings of a run, and that was put right. */
export interface Repair {
  /** Name of the canary Mapping, or for `stableGone` and `stableBack` of the stable one. */
  readonly mapping: string;
  /**
   * - `stableEdited`: the stable Mapping's change was carried over to the canary
   * - `canaryEdited`, `canaryDeleted`: the canary Mapping was put back
   * - `stableGone`: the canary Mapping sends its traffic to the stable Service until the stable Mapping is back
   */
  readonly what: 'stableEdited' | 'canaryEdited' | 'canaryDeleted' | 'stableGone' | 'stableBack';
  /** Paths of what differed, such as `spec.weight`. */
  readonly fields: readonly string[];
  /** Field manager of the change, as the API server knows it. */
  readonly manager?: string;
}

/** What the gateway's instances say of a weight. */
export interface ServedReport {
  /** `unknown`: no instance says otherwise, and one or more could not be asked. */
  readonly state: 'served' | 'notServed' | 'unknown';
  /** Percent, of the instance that is furthest from the weight; absent: none answered. */
  readonly weight?: number;
  /** Which instance serves what, where it is not the weight; empty when all do. */
  readonly message: string;
}

/** What happened to one step, for people. */
export interface StepRecord {
  readonly startedAtMs?: number;
  readonly endedAtMs?: number;
  /** Who ended it, when it was not its own end. */
  readonly by?: Attribution;
}

/** What the cluster was told to want, by generation of one object (uid). */
export interface Wanted {
  readonly uid: string;
  readonly generation: number;
}

/** Why the Rollout cannot be tried as it is, found before anything is created (design, traffic rule 5). */
export interface Problem {
  readonly reason: string;
  readonly message: string;
  /** Who is behind it: an abort that was found on a Mapping. */
  readonly by?: Attribution;
  /** Names of canary Mappings that were pointed at the stable Service because of it. */
  readonly diverted?: readonly string[];
}

/** A condition of `status.conditions`, with Kubernetes' meaning of its fields. Times are RFC 3339, whole seconds. */
export interface Condition {
  readonly type: 'Progressing' | 'Paused' | 'Completed' | 'Healthy';
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
  readonly lastUpdateTime: string;
  readonly lastTransitionTime: string;
}

/** What the cluster looks like, compact enough for the history: the answer of the activity `observeRollout`. */
export interface Observation {
  /** Absent: there is no such Rollout. */
  readonly rollout?: ObservedRollout;
  readonly revision?: { readonly stable: string; readonly canary: string };
  readonly problems: readonly Problem[];
  /** `group/version` in which this run reads and writes Mappings. */
  readonly mappingApiVersion?: string;
  /** Canary Mappings of this Rollout that are there, whichever run made them. */
  readonly canaryMappings?: readonly CanaryMapping[];
  /** Names of canary Mappings of an Argo controller that are to be taken over. */
  readonly adoptable?: readonly string[];
  /** The gateway can be asked what it serves. */
  readonly verifies?: true;
  /** Present when the spec has a workload. */
  readonly workload?: Workload;
}

/** A command that is a change of the Rollout itself, with who gave it. */
export interface RequestedChange extends Attribution {
  readonly command: string;
  /** RFC 3339; tells one change from another. */
  readonly at: string;
  /** A run before has told of it. */
  readonly told?: true;
}

export interface ObservedRollout {
  readonly uid: string;
  readonly generation: number;
  readonly deleting: boolean;
  /** The instance-id label names Weir. Without it the Rollout is not ours to move. */
  readonly owned: boolean;
  readonly spec: RolloutSpec;
  /** From `status`: what the last run left behind. */
  readonly observedGeneration?: number;
  /** A person aborted it. What stood in the way of a run is looked at anew by the next. */
  readonly aborted: boolean;
  readonly triedRevision?: string;
  /** {@link stepsHash} of the steps that were tried. */
  readonly triedSteps?: string;
  /** How the last run was aborted, whatever for; absent: it was not. */
  readonly abort?: { readonly reason: string; readonly message: string; readonly atMs: number };
  /** The restart that was done last. */
  readonly restartedAtMs?: number;
  /** The last change of the spec by a command. */
  readonly change?: RequestedChange;
  /** An abort that the API could not write on a Mapping, because there was none. */
  readonly order?: Order;
  readonly conditions: readonly Condition[];
}

/** {@link ServedReport}, or `waived`: a person went on without it. */
export interface Served extends Omit<ServedReport, 'state'> {
  readonly state: ServedReport['state'] | 'waived';
  readonly atMs: number;
}

/** The whole state of a run: JSON-safe, so that it passes through continue-as-new. Times are epoch milliseconds. */
export interface Run {
  readonly stage: Stage;
  readonly promotion: PromotionStage;
  /** The newest that the run was told of since it last began to look at the cluster. */
  readonly wanted?: Wanted;
  /** Look again although the generation is known: a Service's selector and a label change without one. */
  readonly lookAgain: boolean;
  /** The cluster has been looked at. */
  readonly looked: boolean;
  readonly uid?: string;
  readonly generation: number;
  readonly owned: boolean;
  readonly spec: RolloutSpec;
  readonly mappingApiVersion?: string;
  readonly revision: { readonly stable: string; readonly canary: string };
  readonly stepIndex: number;
  readonly stepRecords: readonly StepRecord[];
  /** End of the pause under way: never earlier (design, "The run"). */
  readonly pauseDeadlineMs?: number;
  readonly held?: Attribution & { readonly atMs: number };
  readonly intendedWeight: number;
  readonly writtenWeight: number;
  /** Count of the run's weight writes: the fence that goes with each. */
  readonly sequence: number;
  readonly canaryMappings: readonly CanaryMapping[];
  /** Canary Mappings that a run before this one left: they go before anything else. */
  readonly leftovers?: readonly CanaryMapping[];
  readonly fullPromotion?: Attribution;
  /** This run was started to try again what was aborted. */
  readonly retrying: boolean;
  /** Asked for while the run was ending: the next one does it. */
  readonly retryRequested: boolean;
  /** Traffic only: the cluster was looked at for the promotion, and the canary Service has ready endpoints. */
  readonly readyToPromote: boolean;
  /** What is known of the pods; absent: traffic only, or not looked yet. */
  readonly workload?: Workload;
  /** News of pods from before the run knew any. */
  readonly heard?: readonly Revision[];
  /** The endpoints of the canary Service were seen to be pods of the canary. */
  readonly canaryEndpointsReady?: boolean;
  /** The canary is an older revision inside `rollbackWindow`: no steps. */
  readonly isRollback?: boolean;
  /** Something other than news of pods asked for this run. */
  readonly askedAnew?: boolean;
  /** When pods last got on, or a step began: the clock of `progressDeadlineSeconds`. */
  readonly progressAtMs?: number;
  readonly deadlineExceeded?: boolean;
  /** When the gateway was last told something: its pods outlive that by `gatewaySettleSeconds`. */
  readonly lastMappingWriteMs?: number;
  readonly settlingSinceMs?: number;
  /** The last restart or undo that this run has seen. */
  readonly change?: RequestedChange;
  /** The restart that is done. */
  readonly restartedAtMs?: number;
  /** The restart under way: pods are evicted again when others are back, and at the latest then. */
  readonly restart?: { readonly left: number; readonly againAtMs: number; readonly awaitsPods: boolean };
  /** Upkeep of pods that could not be done, by the kind of its action, and when it is tried again. */
  readonly postponed?: Readonly<Record<string, number>>;
  /** What is wanted now is for the next run. */
  readonly followUp?: boolean;
  /** On the way home a weight above 0 could not be written: its Mapping is gone, or another's by now. */
  readonly isWeightLost?: boolean;
  /** On the way home a canary Mapping was gone that stable could not do without: it has been put back once. */
  readonly mendedOnTheWayHome?: true;
  /** An abort met the request that moves the stable Service: the run looks before it undoes anything. */
  readonly maySwitch?: boolean;
  /** A Mapping of this Rollout differs from what it is to be, or carries an order. */
  readonly mappingsChanged?: true;
  /** Stable Mappings that are gone: the run waits for them. */
  readonly missingStable?: readonly string[];
  /** Repairs since `sinceMs`: a fight with somebody who changes the Mappings again and again is given up. */
  readonly repairs?: { readonly count: number; readonly sinceMs: number };
  /** Names of canary Mappings of an Argo controller that are taken over before anything else. */
  readonly adoptable?: readonly string[];
  /** A weight counts when the gateway serves it, because it can be asked. */
  readonly verifies?: true;
  /** What the gateway said last of the weight that was written last; absent: not asked yet. */
  readonly served?: Served;
  /** Until when the gateway is to serve the weight that was written last. */
  readonly servedDueMs?: number;
  readonly ending?: Ending;
  readonly endingAtMs?: number;
  /** Idempotency keys of commands that were taken. */
  readonly handledKeys: readonly string[];
  readonly conditions: readonly Condition[];
}

/** Stands for a spec that was not read, or cannot be. */
export const NO_SPEC: RolloutSpec = { stableService: '', canaryService: '', mappings: [], steps: [] };

export function newRun(): Run {
  return {
    stage: 'observing',
    promotion: 'weight',
    lookAgain: false,
    looked: false,
    generation: 0,
    owned: true,
    spec: NO_SPEC,
    revision: { stable: '', canary: '' },
    stepIndex: 0,
    stepRecords: [],
    intendedWeight: 0,
    writtenWeight: 0,
    sequence: 0,
    canaryMappings: [],
    retrying: false,
    retryRequested: false,
    readyToPromote: false,
    handledKeys: [],
    conditions: [],
  };
}
