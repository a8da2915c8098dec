import type { KubernetesObject } from '@weir/kubernetes';
import { adoptable, preflight, type Host, type Mapping, type MappingApi, type Owner } from '@weir/mapping';
import {
  INSTANCE_ID,
  INSTANCE_ID_LABEL,
  abortIn,
  revisionOf,
  type Observation,
  type ObservedRollout,
  type Problem,
  type RolloutSpec,
  type Selector,
  wasAborted,
} from '@weir/rollout';
import type { KnownPods } from '../cluster/revision-history.ts';
import { readStatus, type RolloutObject } from '../cluster/rollout-object.ts';
import { observePods } from './planned-revisions.ts';

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
  /** All namespaces; undefined: not served, or not ours to read. */
  readonly hosts?: readonly Host[] | undefined;
  readonly stableService?: ServiceObject | undefined;
  readonly canaryService?: ServiceObject | undefined;
  /** undefined: traffic only. */
  readonly pods?: KnownPods | undefined;
  /** When the run starts, epoch milliseconds. */
  readonly nowMs: number;
}

/** What a run would see when it starts, but for the endpoints, which the API may not read. */
export function observe(input: PlanInput): Observation {
  const { mappingApi, pods } = input;
  const adopted = adoptedBy(input);
  return {
    rollout: observedRollout(input),
    ...(adopted.length > 0 && { adoptable: adopted }),
    ...(mappingApi && { mappingApiVersion: mappingApi.apiVersion }),
    ...(pods === undefined ? observeSelectors(input) : observePods(input, pods)),
    problems: problemsOf(input),
  };
}

/** Traffic only: the revisions are what the Services select. */
function observeSelectors({ stableService, canaryService }: PlanInput): Pick<Observation, 'revision'> {
  const stable = stableService?.spec?.selector;
  const canary = canaryService?.spec?.selector;
  return stable && canary ? { revision: { stable: revisionOf(stable), canary: revisionOf(canary) } } : {};
}

/** What stands in the way of the first weight, in the order in which a run finds it. */
export function problemsOf(input: PlanInput): Problem[] {
  const { spec, mappingApi } = input;
  const services = [
    ...serviceProblem(spec.stableService, input.stableService),
    ...serviceProblem(spec.canaryService, input.canaryService),
    ...workloadProblem(input),
  ];
  if (mappingApi === undefined) {
    const message = "the cluster does not serve Mappings in a version that can be used: install the gateway's CRDs";
    return [...services, { reason: 'ApiNotServed', message }];
  }
  return [...services, ...preflight(preflightInput(input))];
}

/** Names of the canary Mappings of an Argo controller that the run takes over. */
export function adoptedBy(input: PlanInput): string[] {
  return adoptable(preflightInput(input));
}

function preflightInput({ spec, rollout, owner, allMappings, hosts }: PlanInput): Parameters<typeof preflight>[0] {
  return {
    namespace: rollout.metadata.namespace ?? '',
    stableMappings: spec.mappings,
    stableService: spec.stableService,
    owner,
    allMappings,
    ...(hosts && { hosts }),
    adopt: spec.adopt === true,
  };
}

function serviceProblem(name: string, service: ServiceObject | undefined): Problem[] {
  if (service === undefined) {
    return [{ reason: 'ServiceNotFound', message: `Service ${name} does not exist` }];
  }
  return Object.keys(service.spec?.selector ?? {}).length > 0
    ? []
    : [{ reason: 'ServiceWithoutSelector', message: `Service ${name} has no selector: it says no revision` }];
}

function workloadProblem({ spec: { workload }, pods }: PlanInput): Problem[] {
  if (pods === undefined || pods.wanted !== undefined) {
    return [];
  }
  const { kind = 'the template', name = '' } = workload?.ref ?? {};
  return [{ reason: 'WorkloadNotFound', message: `${kind} ${name} does not exist: there is no pod template` }];
}

function observedRollout({ rollout, spec }: PlanInput): ObservedRollout {
  const { metadata } = rollout;
  const { observedGeneration, currentPodHash, currentStepHash, restartedAt } = readStatus(rollout);
  const stored = rollout.status ?? undefined;
  const abort = abortIn(stored);
  const restartedAtMs = Date.parse(restartedAt ?? '');
  return {
    uid: metadata.uid ?? '',
    generation: metadata.generation ?? 1,
    deleting: metadata.deletionTimestamp !== undefined,
    owned: metadata.labels?.[INSTANCE_ID_LABEL] === INSTANCE_ID,
    spec,
    aborted: wasAborted(stored),
    conditions: [],
    ...(abort && { abort }),
    ...(observedGeneration !== undefined && { observedGeneration }),
    ...(currentPodHash !== undefined && { triedRevision: currentPodHash }),
    ...(currentStepHash !== undefined && { triedSteps: currentStepHash }),
    ...(!Number.isNaN(restartedAtMs) && { restartedAtMs }),
  };
}
