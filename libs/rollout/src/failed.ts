import { GATEWAY_REFUSED, servedReported } from './gateway.ts';
import type { Ending, Problem, Run } from './run.ts';
import { weightStableNeeds } from './traffic.ts';
import { CANARY_MAPPING_GONE, SUPERSEDED, retreat } from './transitions.ts';

/** Once the stable Service selects the new revision nothing is undone any more: the planner tries the same again. */
export function failed(before: Run, problem: Problem, nowMs: number): Run {
  const run = withDiverted(before, problem);
  const isSwitched = run.stage === 'promoting' && (run.promotion === 'endpoints' || run.promotion === 'cleanup');
  const isUnderWay = run.stage === 'stepping' || run.stage === 'promoting';
  if (problem.reason === CANARY_MAPPING_GONE && isUnderWay && !isSwitched) {
    return { ...run, mappingsChanged: true }; // It is put back, and then the same is tried again.
  }
  if (run.stage === 'retreating') {
    return failedOnTheWayHome(run, problem);
  }
  if (run.stage === 'settling') {
    return failedWhileSettling(run, problem, nowMs);
  }
  return isSwitched ? run : retreat(run, endingOf(problem), nowMs);
}

/** A canary Mapping that stable cannot do without yet is put back, once. */
function failedOnTheWayHome(run: Run, { reason }: Problem): Run {
  const mayMend = reason === CANARY_MAPPING_GONE && run.mendedOnTheWayHome !== true && weightStableNeeds(run) > 0;
  return mayMend ? { ...run, mappingsChanged: true, mendedOnTheWayHome: true } : { ...run, isWeightLost: true };
}

/** Pods wait for a gateway that has an error as for one that is late. Of anything else, what was read is no longer so. */
function failedWhileSettling(run: Run, { reason, message }: Problem, nowMs: number): Run {
  return reason === GATEWAY_REFUSED
    ? servedReported(run, run.writtenWeight, { state: 'notServed', message }, nowMs)
    : { ...run, lookAgain: true };
}

function withDiverted(run: Run, { diverted }: Problem): Run {
  return diverted === undefined
    ? run
    : {
        ...run,
        canaryMappings: run.canaryMappings.map((one) =>
          diverted.includes(one.name) ? { ...one, isDiverted: true } : one,
        ),
      };
}

function endingOf({ reason, message, by }: Problem): Ending {
  return { outcome: reason === SUPERSEDED ? 'superseded' : 'aborted', reason, message, ...(by && { by }) };
}
