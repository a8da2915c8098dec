import {
  canaryReplicas,
  describeStep,
  evolve,
  newRun,
  nextAction,
  take,
  weightBeforeStep,
  type Run,
} from '@weir/rollout';
import { perform } from './perform.ts';
import { problemsOf, type PlanInput } from './plan-input.ts';
import type { Plan, PlannedStep } from './plan.schemas.ts';
import { sharesAt } from './planned-shares.ts';
import * as planned from './planned-writes.ts';

/** Who promotes the pauses that wait for a person. */
const SOMEBODY = { name: 'promote', actor: 'somebody' } as const;

/** A step takes a few actions: pods, Services, endpoints, Mappings, weight. Around the steps there are some more. */
const MAX_ACTIONS = { ofStep: 10, around: 60 } as const;

/**
 * What a run would do, by the planner that the workflow itself interprets: the same decisions, on a cluster that does what it
 * is told. Pure; time passes as the pauses say.
 */
export function planRollout(given: PlanInput): Plan {
  const { paused: isPaused, ...spec } = given.spec;
  const input = { ...given, spec };
  const { namespace = '', name, uid = '', generation = 1 } = input.rollout.metadata;
  const writes = [planned.storedRollout(input)];
  let { nowMs } = input;
  let run = evolve(newRun(), { kind: 'told', wanted: { uid, generation }, lookAgain: true }, nowMs);
  // A run that is not at its end by then would be a defect of the planner.
  for (let left = MAX_ACTIONS.ofStep * spec.steps.length + MAX_ACTIONS.around; left > 0; left--) {
    const action = nextAction(run, nowMs);
    switch (action.kind) {
      case 'close':
        return {
          namespace,
          name,
          ...endingOf(run),
          steps: stepsOf(input),
          writes,
          ...(isPaused === true && { warnings: [HELD] }),
          problems: problemsOf(input),
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
      case 'progressDeadline':
        run = evolve(run, { kind: 'progressDeadlineExceeded' }, nowMs);
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

const HELD = {
  path: 'spec.paused',
  message: 'holds the steps; the plan says what comes once it is false',
};

function endingOf({ ending }: Run): Pick<Plan, 'outcome' | 'message'> {
  return { outcome: ending?.outcome ?? 'unknown', message: ending?.message ?? '' };
}

function stepsOf(input: PlanInput): PlannedStep[] {
  const { steps, workload, ...spec } = input.spec;
  const sharesOf = sharesAt(input);
  return steps.map((step, index) => {
    const weightAfter = weightBeforeStep(steps, index + 1);
    return {
      index,
      what: describeStep(step),
      weightBefore: weightBeforeStep(steps, index),
      weightAfter,
      shares: [...sharesOf(weightAfter)],
      canaryReplicas: workload === undefined ? null : canaryReplicas({ ...spec, steps, workload }, index, weightAfter),
      durationSeconds: step.kind === 'pause' && step.durationMs !== undefined ? step.durationMs / 1_000 : null,
    };
  });
}
