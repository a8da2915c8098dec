import { Inject, Injectable } from '@nestjs/common';
import { HOSTS, SERVICES, isKubernetesError, type KubernetesClient, type KubernetesObject } from '@weir/kubernetes';
import { chooseMappingApi, type Host, type Mapping, type MappingApi } from '@weir/mapping';
import { workflowId, type RolloutRef, type RolloutSpec } from '@weir/rollout';
import { KUBERNETES, SETTINGS } from '../app/dependencies.ts';
import type { ApiSettings } from '../app/settings.ts';
import { Installation } from '../cluster/installation.ts';
import { RevisionHistory } from '../cluster/revision-history.ts';
import type { RolloutObject } from '../cluster/rollout-object.ts';
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
    @Inject(SETTINGS) private readonly settings: ApiSettings,
    private readonly installation: Installation,
    private readonly history: RevisionHistory,
  ) {}

  /** @param rollout - as the API server would store it */
  async plan(ref: RolloutRef, rollout: RolloutObject, spec: RolloutSpec, signal: AbortSignal): Promise<Plan> {
    const { workload } = spec;
    const [installation, mappings, hosts, stableService, canaryService, pods] = await Promise.all([
      this.installation.id(),
      this.mappings(signal),
      this.hosts(signal),
      this.service(ref.namespace, spec.stableService, signal),
      this.service(ref.namespace, spec.canaryService, signal),
      workload && this.history.pods(rollout, workload, signal),
    ]);
    const owner = { installation, workflowId: workflowId(ref), runId: NOT_YET };
    const nowMs = Math.ceil(Date.now() / 1_000) * 1_000;
    return planRollout({ rollout, spec, owner, ...mappings, hosts, stableService, canaryService, pods, nowMs });
  }

  private async mappings(
    signal: AbortSignal,
  ): Promise<{ readonly mappingApi?: MappingApi; readonly allMappings: readonly Mapping[] }> {
    const served = await this.kubernetes.servedApiVersions();
    const mappingApi = chooseMappingApi(served, this.settings.WEIR_MAPPING_API_VERSION);
    if (mappingApi === undefined) {
      return { allMappings: [] };
    }
    const { items } = await this.kubernetes.list<Mapping>({ resource: mappingApi }, { signal });
    return { mappingApi, allMappings: items };
  }

  /** undefined where there are none to be read: what they would tell apart is then taken to be together. */
  private async hosts(signal: AbortSignal): Promise<readonly Host[] | undefined> {
    try {
      return (await this.kubernetes.list<Host & KubernetesObject>({ resource: HOSTS }, { signal })).items;
    } catch (error) {
      if (isKubernetesError(error, 'notServed') || isKubernetesError(error, 'forbidden')) {
        return undefined;
      }
      throw error;
    }
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
