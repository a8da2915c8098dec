import {
  ActivityFailure,
  CancellationScope,
  CancelledFailure,
  allHandlersFinished,
  condition,
  continueAsNew,
  isCancellation,
  log,
  patched,
  workflowInfo,
} from '@temporalio/workflow';
import { type CanaryRolloutInput, type CanaryRolloutResult, type RunRef } from '@weir/contract';
import {
  evolve,
  hasPods,
  needsFollowUp,
  newRun,
  nextAction,
  noticesOf,
  refuse,
  take,
  type Action,
  type ActivityAction,
  type Command,
  type Run,
  type RunEvent,
} from '@weir/rollout';
import type { Performed } from './ahead.ts';
import { isUpkeep } from './perform-on-pods.ts';
import { perform, problemOf } from './perform.ts';
import { UNNAMED_ACTOR } from './messages.ts';
import { receiveMessages } from './receive-messages.ts';
import { Reporter, paceOf } from './reporter.ts';

/** Before continue-as-new; a healthy API server takes a status in milliseconds. */
const FLUSH_TIMEOUT = '5 seconds';
/**
 * A worker that starts, or takes a run over from one that died, replays its history at some 1 ms an event (measured on two shared
 * cores): this many fit well into a workflow task. The server suggests it at 4,096.
 */
const LONG_HISTORY_EVENTS = 300;
/** Temporal's clock ends in 2262, and an annotation can name any year; what is planned again when it fires is a timer more. */
const LONGEST_TIMER_MS = 365 * 24 * 3_600_000;
/** Actions that wait for something in the cluster. */
const WAITS: readonly ActivityAction['kind'][] = [
  'awaitStableEndpoints',
  'awaitCanaryEndpoints',
  'awaitServedWeight',
  'pointServices',
];

/**
 * One run of a Rollout: from the moment something new is wanted until the cluster is there, or back. An interpreter: what to
 * do next is decided by the pure planner of `@weir/rollout`; this calls the activity, waits for the timer or for a person, and
 * records. Message handlers only change the state; the loop acts on it.
 */
export async function canaryRollout(input: CanaryRolloutInput): Promise<CanaryRolloutResult> {
  return new CanaryRollout(input).execute();
}

class CanaryRollout {
  /** Histories from before have a report for each change, and an activity for each action. */
  private readonly isLean = patched('2026-11-23-fewer-activities');
  private readonly ref: RunRef;
  private readonly reporter: Reporter;
  private run: Run;
  /** What an abort may overtake. */
  private underWay: { readonly scope: CancellationScope; readonly action: ActivityAction } | undefined;
  private cancelled = false;
  private closed = false;

  constructor(private readonly input: CanaryRolloutInput) {
    const { workflowId, runId } = workflowInfo();
    this.ref = { rollout: input.rollout, workflowId, runId: input.firstRunId ?? runId };
    this.reporter = new Reporter(this.ref, paceOf(this.isLean), input.pendingEvents);
    this.run = input.run ?? newRun();
    this.cancelled = input.cancelled ?? false;
    receiveMessages({
      state: () => ({ run: this.run, firstRunId: this.ref.runId }),
      happened: (event) => this.apply(event),
      command: (command) => this.command(command),
      told: () => this.interruptWaiting(),
    });
    if (input.abort !== undefined) {
      this.command({ name: 'abort', actor: UNNAMED_ACTOR, ...input.abort });
    }
    if (input.run !== undefined) {
      this.reporter.changed(this.run); // The Temporal UI forgets the current details with each execution.
    }
  }

  /** Everything is shielded from cancellation, because the way to cancel a rollout is to take its traffic home first. */
  async execute(): Promise<CanaryRolloutResult> {
    CancellationScope.current().cancelRequested.catch(() => {
      // Too late to abort is too late to cancel: then the run ends as what it came to be.
      this.cancelled = this.command({
        name: 'abort',
        actor: 'a Temporal client',
        reason: 'the workflow was cancelled',
      });
    });
    return CancellationScope.nonCancellable(() => this.drive());
  }

  private async drive(): Promise<CanaryRolloutResult> {
    const reporting = this.reporter.work(() => this.closed);
    for (;;) {
      const action = nextAction(this.run, Date.now());
      this.reporter.does(action.kind);
      if (action.kind !== 'close') {
        await this.continueAsNewIfLong();
        await this.interpret(action);
        continue;
      }
      await condition(() => this.reporter.isIdle());
      // News that came with the last report may be something to do.
      if (nextAction(this.run, Date.now()).kind === 'close') {
        break;
      }
    }
    this.closed = true;
    await reporting;
    return this.close();
  }

  private async interpret(action: Exclude<Action, { kind: 'close' }>): Promise<void> {
    switch (action.kind) {
      case 'wait':
        return this.wait(action);
      case 'finishStep':
        return this.apply({ kind: 'stepFinished' });
      case 'startPromotion':
        return this.apply({ kind: 'promotionStarted' });
      case 'progressDeadline':
        return this.apply({ kind: 'progressDeadlineExceeded' });
      case 'observeRollout':
        this.apply({ kind: 'observationStarted' });
        return this.act(action);
      case 'repairCanaryMappings':
        this.apply({ kind: 'repairStarted' });
        return this.act(action);
      case 'setCanaryWeight':
      case 'dropCanaryMappings':
        // Each is a write of its own in the order of writes; that of a dropped Mapping leaves the others' weight.
        this.apply({ kind: 'weightIntended', weight: 'weight' in action ? action.weight : this.run.intendedWeight });
        return this.act(action);
      default:
        return this.act(action);
    }
  }

