import type {
  AntiAffinity,
  CanaryMapping,
  LabelledRevision,
  Observation,
  Order,
  PodMetadata,
  Repair,
  Revision,
  RevisionTarget,
  RolloutRef,
  RolloutStatus,
  RunSummary,
  Scaling,
  ServedReport,
} from '@weir/rollout';

/** What every activity of a run is told: whose work it does. */
export interface RunRef {
  readonly rollout: RolloutRef;
  readonly workflowId: string;
  /** First run id of the chain: what canary Mappings carry as their owner. */
  readonly runId: string;
}

/** Of activities that write Mappings. */
export interface MappingRunRef extends RunRef {
  /** uid of the Rollout, for owner references. */
  readonly uid: string;
  /** `group/version` of Mapping for the whole run. */
  readonly mappingApiVersion: string;
}

export interface EnsureCanaryMappingsInput extends MappingRunRef {
  readonly stableMappings: readonly string[];
  readonly canaryService: string;
  /** The revision that is tried; absent in histories from before the brake. */
  readonly revision?: string;
  readonly sequence: number;
}

export interface SetCanaryWeightInput extends MappingRunRef {
  /** Percent, 0..100. */
  readonly weight: number;
  /** On the way home: tried for ever, like weight 0. */
  readonly persistent?: true;
  readonly sequence: number;
  readonly canaryMappings: readonly CanaryMapping[];
}

export interface WrittenWeight {
  readonly canaryMappings: readonly CanaryMapping[];
  /** When an earlier attempt had written it already: no earlier than that, and at most 1 s later, by the API server's clock. */
  readonly writtenAtMs?: number;
}

export interface RepairCanaryMappingsInput extends MappingRunRef {
  readonly stableService: string;
  readonly canaryService: string;
  readonly revision: string;
  /** Each with the weight that it is to have. */
  readonly canaryMappings: readonly CanaryMapping[];
  readonly sequence: number;
  /** `abort`: nothing is written, and the first difference is a final failure. */
  readonly policy: 'repair' | 'pause' | 'abort';
}

export interface RepairedMappings {
  readonly canaryMappings: readonly CanaryMapping[];
  /** Empty when all was as it is to be. */
  readonly repairs: readonly Repair[];
  /** Stable Mappings that are not there now. */
  readonly missingStable: readonly string[];
  /** The abort that a canary Mapping carries; then nothing was repaired. */
  readonly order?: Order;
}

export interface AdoptCanaryMappingsInput extends MappingRunRef {
  readonly names: readonly string[];
}

export interface AwaitServedWeightInput extends RunRef {
  readonly stableMappings: readonly string[];
  /** Percent; 0: no canary Mapping takes any. */
  readonly weight: number;
  /** Epoch milliseconds: an answer is given soon after it, and at once when the weight is served. */
  readonly untilMs: number;
}

export interface SwitchStableServiceInput extends RunRef {
  readonly stableService: string;
  readonly canaryService: string;
  /** The revision that was tried; if the canary Service selects another one by now, nothing is switched. */
  readonly revision: string;
}

export interface AwaitStableEndpointsInput extends RunRef {
  readonly stableService: string;
}

export interface RemoveCanaryMappingsInput extends RunRef {
  /** Only those of {@link names}, in mid-run; absent: every one of this Rollout. */
  readonly only?: true;
  /** Absent when the run ended before it knew. */
  readonly mappingApiVersion?: string;
  /** Names that the run may have created, whether or not it was told so. */
  readonly names: readonly string[];
  /** The finalizer is taken off as well, as by `releaseRollout`. */
  readonly release?: true;
  /** Of the Rollout, where the run knows it; with it {@link release} is a request less. */
  readonly uid?: string;
}

export interface RemovedCanaryMappings {
  readonly removed: readonly string[];
  /** The finalizer is off. Absent from a worker that does not know of it yet. */
  readonly released?: true;
}

export interface AwaitEndpointsInput extends RunRef {
  readonly service: string;
}

export interface ScaleReplicaSetsInput extends RunRef {
  /** uid of the Rollout, for owner references. */
  readonly uid: string;
  /** The wanted revision: its ReplicaSet is created from the template when there is none, and is the newest by number. */
  readonly wanted: string;
  readonly targets: readonly RevisionTarget[];
  /** Tried for ever, like cleanup: the run has nothing else to fall back to. */
  readonly persistent?: true;
  /** Of a ReplicaSet that is created: what its role puts on pods, and which revision's nodes they keep off. */
  readonly metadata?: PodMetadata;
  readonly antiAffinity?: AntiAffinity & { readonly against: string };
}

export interface ScaledReplicaSets {
  /** What is known of each target now. */
  readonly revisions: readonly Revision[];
  /** What was really changed; another attempt may have done the rest. */
  readonly scalings: readonly Scaling[];
}

export interface PointServicesInput extends RunRef {
  readonly services: readonly { readonly name: string; readonly podTemplateHash: string }[];
  /** One of them, whose endpoints are waited for a little. */
  readonly awaited?: string;
}

