import { phaseOf } from './phase.ts';
import { servingHash } from './pods.ts';
import type { Run, StepRecord } from './run.ts';
import { runSummary } from './status.ts';
import { describeStep } from './steps.ts';
import type { Step } from './types.ts';

/**
 * What the Temporal UI shows as the current details of a run: one sentence, and a table of the steps with times and
 * actors. Markdown.
 */
export function renderDetails(run: Run): string {
  const { phase, message } = phaseOf(run);
  const headline = [
    `**${phase}**${message === '' ? '' : `: ${escape(message)}`}`,
    `weight ${run.writtenWeight} %`,
    ...(run.pauseDeadlineMs === undefined
      ? []
      : [`pause ends ${new Date(run.pauseDeadlineMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`]),
  ].join(' · ');
  const rows = run.spec.steps.map((step, index) => row(step, index, run));
  return [
    headline,
    '',
    '| # | step | state | started (UTC) | ended (UTC) | by |',
    '|---|---|---|---|---|---|',
    ...rows,
    ...podsTable(run),
  ].join('\n');
}

function podsTable(run: Run): string[] {
  const { revisions } = runSummary(run);
  if (revisions === undefined || revisions.length === 0) {
    return [];
  }
  const rowsOfPods = revisions.map(
    (revision) =>
      `| ${revision.number} | ${roleOf(run, revision.hash)} | ${revision.replicas} | ${revision.available} | ${revision.name} |`,
  );
  return ['', '| revision | role | pods | available | ReplicaSet |', '|---|---|---|---|---|', ...rowsOfPods];
}

function roleOf(run: Run, hash: string): string {
  return hash === servingHash(run) ? 'stable' : hash === run.revision.canary ? 'canary' : 'old';
}

function row(step: Step, index: number, run: Run): string {
  const record = run.stepRecords[index];
  const by = record?.by === undefined ? '' : attribution(record.by.actor, record.by.reason);
  return `| ${index + 1} | ${describeStep(step)} | ${stateOf(record, run)} | ${clock(record?.startedAtMs)} | ${clock(record?.endedAtMs)} | ${by} |`;
}

function stateOf(record: StepRecord | undefined, run: Run): string {
  if (record?.startedAtMs === undefined) {
    return run.ending === undefined ? 'waiting' : 'skipped';
  }
  return record.endedAtMs === undefined ? 'under way' : 'done';
}

function attribution(actor: string, reason: string | undefined): string {
  return escape(reason === undefined ? actor : `${actor}: ${reason}`);
}

/** Actors and reasons are other people's text: it must not break the table or add markup. */
function escape(text: string): string {
  return text.replace(/[\\`*_{}[\]<>|#!]/g, '\\$&').replace(/\s+/g, ' ');
}

function clock(epochMs: number | undefined): string {
  return epochMs === undefined ? '' : new Date(epochMs).toISOString().slice(11, 19);
}
