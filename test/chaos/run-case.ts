import { Breakpoint, beforeDue } from './breakpoint.ts';
import { problemsOf, sweptMappings } from './checks.ts';
import type { Recording } from './cut-points.ts';
import { followTimers, nextRun, type StartedTimer } from './history.ts';
import { numbered } from './numbered.ts';
import { REQUEST_FAULT_HANDLERS } from './request-faults.ts';
import type { Disturbance, Observed, Trial } from './trial.ts';
import { timelineOf } from './timeline.ts';
import { isProcessFault, type Case, type CaseResult, type Cut, type ProcessFault, type Verdict } from './types.ts';

/** A disturbance, and whether it came about. */
export interface Arranged {
  readonly disturbance: Disturbance;
  /** Of a fault of processes; struck from outside. */
  readonly breakpoint?: Breakpoint;
  readonly isDone: () => boolean;
}

/** What a case does to its rollout by itself; nothing where the fault comes from outside. */
export function arrange({ cut, fault }: Case): Arranged {
  if (isProcessFault(fault)) {
    return arrangeBreakpoint(cut, fault);
  }
  if (cut.kind === 'shared') {
    return { disturbance: {}, isDone: () => false };
  }
  if (cut.kind !== 'request') {
    throw new Error(`${fault} is a fault of requests, and ${cut.kind} is none`);
  }
  let isDone = false;
  const arm = ({ lane }: Trial): void =>
    lane.trap(cut.key, async (exchange) => {
      isDone = true;
      await REQUEST_FAULT_HANDLERS[fault](exchange);
    });
  // What is written late is to meet a rollout that has gone on; what is created late, one that is over.
  const isPatient = fault === 'late' && !cut.key.startsWith('POST.') && ({ isPatient: true } as const);
  return { disturbance: { arm, ...isPatient }, isDone: () => isDone };
}

/** The verdict on what was seen. */
export function judge(
  { id, scenario, fault }: Case,
  recording: Recording,
  observed: Observed,
  { isDone, strike }: { readonly isDone: boolean; readonly strike: string },
): CaseResult {
  const problems = problemsOf(recording.scenario, recording.observed, observed);
  return {
    id,
    scenario,
    fault,
    verdict: verdictOf(observed, problems, isDone),
    problems,
    ...(problems.length > 0 && { timeline: timelineOf(observed) }),
    swept: sweptMappings(observed),
    tookMs: observed.tookMs,
    namespace: observed.namespace,
    strike,
  };
}

function verdictOf({ end }: Observed, problems: readonly string[], isDone: boolean): Verdict {
  if (end !== 'ended') {
    return end;
  }
  if (problems.length > 0) {
    return 'violated';
  }
  return isDone ? 'held' : 'unreached';
}

function arrangeBreakpoint(cut: Cut, fault: ProcessFault): Arranged {
  const breakpoint = new Breakpoint(fault, cut);
  const isDone = (): boolean => breakpoint.isReached;
  switch (cut.kind) {
    case 'request':
      return {
        disturbance: { arm: ({ lane }) => breakpoint.trap(lane, cut.key, cut.moment) },
        breakpoint,
        isDone,
      };
    case 'command':
      return { disturbance: { command: { name: cut.command, moment: cut.moment, breakpoint } }, breakpoint, isDone };
    case 'timer':
      return {
        disturbance: { arm: (trial, signal) => void watchTimer(trial, cut, breakpoint, signal) },
        breakpoint,
        isDone,
      };
    case 'shared':
      throw new Error(`${fault} strikes processes, and needs no request that is shared`);
  }
}

/** Until the fault has struck; the history cannot be followed while Temporal is away, nor need it be. */
async function watchTimer(
  { stage, app, firstRun }: Trial,
  { timer, moment }: Cut & { kind: 'timer' },
  breakpoint: Breakpoint,
  signal: AbortSignal,
): Promise<void> {
  const { temporal } = stage.cluster;
  const pending = new Map<string, AbortController>();
  const number = numbered();
  try {
    const runId = await nextRun(temporal, app.workflowId, firstRun, signal);
    const news = {
      onStarted: ({ id, name, dueMs }: StartedTimer) => {
        if (number(name) !== timer || breakpoint.isReached) {
          return;
        }
        if (moment === 'started') {
          breakpoint.pass();
          return;
        }
        const cancelling = new AbortController();
        pending.set(id, cancelling);
        beforeDue(breakpoint, dueMs, AbortSignal.any([signal, cancelling.signal]));
      },
      onCancelled: (id: string) => pending.get(id)?.abort(),
    };
    await followTimers(temporal, { workflowId: app.workflowId, runId }, news, signal);
  } catch (error) {
    if (!signal.aborted && !breakpoint.isReached) {
      // Another rollout's fault has struck first; the case is then unreached, and says so.
      process.stderr.write(`the history of ${app.workflowId} can no longer be followed: ${String(error)}\n`);
    }
  }
}
