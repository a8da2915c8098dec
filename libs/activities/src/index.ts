import type { CanaryRolloutActivities } from '@weir/contract';
import type { ActivityDependencies } from './dependencies.ts';
import { awaitStableEndpoints } from './await-stable-endpoints.ts';
import { ensureCanaryMappings } from './ensure-canary-mappings.ts';
import { observeRollout } from './observe-rollout.ts';
import { releaseRollout } from './release-rollout.ts';
import { removeCanaryMappings } from './remove-canary-mappings.ts';
import { reportStatus } from './report-status.ts';
import { setCanaryWeight } from './set-canary-weight.ts';
import { switchStableService } from './switch-stable-service.ts';

export type { ActivityDependencies } from './dependencies.ts';
export * from './objects.ts';

/** All activities of the worker; the type makes sure that none is missing. */
export function createActivities(dependencies: ActivityDependencies): CanaryRolloutActivities {
  return {
    observeRollout: observeRollout(dependencies),
    ensureCanaryMappings: ensureCanaryMappings(dependencies),
    setCanaryWeight: setCanaryWeight(dependencies),
    switchStableService: switchStableService(dependencies),
    awaitStableEndpoints: awaitStableEndpoints(dependencies),
    removeCanaryMappings: removeCanaryMappings(dependencies),
    releaseRollout: releaseRollout(dependencies),
    reportStatus: reportStatus(dependencies),
  };
}