export interface PointedServices {
  /** The endpoints of the Service that was waited for are its pods already. */
  readonly endpointsReady: boolean;
}

export interface RestartPodsInput extends RunRef {
  readonly uid: string;
  /** Pods created before this are replaced. Epoch milliseconds. */
  readonly beforeMs: number;
  /** How many may be taken away now. */
  readonly atMost: number;
}

export interface RestartedPods {
  /** Pods that are older still, those just evicted not counted. */
  readonly left: number;
  readonly evicted: number;
}

export interface TrimRevisionsInput extends RunRef {
  readonly uid: string;
  /** Names of ReplicaSets without pods. */
  readonly names: readonly string[];
}

export interface ScaleReferencedInput extends RunRef {
  readonly name: string;
  readonly replicas: number;
}

export interface LabelPodsInput extends RunRef {
  readonly uid: string;
  readonly revisions: readonly LabelledRevision[];
}

/** A Kubernetes Event about the Rollout. */
export interface RolloutEvent {
  /** Unique: an Event that was written already is not written again. */
  readonly id: string;
  readonly atMs: number;
  /** Of the first one, where it stands for several. */
  readonly firstAtMs?: number;
  /** How many it stands for; absent: one. */
  readonly count?: number;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

export interface ReportStatusInput extends RunRef {
  readonly uid: string;
  /** When the workflow took the status: a report that lands late gives way to a newer one. */
  readonly atMs: number;
  readonly status: RolloutStatus;
  readonly summary: RunSummary;
  /** Since the last report; written once each. */
  readonly events: readonly RolloutEvent[];
}

/**
 * The activities of `canaryRollout`. Each is idempotent and says what it ensures. Failures of type
 * `FAILURES.cannotProceed` are final for the step; all others are retried.
 */
export interface CanaryRolloutActivities {
  /** Reads the Rollout, its Services, endpoints and Mappings, and says what stands in the way. */
  observeRollout(input: RunRef): Promise<Observation>;
  /** Sets the finalizer, then creates each canary Mapping at weight 0, or brings one that is ours back to it. */
  ensureCanaryMappings(input: EnsureCanaryMappingsInput): Promise<readonly CanaryMapping[]>;
  /** One PATCH a canary Mapping, in parallel; none where the weight stands already. */
  setCanaryWeight(input: SetCanaryWeightInput): Promise<WrittenWeight>;
  /** Each canary Mapping is again what its stable one and the run make of it; says what was not, and who did it. */
  repairCanaryMappings(input: RepairCanaryMappingsInput): Promise<RepairedMappings>;
  /** Canary Mappings of an Argo controller: weight 0, then deleted. Answers the weight that each had. */
  adoptCanaryMappings(input: AdoptCanaryMappingsInput): Promise<readonly CanaryMapping[]>;
  /** Asks the gateway until every instance serves the weight; fails for good with the gateway's words when it refuses a Mapping. */
  awaitServedWeight(input: AwaitServedWeightInput): Promise<ServedReport>;
  /** The stable Service has the canary Service's selector. */
  switchStableService(input: SwitchStableServiceInput): Promise<{ readonly switched: boolean }>;
  /** Returns when the endpoints of the stable Service are pods that its selector selects, and one is ready. Writes nothing. */
  awaitStableEndpoints(input: AwaitStableEndpointsInput): Promise<void>;
  /** The same for any Service; fails after a while, so that it is tried again, and says what is missing. */
  awaitEndpoints(input: AwaitEndpointsInput): Promise<void>;
  /** Each ReplicaSet has the size that it is to have; the wanted one is created when it is missing. Answers what it knows then. */
  scaleReplicaSets(input: ScaleReplicaSetsInput): Promise<ScaledReplicaSets>;
  /**
   * Each Service selects the pods of its revision, and says so to an Argo controller in the same PATCH. A worker that waits for
   * no endpoints yet answers nothing.
   */
  pointServices(input: PointServicesInput): Promise<PointedServices | undefined>;
  /** Evicts old pods, as PodDisruptionBudgets allow. */
  restartPods(input: RestartPodsInput): Promise<RestartedPods>;
  /** Deletes ReplicaSets of the history. */
  trimRevisions(input: TrimRevisionsInput): Promise<void>;
  /** The Deployment that `workloadRef` names has so many replicas. */
  scaleReferenced(input: ScaleReferencedInput): Promise<void>;
  /** Pods and their ReplicaSet carry the metadata of the revision's role. */
  labelPods(input: LabelPodsInput): Promise<void>;
  /** No canary Mapping of this Rollout is left, whichever run made it. */
  removeCanaryMappings(input: RemoveCanaryMappingsInput): Promise<RemovedCanaryMappings>;
  /** Takes the finalizer off. */
  releaseRollout(input: RunRef): Promise<void>;
  /** Writes status, annotation and Events. */
  reportStatus(input: ReportStatusInput): Promise<void>;
}
