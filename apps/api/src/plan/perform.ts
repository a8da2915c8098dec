import type { MappingApi } from '@weir/mapping';
import { canaryMappingName, evolve, type ActivityAction, type CanaryMapping, type Run } from '@weir/rollout';
import { performOnPods } from './perform-on-pods.ts';
import { observe, type PlanInput } from './plan-input.ts';
import type { PlannedWrite } from './plan.schemas.ts';
import * as planned from './planned-writes.ts';

export interface Performed {
  readonly run: Run;
  readonly writes: readonly PlannedWrite[];
}

/** What an action does, in a cluster that does what it is told. Pure. */
export function perform(action: ActivityAction, run: Run, input: PlanInput, nowMs: number): Performed {
  const api = input.mappingApi;
  switch (action.kind) {
    case 'observeRollout': {
      const looking = evolve(run, { kind: 'observationStarted' }, nowMs);
      return { run: evolve(looking, { kind: 'observed', observation: observe(input) }, nowMs), writes: [] };
    }
    case 'ensureCanaryMappings': {
      const writes = [...planned.finalizer(input), ...withApi(api, (one) => planned.canaryMappings(input, one, run))];
      const ensured = { kind: 'canaryMappingsEnsured', canaryMappings: canariesOf(input) } as const;
      return { run: evolve(run, ensured, nowMs), writes };
    }
    case 'setCanaryWeight': {
      const { weight } = action;
      const intended = evolve(run, { kind: 'weightIntended', weight }, nowMs);
      const step = run.stage === 'stepping' ? run.stepIndex : null;
      const writes = withApi(api, (one) => planned.weights(input, one, weight, intended.sequence, step));
      const written = { kind: 'weightWritten', weight, canaryMappings: canariesOf(input) } as const;
      return { run: evolve(intended, written, nowMs), writes };
    }
    case 'dropCanaryMappings': {
      // For Mappings that go in mid-run; the run of a plan has made none but those of its manifest.
      const dropped = { kind: 'canaryMappingsDropped', canaryMappings: action.canaryMappings } as const;
      return { run: evolve(run, dropped, nowMs), writes: [] };
    }
    case 'repairCanaryMappings': {
      // Nobody interferes with a plan.
      const { canaryMappings } = run;
      const repaired = { kind: 'mappingsRepaired', canaryMappings, repairs: [], missingStable: [] } as const;
      return { run: evolve(evolve(run, { kind: 'repairStarted' }, nowMs), repaired, nowMs), writes: [] };
    }
    case 'adoptCanaryMappings': {
      const { names } = action;
      const adopted = { kind: 'canaryMappingsAdopted', canaryMappings: [] } as const;
      return { run: evolve(run, adopted, nowMs), writes: withApi(api, (one) => planned.adoptions(input, one, names)) };
    }
    case 'awaitServedWeight': {
      const { weight } = action;
      const report = { state: 'served', weight, message: '' } as const;
      return { run: evolve(run, { kind: 'servedReported', weight, report }, nowMs), writes: [] };
    }
    case 'switchStableService':
      return { run: evolve(run, { kind: 'stableServiceSwitched' }, nowMs), writes: planned.stableService(input) };
    case 'awaitStableEndpoints':
      return { run: evolve(run, { kind: 'stableEndpointsReady' }, nowMs), writes: [] };
    case 'awaitCanaryEndpoints':
      return { run: evolve(run, { kind: 'canaryEndpointsReady' }, nowMs), writes: [] };
    case 'removeCanaryMappings': {
      const made = run.canaryMappings.length > 0;
      const writes = made ? withApi(api, (one) => planned.deletions(input, one)) : [];
      return { run: evolve(run, { kind: 'canaryMappingsRemoved' }, nowMs), writes };
    }
    case 'releaseRollout':
      return { run: evolve(run, { kind: 'rolloutReleased' }, nowMs), writes: planned.finalizerOff(input, run) };
    default:
      return performOnPods(action, run, input, nowMs);
  }
}

function withApi(api: MappingApi | undefined, write: (api: MappingApi) => PlannedWrite[]): PlannedWrite[] {
  return api === undefined ? [] : write(api);
}

function canariesOf({ spec }: PlanInput): CanaryMapping[] {
  return spec.mappings.map((stableName) => ({ stableName, name: canaryMappingName(stableName) }));
}
