import { ActivityFailure, ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import { FAILURES, beginTaskQueue, type RunRef } from '@weir/contract';
import { canaryMappingName, type ActivityAction, type Problem, type Run } from '@weir/rollout';
import { cleanup, decisive, interruptible } from './activities.ts';
import { mappingRef, performOnGateway } from './perform-on-gateway.ts';
import { removal, removed, type Performed } from './ahead.ts';
import { performOnPods } from './perform-on-pods.ts';

/**
 * Does what an action says, by its activity, and says what happened. Each call has a summary for the Temporal UI. How many
 * promises lie between an activity and the run is part of what a replay must find again: histories are made with this many.
 *
 * @param isLean - an activity may do the action that comes next as well
 */
export async function perform(action: ActivityAction, run: Run, ref: RunRef, isLean: boolean): Promise<Performed> {
  switch (action.kind) {
    case 'observeRollout': {
      const observation = await interruptible.observeRollout.executeWithOptions(
        { summary: 'look at the cluster', ...(begins(run) && { taskQueue: beginTaskQueue(workflowInfo().taskQueue) }) },
        [ref],
      );
      return { kind: 'observed', observation };
    }
    case 'ensureCanaryMappings': {
      const { canaryService, mappings } = run.spec;
      const stableMappings = mappings.filter((name) => run.canaryMappings.every((one) => one.stableName !== name));
      const canaryMappings = await decisive.ensureCanaryMappings.executeWithOptions(
        { summary: `create ${stableMappings.map(canaryMappingName).join(', ')} at weight 0` },
        [
          {
            ...mappingRef(run, ref),
            stableMappings,
            canaryService,
            revision: run.revision.canary,
            sequence: run.sequence,
          },
        ],
      );
      return { kind: 'canaryMappingsEnsured', canaryMappings };
    }
    case 'setCanaryWeight': {
      const { weight } = action;
      const canaryMappings = run.canaryMappings.filter(
        (one) => one.isDiverted !== true && (one.weight !== weight || weight === 0),
      );
      const isHomeward = run.stage === 'retreating';
      const input = {
        ...mappingRef(run, ref),
        weight,
        sequence: run.sequence,
        canaryMappings,
        ...(isHomeward && ({ persistent: true } as const)),
      };
      const proxy = weight === 0 ? cleanup : interruptible;
      const written = await proxy.setCanaryWeight.executeWithOptions({ summary: `canary weight ${weight} %` }, [input]);
      return { kind: 'weightWritten', weight, ...written };
    }
    case 'dropCanaryMappings': {
      const { canaryMappings } = action;
      const names = canaryMappings.map(({ name }) => name);
      const input = { ...mappingRef(run, ref), weight: 0, sequence: run.sequence, canaryMappings };
      await cleanup.setCanaryWeight.executeWithOptions({ summary: `weight 0 % of ${names.join(', ')}` }, [input]);
      const removal = { ...mappingRef(run, ref), names, only: true } as const;
      await cleanup.removeCanaryMappings.executeWithOptions({ summary: `remove ${names.join(', ')}` }, [removal]);
      return { kind: 'canaryMappingsDropped', canaryMappings };
    }
    case 'repairCanaryMappings':
    case 'adoptCanaryMappings':
    case 'awaitServedWeight':
      return performOnGateway(action, run, ref);
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
    case 'awaitCanaryEndpoints': {
      const { canaryService: service } = run.spec;
      const summary = `endpoints of Service ${service} are the canary's pods`;
      await interruptible.awaitEndpoints.executeWithOptions({ summary }, [{ ...ref, service }]);
      return { kind: 'canaryEndpointsReady' };
    }
    case 'removeCanaryMappings': {
      const { summary, input } = removal(run, ref, isLean);
      const { released } = await cleanup.removeCanaryMappings.executeWithOptions({ summary }, [input]);
      return removed(released === true);
    }
    case 'releaseRollout':
      await cleanup.releaseRollout.executeWithOptions({ summary: 'take the finalizer off' }, [ref]);
      return { kind: 'rolloutReleased' };
    default:
      return performOnPods(action, run, ref, isLean);
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

/** Such a run lets those finish that are under way. An abort, also one that a run is started with, does not queue. */
function begins({ uid, ending }: Run): boolean {
  return uid === undefined && ending === undefined;
}
