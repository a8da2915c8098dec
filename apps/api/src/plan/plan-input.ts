import type { KubernetesObject } from '@weir/kubernetes';
import type { Mapping, MappingApi, Owner } from '@weir/mapping';
import { preflight } from '@weir/mapping';
import {
  INSTANCE_ID,
  INSTANCE_ID_LABEL,
  revisionOf,
  type Observation,
  type ObservedRollout,
  type Problem,
  type RolloutSpec,
  type Selector,
  wasAborted,
} from '@weir/rollout';
import { readStatus, type RolloutObject } from '../cluster/rollout-object.ts';

export interface ServiceObject extends KubernetesObject {
  readonly spec?: { readonly selector?: Selector };
}

/** The cluster as the plan is made for it. */
export interface PlanInput {
  /** As the API server would store it. */
  readonly rollout: RolloutObject;
  readonly spec: RolloutSpec;
  readonly owner: Omit<Owner, 'rollout'>;
  /** undefined: the cluster serves no version of Mapping. */
  readonly mappingApi?: MappingApi | undefined;
  /** All namespaces. */
  readonly allMappings: readonly Mapping[];
  readonly stableService?: ServiceObject | undefined;
  readonly canaryService?: ServiceObject | undefined;
}

/** What a run would see when it starts, but for the endpoints, which the API may not read. */
export function observe(input: PlanInput): Observation {
  const { mappingApi } = input;
  const stable = input.stableService?.spec?.selector;
  const canary = input.canaryService?.spec?.selector;
  return {
    rollout: observedRollout(input),
    problems: problemsOf(input),
    ...(mappingApi && { mappingApiVersion: mappingApi.apiVersion }),
    ...(stable && canary && { revision: { stable: revisionOf(stable), canary: revisionOf(canary) } }),
  };
}

function problemsOf(input: PlanInput): Problem[] {
  const { spec, rollout, owner, mappingApi, allMappings } = input;
  if (mappingApi === undefined) {
    const message = "the cluster does not serve Mappings in a version that can be used: install the gateway's CRDs";
    return [{ reason: 'ApiNotServed', message }];
  }
  return [
    ...serviceProblem(spec.stableService, input.stableService),
    ...serviceProblem(spec.canaryService, input.canaryService),
    ...preflight({
      namespace: rollout.metadata.namespace ?? '',
      stableMappings: spec.mappings,
      stableService: spec.stableService,
      owner,
      allMappings,
    }),
  ];
}

function serviceProblem(name: string, service: ServiceObject | undefined): Problem[] {
  if (service === undefined) {
    return [{ reason: 'ServiceNotFound', message: `Service ${name} does not exist` }];
  }
  return Object.keys(service.spec?.selector ?? {}).length > 0
    ? []
    : [{ reason: 'ServiceWithoutSelector', message: `Service ${name} has no selector: it says no revision` }];
}

function observedRollout({ rollout, spec }: PlanInput): ObservedRollout {
  const { metadata } = rollout;
  const status = readStatus(rollout);
  return {
    uid: metadata.uid ?? '',
    generation: metadata.generation ?? 1,
    deleting: metadata.deletionTimestamp !== undefined,
    owned: metadata.labels?.[INSTANCE_ID_LABEL] === INSTANCE_ID,
    spec,
    aborted: wasAborted(status),
    conditions: [],
    ...(status.observedGeneration !== undefined && { observedGeneration: status.observedGeneration }),
    ...(status.currentPodHash !== undefined && { triedRevision: status.currentPodHash }),
  };
}
