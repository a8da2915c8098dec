import { Inject, Injectable } from '@nestjs/common';
import { SERVICES, isKubernetesError, type KubernetesClient } from '@weir/kubernetes';
import { chooseMappingApi, type Mapping, type MappingApi } from '@weir/mapping';
import { workflowId, type RolloutRef, type RolloutSpec } from '@weir/rollout';
import { KUBERNETES, RUNS, SETTINGS } from '../app/dependencies.ts';
import type { ApiSettings } from '../app/settings.ts';
import { RevisionHistory } from '../cluster/revision-history.ts';
import type { RolloutObject } from '../cluster/rollout-object.ts';
import type { RunGateway } from '../temporal/run-gateway.ts';
import type { ServiceObject } from './plan-input.ts';
import { planRollout } from './plan-rollout.ts';
import type { Plan } from './plan.schemas.ts';

/** In the place of what is known only once the run has started. */
const NOT_YET = '<known when the run starts>';

/** Reads what a plan is made from. */
@Injectable()
export class PlanService {
  constructor(
    @Inject(KUBERNETES) private readonly kubernetes: KubernetesClient,
    @Inject(RUNS) private readonly runs: RunGateway,
    @Inject(SETTINGS) private readonly settings: ApiSettings,
    private readonly history: RevisionHistory,
  ) {}

  /** @param rollout - as the API server would store it */
  async plan(ref: RolloutRef, rollout: RolloutObject, spec: RolloutSpec, signal: AbortSignal): Promise<Plan> {
    const { workload } = spec;
    const [installation, mappings, stableService, canaryService, pods] = await Promise.all([
      this.runs.installation(this.settings.WEIR_TASK_QUEUE),
      this.mappings(signal),
      this.service(ref.namespace, spec.stableService, signal),
      this.service(ref.namespace, spec.canaryService, signal),
      workload && this.history.pods(rollout, workload, signal),
    ]);
    const owner = { installation, workflowId: workflowId(ref), runId: NOT_YET };
    const nowMs = Math.ceil(Date.now() / 1_000) * 1_000;
    return planRollout({ rollout, spec, owner, ...mappings, stableService, canaryService, pods, nowMs });
  }

  private async mappings(
    signal: AbortSignal,
  ): Promise<{ readonly mappingApi?: MappingApi; readonly allMappings: readonly Mapping[] }> {
    const served = await this.kubernetes.servedApiVersions({ signal });
    const mappingApi = chooseMappingApi(served, this.settings.WEIR_MAPPING_API_VERSION);
    if (mappingApi === undefined) {
      return { allMappings: [] };
    }
    const { items } = await this.kubernetes.list<Mapping>({ resource: mappingApi }, { signal });
    return { mappingApi, allMappings: items };
  }

  private async service(namespace: string, name: string, signal: AbortSignal): Promise<ServiceObject | undefined> {
    try {
      return await this.kubernetes.get<ServiceObject>({ resource: SERVICES, namespace, name }, { signal });
    } catch (error) {
      if (isKubernetesError(error, 'notFound')) {
        return undefined;
      }
      throw error;
    }
  }
}
