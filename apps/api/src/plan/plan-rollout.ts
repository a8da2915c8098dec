import type { MappingApi } from '@weir/mapping';
import {
  assertNever,
  canaryMappingName,
  describeStep,
  evolve,
  newRun,
  nextAction,
  take,
  weightBeforeStep,
  type ActivityAction,
  type CanaryMapping,
  type Run,
} from '@weir/rollout';
import { observe, type PlanInput } from './plan-input.ts';
import type { Plan, PlannedStep, PlannedWrite } from './plan.schemas.ts';
import * as planned from './planned-writes.ts';

/** Who promotes the pauses that wait for a person. */
const SOMEBODY = { name: 'promote', actor: 'somebody' } as const;

/**
 * What a run would do, by the planner that the workflow itself interprets: the same decisions, on a cluster that does what it
 * is told. Pure; time passes as the pauses say.
 */
export function planRollout(input: PlanInput): Plan {
  const { rollout, spec } = input;
  const { namespace = '', name, uid = '', generation = 1 } = rollout.metadata;
  const writes = [planned.storedRollout(input)];
  let nowMs = 0;
  let run = evolve(newRun(), { kind: 'told', wanted: { uid, generation }, lookAgain: true }, nowMs);
  // One action a step and a few around them; a run that is not at its end by then would be a defect of the planner.
  for (let left = 2 * spec.steps.length + 20; left > 0; left--) {
    const action = nextAction(run, nowMs);
    switch (action.kind) {
      case 'close':
        return {
          namespace,
          name,
          ...endingOf(run),
          steps: stepsOf(input),
          writes,
          problems: [...observe(input).problems],
        };
      case 'wait':
        nowMs = action.untilMs ?? nowMs;
        run = action.untilMs === undefined ? take(run, SOMEBODY, nowMs) : run;
        break;
      case 'finishStep':
        run = evolve(run, { kind: 'stepFinished' }, nowMs);
        break;
      case 'startPromotion':
        run = evolve(run, { kind: 'promotionStarted' }, nowMs);
        break;
      default: {
        const done = perform(action, run, input, nowMs);
        writes.push(...done.writes);
        run = done.run;
      }
    }
  }
  throw new Error('the plan does not come to an end');
}

interface Performed {
  readonly run: Run;
  readonly writes: readonly PlannedWrite[];
}

function perform(action: ActivityAction, run: Run, input: PlanInput, nowMs: number): Performed {
  const api = input.mappingApi;
  switch (action.kind) {
    case 'observeRollout': {
      const looking = evolve(run, { kind: 'observationStarted' }, nowMs);
      return { run: evolve(looking, { kind: 'observed', observation: observe(input) }, nowMs), writes: [] };
    }
    case 'ensureCanaryMappings': {
      const writes = [
        ...planned.finalizer(input),
        ...withApi(api, (one) => planned.canaryMappings(input, one, run.sequence)),
      ];
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
    case 'switchStableService':
      return { run: evolve(run, { kind: 'stableServiceSwitched' }, nowMs), writes: planned.stableService(input) };
    case 'awaitStableEndpoints':
      return { run: evolve(run, { kind: 'stableEndpointsReady' }, nowMs), writes: [] };
    case 'removeCanaryMappings': {
      const made = run.canaryMappings.length > 0;
      const writes = made ? withApi(api, (one) => planned.deletions(input, one)) : [];
      return { run: evolve(run, { kind: 'canaryMappingsRemoved' }, nowMs), writes };
    }
    case 'releaseRollout':
      return {
        run: evolve(run, { kind: 'rolloutReleased' }, nowMs),
        // A run that found nothing to try has set none.
        writes: run.ending?.outcome === 'promoted' ? planned.finalizerOff(input) : [],
      };
    default:
      return assertNever(action);
  }
}

function withApi(api: MappingApi | undefined, write: (api: MappingApi) => PlannedWrite[]): PlannedWrite[] {
  return api === undefined ? [] : write(api);
}

function canariesOf({ spec }: PlanInput): CanaryMapping[] {
  return spec.mappings.map((stableName) => ({ stableName, name: canaryMappingName(stableName) }));
}

function endingOf({ ending }: Run): Pick<Plan, 'outcome' | 'message'> {
  return { outcome: ending?.outcome ?? 'unknown', message: ending?.message ?? '' };
}

function stepsOf({ spec: { steps } }: PlanInput): PlannedStep[] {
  return steps.map((step, index) => ({
    index,
    what: describeStep(step),
    weightBefore: weightBeforeStep(steps, index),
    weightAfter: weightBeforeStep(steps, index + 1),
    durationSeconds: step.kind === 'pause' && step.durationMs !== undefined ? step.durationMs / 1_000 : null,
  }));
}
