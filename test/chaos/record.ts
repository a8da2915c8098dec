import { problemsOf } from './checks.ts';
import type { Recording } from './cut-points.ts';
import { readHistory, type RecordedHistory } from './history.ts';
import type { Scenario } from './scenarios.ts';
import type { Stage } from './stage.ts';
import { Trial } from './trial.ts';

/**
 * An undisturbed run of the scenario, to compare with and to take cut points from.
 *
 * @param before - another one, which it must be like
 * @throws Error when even that breaks a promise
 */
export async function record(stage: Stage, scenario: Scenario, before?: Recording): Promise<Recording> {
  const trial = await Trial.given(stage, scenario);
  const observed = await trial.run({}, before?.observed.objects);
  const problems = problemsOf(scenario, before?.observed ?? observed, observed);
  if (problems.length > 0 || observed.writes.length === 0) {
    throw new Error(`the undisturbed run of ${scenario.name} is not as it should be: ${problems.join('; ')}`);
  }
  const recording = { scenario, observed, history: await historyOf(trial) };
  await trial.dispose();
  return recording;
}

/** Of all its runs, in order. */
async function historyOf({ stage, app, firstRun }: Trial): Promise<RecordedHistory> {
  const { temporal } = stage.cluster;
  const found: { readonly startedMs: number; readonly history: RecordedHistory }[] = [];
  for await (const { runId, startTime } of temporal.workflow.list({ query: `WorkflowId = '${app.workflowId}'` })) {
    if (runId !== firstRun) {
      const { events } = await temporal.workflow.getHandle(app.workflowId, runId).fetchHistory();
      found.push({ startedMs: startTime.getTime(), history: readHistory(events ?? []) });
    }
  }
  const histories = found.toSorted((a, b) => a.startedMs - b.startedMs).map(({ history }) => history);
  return {
    activities: histories.flatMap(({ activities }) => activities),
    timers: histories.flatMap(({ timers }) => timers),
  };
}
