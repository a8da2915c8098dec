import type { CanaryRolloutActivities, RunRef } from '@weir/contract';
import { ENDPOINT_SLICES, SERVICES, type KubernetesClient } from '@weir/kubernetes';
import { orderOnRollout } from '@weir/mapping';
import {
  CHANGE_ANNOTATION,
  INSTANCE_ID,
  INSTANCE_ID_LABEL,
  NO_READY_ENDPOINTS,
  NO_SPEC,
  RUN_ANNOTATION,
  abortIn,
  revisionOf,
  wasAborted,
  type Condition,
  type Observation,
  type ObservedRollout,
  type Problem,
  type RequestedChange,
  type RolloutSpec,
} from '@weir/rollout';
import { parseSpec } from '@weir/rollout/manifest';
import { alive } from './alive.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { translated } from './failures.ts';
import { observeMappings } from './observe-mappings.ts';
import { observeWorkload, type ObservedWorkload } from './observe-workload.ts';
import { SERVICE_NAME_LABEL, readyPods, type EndpointSlice } from './follow-endpoints.ts';
import { noteIn, orAbsent, rolloutAt, type RolloutObject, type ServiceObject } from './objects.ts';

/** Reads what the planner decides from. Nothing is written. */
export function observeRollout(dependencies: ActivityDependencies): CanaryRolloutActivities['observeRollout'] {
  const { kubernetes } = dependencies;
  return (input) =>
    translated('cleanup', () =>
      alive(async (signal) => {
        const object = await orAbsent(kubernetes.get<RolloutObject>(rolloutAt(input.rollout), { signal }));
        if (object === undefined) {
          return { problems: [] };
        }
        const parsed = parseSpec(object.spec, object.metadata.annotations);
        if (!parsed.ok) {
          const message = parsed.errors.map(({ path, message: what }) => `${path} ${what}`).join('; ');
          return { rollout: toObserved(object, NO_SPEC), problems: [{ reason: 'InvalidSpec', message }] };
        }
        const rollout = toObserved(object, parsed.spec);
        return rollout.deleting
          ? { rollout, problems: [] }
          : observeCluster(dependencies, input, { object, rollout }, signal);
      }),
    );
}

async function observeCluster(
  dependencies: ActivityDependencies,
  input: RunRef,
  { object, rollout }: { readonly object: RolloutObject; readonly rollout: ObservedRollout },
  signal: AbortSignal,
): Promise<Observation> {
  const { kubernetes } = dependencies;
  const { namespace } = input.rollout;
  const { stableService, canaryService, workload } = rollout.spec;
  const service = (name: string): Promise<ServiceObject | undefined> =>
    orAbsent(kubernetes.get<ServiceObject>({ resource: SERVICES, namespace, name }, { signal }));
  const services = Promise.all([service(stableService), service(canaryService)]).then(([stable, canary]) => ({
    stable,
    canary,
  }));
  const [found, pods, mappings] = await Promise.all([
    services,
    workload === undefined
      ? observeSelectors(kubernetes, namespace, rollout.spec, services, signal)
      : observeWorkload(kubernetes, object, workload, services, { signal }),
    observeMappings(dependencies, input, rollout.spec, signal),
  ]);
  const { problems, ...known } = pods;
  return {
    rollout,
    ...known,
    ...(mappings.apiVersion !== undefined && { mappingApiVersion: mappings.apiVersion }),
    ...(mappings.canaryMappings.length > 0 && { canaryMappings: mappings.canaryMappings }),
    ...(mappings.adoptable.length > 0 && { adoptable: mappings.adoptable }),
    ...(dependencies.gateway !== undefined && { verifies: true as const }),
    problems: [
      ...serviceProblem(stableService, found.stable),
      ...serviceProblem(canaryService, found.canary),
      ...problems,
      ...mappings.problems,
    ],
  };
}

/** Traffic only: the revisions are what the Services select, and somebody else runs their pods. */
async function observeSelectors(
  kubernetes: KubernetesClient,
  namespace: string,
  { canaryService }: RolloutSpec,
  services: Promise<{ readonly stable?: ServiceObject | undefined; readonly canary?: ServiceObject | undefined }>,
  signal: AbortSignal,
): Promise<ObservedWorkload> {
  const [{ stable, canary }, canaryReady] = await Promise.all([
    services,
    hasReadyEndpoints(kubernetes, namespace, canaryService, signal),
  ]);
  if (!stable?.spec.selector || !canary?.spec.selector) {
    return { problems: [] };
  }
  const revision = { stable: revisionOf(stable.spec.selector), canary: revisionOf(canary.spec.selector) };
  const isDead = revision.stable !== revision.canary && !canaryReady;
  const problem = { reason: NO_READY_ENDPOINTS, message: `Service ${canaryService} has no ready endpoints` };
  return { revision, problems: isDead ? [problem] : [] };
}

function serviceProblem(name: string, service: ServiceObject | undefined): Problem[] {
  if (service === undefined) {
    return [{ reason: 'ServiceNotFound', message: `Service ${name} does not exist` }];
  }
  return Object.keys(service.spec.selector ?? {}).length > 0
    ? []
    : [{ reason: 'ServiceWithoutSelector', message: `Service ${name} has no selector: it says no revision` }];
}

async function hasReadyEndpoints(
  kubernetes: KubernetesClient,
  namespace: string,
  service: string,
  signal: AbortSignal,
): Promise<boolean> {
  const labelSelector = `${SERVICE_NAME_LABEL}=${service}`;
  const slices = await kubernetes.list<EndpointSlice>(
    { resource: ENDPOINT_SLICES, namespace },
    { labelSelector, signal },
  );
  return slices.items.some((slice) => readyPods(slice).length > 0);
}

function toObserved(rollout: RolloutObject, spec: RolloutSpec): ObservedRollout {
  const { metadata, status } = rollout;
  const order = orderOnRollout(rollout);
  return {
    uid: metadata.uid ?? '',
    generation: metadata.generation ?? 0,
    deleting: metadata.deletionTimestamp !== undefined,
    owned: metadata.labels?.[INSTANCE_ID_LABEL] === INSTANCE_ID,
    spec,
    ...requestedChange(rollout),
    ...(order && { order }),
    ...lastRun(status ?? {}),
  };
}

/** What the last run left in the status. */
function lastRun(status: NonNullable<RolloutObject['status']>) {
  const observedGeneration = Number(status.observedGeneration);
  const abort = abortIn(status);
  const restartedAtMs = Date.parse(status.restartedAt ?? '');
  return {
    ...(Number.isInteger(observedGeneration) && { observedGeneration }),
    aborted: wasAborted(status),
    ...(abort && { abort }),
    ...(status.currentPodHash !== undefined && { triedRevision: status.currentPodHash }),
    ...(status.currentStepHash !== undefined && { triedSteps: status.currentStepHash }),
    ...(!Number.isNaN(restartedAtMs) && { restartedAtMs }),
    conditions: Array.isArray(status.conditions) ? (status.conditions as Condition[]) : [],
  };
}

/** What a command changed last, and whether a run has told of it; what is not ours is passed over. */
function requestedChange(rollout: RolloutObject): { readonly change?: RequestedChange } {
  const { command, actor, reason, at } = noteIn(rollout, CHANGE_ANNOTATION) as Partial<RequestedChange>;
  const { change: toldOf } = noteIn(rollout, RUN_ANNOTATION) as { readonly change?: string };
  if (command === undefined || actor === undefined || at === undefined) {
    return {};
  }
  const told = toldOf === at && ({ told: true } as const);
  return { change: { command, actor, at, ...(reason !== undefined && { reason }), ...told } };
}
