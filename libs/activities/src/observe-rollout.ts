import type { CanaryRolloutActivities, RunRef } from '@weir/contract';
import { ENDPOINT_SLICES, SERVICES, type KubernetesClient } from '@weir/kubernetes';
import { chooseMappingApi, preflight } from '@weir/mapping';
import {
  INSTANCE_ID,
  INSTANCE_ID_LABEL,
  NO_READY_ENDPOINTS,
  NO_SPEC,
  revisionOf,
  wasAborted,
  type Condition,
  type Observation,
  type ObservedRollout,
  type Problem,
  type RolloutSpec,
} from '@weir/rollout';
import { parseSpec } from '@weir/rollout/manifest';
import { alive } from './alive.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { translated } from './failures.ts';
import {
  mappingsAt,
  orAbsent,
  rolloutAt,
  type EndpointSlice,
  type MappingObject,
  type RolloutObject,
  type ServiceObject,
} from './objects.ts';

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
        const parsed = parseSpec(object.spec);
        if (!parsed.ok) {
          const message = parsed.errors.map(({ path, message: what }) => `${path} ${what}`).join('; ');
          return { rollout: toObserved(object, NO_SPEC), problems: [{ reason: 'InvalidSpec', message }] };
        }
        const rollout = toObserved(object, parsed.spec);
        return rollout.deleting ? { rollout, problems: [] } : observeCluster(dependencies, input, rollout, signal);
      }),
    );
}

async function observeCluster(
  { kubernetes, installation, mappingApiVersion }: ActivityDependencies,
  { rollout: { namespace }, workflowId }: RunRef,
  rollout: ObservedRollout,
  signal: AbortSignal,
): Promise<Observation> {
  const { spec } = rollout;
  const service = (name: string): Promise<ServiceObject | undefined> =>
    orAbsent(kubernetes.get<ServiceObject>({ resource: SERVICES, namespace, name }, { signal }));
  const [served, stable, canary, canaryReady] = await Promise.all([
    kubernetes.servedApiVersions({ signal }),
    service(spec.stableService),
    service(spec.canaryService),
    hasReadyEndpoints(kubernetes, namespace, spec.canaryService, signal),
  ]);
  const api = chooseMappingApi(served, mappingApiVersion);
  if (api === undefined) {
    const wanted = mappingApiVersion ?? 'getambassador.io';
    const message = `the cluster does not serve Mappings (${wanted}): install the gateway's CRDs`;
    return { rollout, problems: [{ reason: 'ApiNotServed', message }] };
  }
  const { items } = await kubernetes.list<MappingObject>(mappingsAt(api.apiVersion), { signal });
  const revision =
    stable?.spec.selector && canary?.spec.selector
      ? { stable: revisionOf(stable.spec.selector), canary: revisionOf(canary.spec.selector) }
      : undefined;
  const problems = [
    ...serviceProblem(spec.stableService, stable),
    ...serviceProblem(spec.canaryService, canary),
    ...(revision !== undefined && revision.stable !== revision.canary && !canaryReady
      ? [{ reason: NO_READY_ENDPOINTS, message: `Service ${spec.canaryService} has no ready endpoints` }]
      : []),
    ...preflight({
      namespace,
      stableMappings: spec.mappings,
      stableService: spec.stableService,
      owner: { installation, workflowId },
      allMappings: items,
    }),
  ];
  return { rollout, mappingApiVersion: api.apiVersion, problems, ...(revision && { revision }) };
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
  const labelSelector = `kubernetes.io/service-name=${service}`;
  const slices = await kubernetes.list<EndpointSlice>(
    { resource: ENDPOINT_SLICES, namespace },
    { labelSelector, signal },
  );
  return slices.items.some(({ endpoints }) => (endpoints ?? []).some(({ conditions }) => conditions?.ready !== false));
}

function toObserved({ metadata, status }: RolloutObject, spec: RolloutSpec): ObservedRollout {
  const observedGeneration = Number(status?.observedGeneration);
  const conditions = Array.isArray(status?.conditions) ? (status.conditions as Condition[]) : [];
  return {
    uid: metadata.uid ?? '',
    generation: metadata.generation ?? 0,
    deleting: metadata.deletionTimestamp !== undefined,
    owned: metadata.labels?.[INSTANCE_ID_LABEL] === INSTANCE_ID,
    spec,
    ...(Number.isInteger(observedGeneration) && { observedGeneration }),
    aborted: wasAborted(status),
    ...(status?.currentPodHash !== undefined && { triedRevision: status.currentPodHash }),
    conditions,
  };
}
