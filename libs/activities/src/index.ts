import type { CanaryRolloutActivities } from '@weir/contract';
import type { ActivityDependencies } from './dependencies.ts';
import { adoptCanaryMappings } from './adopt-canary-mappings.ts';
import { awaitEndpoints, awaitStableEndpoints } from './await-endpoints.ts';
import { awaitServedWeight } from './await-served-weight.ts';
import { ensureCanaryMappings } from './ensure-canary-mappings.ts';
import { labelPods } from './label-pods.ts';
import { observeRollout } from './observe-rollout.ts';
import { pointServices } from './point-services.ts';
import { releaseRollout } from './release-rollout.ts';
import { removeCanaryMappings } from './remove-canary-mappings.ts';
import { repairCanaryMappings } from './repair-canary-mappings.ts';
import { reportStatus } from './report-status.ts';
import { restartPods } from './restart-pods.ts';
import { scaleReferenced } from './scale-referenced.ts';
import { scaleReplicaSets } from './scale-replica-sets.ts';
import { setCanaryWeight } from './set-canary-weight.ts';
import { switchStableService } from './switch-stable-service.ts';
import { trimRevisions } from './trim-revisions.ts';

export type { ActivityDependencies, SeenCluster } from './dependencies.ts';
export {
  SERVICE_NAME_LABEL,
  readyPods,
  type EndpointSlice,
  type FollowEndpoints,
  type Following,
} from './follow-endpoints.ts';
export {
  gatewayDiagnostics,
  type GatewayDiagnostics,
  type GatewaySource,
  type InstanceAnswer,
} from './gateway-diagnostics.ts';
export { newReplicaSet } from './new-replica-set.ts';
export { roleValues } from './label-pods.ts';
export * from './objects.ts';
export { workloadOf } from './observe-workload.ts';
export { readPodSource, type PodSource } from './pod-template.ts';
export { SWEEPER, sweepCanaryMappings, type SweepDependencies, type SweptRuns } from './sweep-canary-mappings.ts';
export { revisionOfTemplate } from './wanted-revision.ts';
export { hashOf, readRoleMetadata, ownedBy, replicaSetsOf, toRevision, type ReplicaSetObject } from './replica-sets.ts';

/** All activities of the worker; the type makes sure that none is missing. */
export function createActivities(dependencies: ActivityDependencies): CanaryRolloutActivities {
  return {
    observeRollout: observeRollout(dependencies),
    ensureCanaryMappings: ensureCanaryMappings(dependencies),
    setCanaryWeight: setCanaryWeight(dependencies),
    repairCanaryMappings: repairCanaryMappings(dependencies),
    adoptCanaryMappings: adoptCanaryMappings(dependencies),
    awaitServedWeight: awaitServedWeight(dependencies),
    switchStableService: switchStableService(dependencies),
    awaitStableEndpoints: awaitStableEndpoints(dependencies),
    awaitEndpoints: awaitEndpoints(dependencies),
    scaleReplicaSets: scaleReplicaSets(dependencies),
    pointServices: pointServices(dependencies),
    restartPods: restartPods(dependencies),
    trimRevisions: trimRevisions(dependencies),
    scaleReferenced: scaleReferenced(dependencies),
    labelPods: labelPods(dependencies),
    removeCanaryMappings: removeCanaryMappings(dependencies),
    releaseRollout: releaseRollout(dependencies),
    reportStatus: reportStatus(dependencies),
  };
}
