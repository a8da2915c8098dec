import type { RunRef } from '@weir/contract';
import { HOSTS, isKubernetesError, type KubernetesClient, type KubernetesObject } from '@weir/kubernetes';
import {
  ARGO_CANARY_LEFT,
  GATEWAY_WOULD_NOT_SERVE,
  MAPPING_SHARED,
  adoptable,
  chooseMappingApi,
  isOurs,
  preflight,
  type Host,
  type PreflightInput,
} from '@weir/mapping';
import { CANARY_SUFFIX, type CanaryMapping, type Problem, type RolloutSpec } from '@weir/rollout';
import type { ActivityDependencies } from './dependencies.ts';
import { labelledMappings, mappingsAt, type MappingObject } from './objects.ts';

/** Problems that come of how the gateway groups Mappings. */
const ABOUT_ROUTES: readonly string[] = [MAPPING_SHARED, ARGO_CANARY_LEFT, GATEWAY_WOULD_NOT_SERVE];

export interface ObservedMappings {
  readonly apiVersion?: string;
  readonly problems: readonly Problem[];
  readonly canaryMappings: readonly CanaryMapping[];
  readonly adoptable: readonly string[];
}

/**
 * Preflight, and the canary Mappings that are there. What the worker's watch has seen of others' Mappings is enough to say that
 * nothing stands in the way: a cluster may have thousands, and what comes onto the route later the watch tells the run. That
 * something does is said only of what was read just now.
 */
export async function observeMappings(
  dependencies: ActivityDependencies,
  run: RunRef,
  spec: RolloutSpec,
  signal: AbortSignal,
): Promise<ObservedMappings> {
  const { kubernetes, installation, mappingApiVersion } = dependencies;
  const api = chooseMappingApi(await kubernetes.servedApiVersions(), mappingApiVersion);
  if (api === undefined) {
    const wanted = mappingApiVersion ?? 'getambassador.io';
    const message = `the cluster does not serve Mappings (${wanted}): install the gateway's CRDs`;
    return { problems: [{ reason: 'ApiNotServed', message }], canaryMappings: [], adoptable: [] };
  }
  const { apiVersion } = api;
  const { mappings: stableMappings, stableService, adopt } = spec;
  const inputWith = (allMappings: readonly MappingObject[]): Seen => ({
    namespace: run.rollout.namespace,
    stableMappings,
    stableService,
    owner: { installation, workflowId: run.workflowId },
    allMappings,
    ...(adopt && { adopt }),
  });
  const seen = adopt === true ? undefined : await seenAndOurs(dependencies, run, apiVersion, signal);
  const known = seen && inputWith(seen);
  if (known !== undefined && preflight(known).length === 0) {
    return { apiVersion, problems: [], canaryMappings: canaryMappingsIn(known), adoptable: [] };
  }
  const { items } = await kubernetes.list<MappingObject>(mappingsAt(apiVersion), { signal });
  return { apiVersion, ...(await inspect(kubernetes, inputWith(items), signal)) };
}

type Seen = PreflightInput & { readonly allMappings: readonly MappingObject[] };

/** What the watch has seen, and our own as they are now; undefined where the two do not agree on which are our own. */
async function seenAndOurs(
  { kubernetes, installation, seen: cluster }: ActivityDependencies,
  { rollout, workflowId }: RunRef,
  apiVersion: string,
  signal: AbortSignal,
): Promise<readonly MappingObject[] | undefined> {
  if (cluster === undefined) {
    return undefined;
  }
  const ours = await labelledMappings(kubernetes, apiVersion, rollout, signal);
  const names = ours.map(({ metadata }) => metadata.name);
  // After the answer: what was written before it the watch has most likely brought meanwhile.
  const seen = cluster.mappings(apiVersion);
  if (seen === undefined) {
    return undefined;
  }
  const others = seen.filter(
    ({ metadata }) => metadata.namespace !== rollout.namespace || !names.includes(metadata.name),
  );
  const isOther = others.every((one) => !isOurs(one, { installation, workflowId }));
  return isOther ? [...others, ...ours] : undefined;
}

async function inspect(
  kubernetes: KubernetesClient,
  seen: Seen,
  signal: AbortSignal,
): Promise<Omit<ObservedMappings, 'apiVersion'>> {
  const found = preflight(seen);
  // Hosts may tell Mappings apart that look alike; they are read only when that matters.
  const needsHosts = seen.adopt === true || found.some(({ reason }) => ABOUT_ROUTES.includes(reason));
  const hosts = needsHosts ? await hostsOf(kubernetes, signal) : undefined;
  const input = hosts === undefined ? seen : { ...seen, hosts };
  return {
    problems: hosts === undefined ? found : preflight(input),
    canaryMappings: canaryMappingsIn(seen),
    adoptable: adoptable(input),
  };
}

/** None where they are not served; undefined where they are not ours to read: then the worst is taken for true. */
async function hostsOf(kubernetes: KubernetesClient, signal: AbortSignal): Promise<readonly Host[] | undefined> {
  try {
    return (await kubernetes.list<Host & KubernetesObject>({ resource: HOSTS }, { signal })).items;
  } catch (error) {
    if (isKubernetesError(error, 'notServed')) {
      return [];
    }
    if (isKubernetesError(error, 'forbidden')) {
      return undefined;
    }
    throw error;
  }
}

function canaryMappingsIn({ allMappings, namespace, owner }: Seen): CanaryMapping[] {
  return allMappings
    .filter((one) => one.metadata.namespace === namespace && isOurs(one, owner))
    .map(({ metadata: { name, resourceVersion }, spec: { weight } }) => ({
      name,
      stableName: name.slice(0, -CANARY_SUFFIX.length),
      ...(resourceVersion !== undefined && { resourceVersion }),
      ...(typeof weight === 'number' && { weight }),
    }));
}
