import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import { FAILURES, type MappingRunRef, type RunRef } from '@weir/contract';
import {
  assertNever,
  canaryMappingName,
  stableMappingNameProblem,
  type ActivityAction,
  type Problem,
  type Run,
  type RunEvent,
} from '@weir/rollout';
import { cleanup, decisive, interruptible } from './activities.ts';

/** Does what an action says, by its activity, and says what happened. Each call has a summary for the Temporal UI. */
export async function perform(action: ActivityAction, run: Run, ref: RunRef): Promise<RunEvent> {
  switch (action.kind) {
    case 'observeRollout': {
      const observation = await interruptible.observeRollout.executeWithOptions({ summary: 'look at the cluster' }, [
        ref,
      ]);
      return { kind: 'observed', observation };
    }
    case 'ensureCanaryMappings': {
      const { mappings: stableMappings, canaryService } = run.spec;
      const canaryMappings = await decisive.ensureCanaryMappings.executeWithOptions(
        { summary: `create ${canaryNames(run).join(', ')} at weight 0` },
        [{ ...mappingRef(run, ref), stableMappings, canaryService, sequence: run.sequence }],
      );
      return { kind: 'canaryMappingsEnsured', canaryMappings };
    }
    case 'setCanaryWeight': {
      const { weight } = action;
      const input = { ...mappingRef(run, ref), weight, sequence: run.sequence, canaryMappings: run.canaryMappings };
      const proxy = weight === 0 ? cleanup : interruptible;
      const written = await proxy.setCanaryWeight.executeWithOptions({ summary: `canary weight ${weight} %` }, [input]);
      return { kind: 'weightWritten', weight, ...written };
    }
    case 'switchStableService': {
      const { stableService, canaryService } = run.spec;
      const summary = `Service ${stableService} selects revision ${run.revision.canary}`;
      const input = { ...ref, stableService, canaryService, revision: run.revision.canary };
      await decisive.switchStableService.executeWithOptions({ summary }, [input]);
      return { kind: 'stableServiceSwitched' };
    }
    case 'awaitStableEndpoints': {
      const { stableService } = run.spec;
      const summary = `endpoints of Service ${stableService} are the new pods`;
      await interruptible.awaitStableEndpoints.executeWithOptions({ summary }, [{ ...ref, stableService }]);
      return { kind: 'stableEndpointsReady' };
    }
    case 'removeCanaryMappings': {
      const { mappingApiVersion } = run;
      const input = { ...ref, names: canaryNames(run), ...(mappingApiVersion && { mappingApiVersion }) };
      await cleanup.removeCanaryMappings.executeWithOptions({ summary: 'remove the canary Mappings' }, [input]);
      return { kind: 'canaryMappingsRemoved' };
    }
    case 'releaseRollout':
      await cleanup.releaseRollout.executeWithOptions({ summary: 'take the finalizer off' }, [ref]);
      return { kind: 'rolloutReleased' };
    default:
      return assertNever(action);
  }
}

/** What an activity failed with for good. Anything else is a bug of ours: the workflow task fails and is tried again. */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof ActivityFailure)) {
    throw error;
  }
  const { cause } = error;
  if (cause instanceof ApplicationFailure && cause.type === FAILURES.cannotProceed) {
    return cause.details?.[0] as Problem;
  }
  // Somebody failed it by hand in Temporal, or its answer was too large: the traffic goes home all the same.
  return { reason: 'ActivityFailed', message: `${error.activityType}: ${cause?.message ?? error.message}` };
}

function mappingRef(run: Run, ref: RunRef): MappingRunRef {
  return { ...ref, uid: run.uid ?? '', mappingApiVersion: run.mappingApiVersion ?? '' };
}

function canaryNames(run: Run): string[] {
  return run.spec.mappings.filter((name) => stableMappingNameProblem(name) === undefined).map(canaryMappingName);
}