  /** Until the deadline, or until anything changes what the planner says. */
  private async wait({ untilMs, why }: Extract<Action, { kind: 'wait' }>): Promise<void> {
    let seen = this.run;
    const changed = (): boolean => {
      const isNews = this.run !== seen;
      seen = this.run;
      return isNews && (this.isLong() || !this.stillWaits(untilMs));
    };
    if (untilMs === undefined) {
      await condition(changed);
    } else {
      const forMs = Math.min(Math.max(untilMs - Date.now(), 1), LONGEST_TIMER_MS);
      await condition(changed, forMs, { summary: why });
    }
  }

  /** Pods come and go; a timer that is set anew for each would be most of the history. */
  private stillWaits(untilMs: number | undefined): boolean {
    if (!hasPods(this.run)) {
      return false; // Histories from before there were pods set it anew.
    }
    const next = nextAction(this.run, Date.now());
    return next.kind === 'wait' && next.untilMs === untilMs;
  }

  private async act(action: ActivityAction): Promise<void> {
    const { ending } = this.run;
    const scope = new CancellationScope({ cancellable: true });
    this.underWay = { scope, action };
    try {
      this.applyPerformed(await scope.run(() => perform(action, this.run, this.ref, this.isLean)));
    } catch (error) {
      const isOvertaken = this.run.ending !== ending || scope.consideredCancelled;
      const overtaken = isOvertaken && (isCancellation(error) || error instanceof ActivityFailure);
      if (!overtaken) {
        const problem = problemOf(error);
        const { kind } = action;
        this.apply(
          isUpkeep(action)
            ? { kind: 'postponed', action: kind, message: problem.message }
            : { kind: 'failed', problem },
        );
      }
    } finally {
      this.underWay = undefined;
    }
  }

  /** What was done ahead counts only where it still is what comes next: else it is done again, which changes nothing. */
  private applyPerformed(performed: Performed): void {
    if (performed.kind !== 'ahead') {
      return this.apply(performed);
    }
    this.apply(performed.event);
    if (nextAction(this.run, Date.now()).kind === performed.then.action) {
      this.apply(performed.then.event);
    }
  }

  private apply(event: RunEvent): void {
    this.become(evolve(this.run, event, Date.now()), event);
  }

  private become(run: Run, event?: RunEvent): void {
    const before = this.run;
    this.run = run;
    for (const { type, reason, message } of noticesOf(before, run, event)) {
      this.reporter.event(type, reason, message, Date.now());
    }
    this.reporter.changed(run);
  }

  /** @returns whether the command was taken */
  private command(command: Command): boolean {
    const refusal = refuse(this.run, command);
    if (refusal !== undefined) {
      log.warn('a command is refused', { command: command.name, actor: command.actor, ...refusal });
      return false;
    }
    const { ending } = this.run;
    this.become(take(this.run, command, Date.now()));
    if (this.run.ending !== ending) {
      this.underWay?.scope.cancel();
    } else if (this.underWay?.action.kind === 'awaitServedWeight') {
      this.interruptWaiting();
    }
    return true;
  }

  /** These may take long, and what was told may be that something else comes first. */
  private interruptWaiting(): void {
    const { scope, action } = this.underWay ?? {};
    const mayWait = action !== undefined && (WAITS.includes(action.kind) || isUpkeep(action));
    if (mayWait && nextAction(this.run, Date.now()).kind !== action.kind) {
      scope?.cancel();
    }
  }

  private isLong(): boolean {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    const { continueAsNewAfterEvents = this.isLean ? LONG_HISTORY_EVENTS : Infinity } = this.input;
    return continueAsNewSuggested || historyLength >= continueAsNewAfterEvents;
  }

  /** Deadlines are absolute in the state, so that nothing moves when the history begins anew. */
  private async continueAsNewIfLong(): Promise<void> {
    if (!this.isLong()) {
      return;
    }
    this.reporter.does('close');
    // A status that cannot be written must not hold a weight back.
    await condition(() => this.reporter.isIdle(), FLUSH_TIMEOUT, { summary: 'flush the status' });
    const { abort: _taken, ...input } = this.input;
    await continueAsNew<typeof canaryRollout>({
      ...input,
      run: this.reporter.asReported(this.run),
      firstRunId: this.ref.runId,
      pendingEvents: this.reporter.pendingEvents(),
      cancelled: this.cancelled,
    });
  }

  private async close(): Promise<CanaryRolloutResult> {
    await condition(allHandlersFinished);
    if (needsFollowUp(this.run)) {
      const { rollout, continueAsNewAfterEvents } = this.input;
      // A command that comes again must not be taken by the next run for its own.
      const { retryRequested: retrying, handledKeys, lastMappingWriteMs } = this.run;
      const run: Run = {
        ...newRun(),
        retrying,
        handledKeys,
        askedAnew: true,
        ...(lastMappingWriteMs && { lastMappingWriteMs }),
      };
      await continueAsNew<typeof canaryRollout>({
        rollout,
        run,
        ...(continueAsNewAfterEvents && { continueAsNewAfterEvents }),
      });
    }
    if (this.cancelled) {
      throw new CancelledFailure('cancelled: traffic is back on stable and no canary Mapping is left');
    }
    const { outcome, reason, message } = this.run.ending ?? { outcome: 'nothingToDo', reason: '', message: '' };
    return { outcome, reason, message };
  }
}
