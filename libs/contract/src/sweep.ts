/** Workflow type of the sweep: the name of the exported workflow function. A Temporal Schedule starts it. */
export const SWEEP_WORKFLOW_TYPE = 'sweepCanaryMappings';

/** A canary Mapping, with whose it is. */
export interface SweptMapping {
  readonly namespace: string;
  readonly name: string;
  readonly workflowId: string;
}

export interface SweepReport {
  /** Workflow ids for which a run was started that takes the traffic home. */
  readonly broughtHome: readonly string[];
  /** Canary Mappings of other installations of Weir: never touched. */
  readonly foreign: readonly SweptMapping[];
  /** With the label of a canary Mapping, and without saying which Rollout of this cluster they belong to: not touched either. */
  readonly unclear: readonly SweptMapping[];
}

export interface SweepActivities {
  /** Finds canary Mappings whose run is closed or gone, and starts an abort run for each Rollout. */
  sweepCanaryMappings(): Promise<SweepReport>;
}
