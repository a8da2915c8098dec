import { needsFollowUp } from '../planner.ts';
import { currentStep } from '../pods.ts';
import { plannedWeight } from '../replicas.ts';
import type { Run, ServedReport } from '../run.ts';
import { stepsHash } from '../steps.ts';
import { ABORTED } from '../transitions.ts';
import { DEFAULT_SERVED_DEADLINE_SECONDS } from '../types.ts';

/**
 * Looks on while a run goes, with a memory of its own, and throws for what must never happen to traffic: a raise after an abort, a
 * weight above the plan, a pause that ends early or begins before its weight counts, a stable Service that is switched before the
 * gateway serves weight 100.
 */
export class TrafficWatch {
  /** How often each rule was looked at: one that never was would hold too. */
  readonly looked = { ends: 0, pauses: 0, switches: 0, repairs: 0 };
  private writtenAtMs = 0;
  private dueAtMs = 0;
  private report: { readonly state: ServedReport['state']; readonly weight: number; readonly atMs: number } | undefined;
  private pausedSinceMs = 0;
  private isWaived = false;
  /** What was aborted by a person stays so until it is retried, or something else is tried. */
  private barred: string | undefined;

  /** The gateway was told something new. */
  wrote({ spec }: Run, nowMs: number): void {
    const { servedDeadlineSeconds = DEFAULT_SERVED_DEADLINE_SECONDS } = spec;
    this.writtenAtMs = nowMs;
    this.dueAtMs = nowMs + servedDeadlineSeconds * 1_000;
    this.report = undefined;
    this.isWaived = false;
  }

  answered(state: ServedReport['state'], weight: number, atMs: number): void {
    this.report = { state, weight, atMs };
  }

  /** The run is about to write a weight. */
  intends(run: Run, weight: number): void {
    const { ending, stage, writtenWeight, intendedWeight, spec, stepIndex } = run;
    const known = Math.max(writtenWeight, intendedWeight);
    this.looked.ends += ending === undefined ? 0 : 1;
    if (ending !== undefined && weight > known) {
      throw new Error(`weight ${weight} after the run was ${ending.outcome} at ${known}`);
    }
    if (weight > 0 && ending === undefined && this.barred === tryOf(run) && !run.retrying) {
      throw new Error(`weight ${weight} for what was aborted and not retried`);
    }
    if (stage === 'stepping' && weight > Math.max(plannedWeight(spec.steps, currentStep(run)), writtenWeight)) {
      throw new Error(`weight ${weight} at step ${stepIndex} of ${JSON.stringify(spec.steps)}`);
    }
  }

  /** The run is about to write again what somebody else changed. */
  putsBack({ writtenWeight, intendedWeight }: Run, weight: number): void {
    this.looked.repairs++;
    if (weight > Math.max(writtenWeight, intendedWeight)) {
      throw new Error(`a repair at weight ${weight}, and ${writtenWeight} was written`);
    }
  }

  /** The stable Service is about to be given the new revision. */
  switches(run: Run, nowMs: number): void {
    if (run.ending !== undefined) {
      throw new Error(`the stable Service is switched by a run that is ${run.ending.outcome}`);
    }
    if (run.spec.workload?.replicas === 0) {
      return; // Nobody has any traffic.
    }
    if (run.writtenWeight !== 100) {
      throw new Error(`the stable Service is switched at weight ${run.writtenWeight}`);
    }
    this.looked.switches += run.verifies === true ? 1 : 0;
    this.expectCounted(run, nowMs, 'the stable Service is switched');
  }

  /** @param why - the kind of the event, or the name of the command */
  changed(before: Run, after: Run, why: string, nowMs: number): void {
    const left = pauseOf(before);
    if (why === 'stepFinished' && left !== undefined) {
      this.looked.pauses++;
      const lastedMs = nowMs - this.pausedSinceMs;
      if (left.durationMs === undefined || lastedMs < left.durationMs) {
        throw new Error(`a pause of ${left.durationMs ?? 'no'} ms ended by itself after ${lastedMs} ms`);
      }
    }
    const wasLate = before.served?.state === 'notServed' && before.served.atMs >= this.dueAtMs;
    this.isWaived ||= why === 'skip' || (why === 'promote' && wasLate);
    this.entered(before, after, why === 'skip' || why === 'promote', nowMs);
  }

  private entered(before: Run, after: Run, isByHand: boolean, nowMs: number): void {
    const isNew = before.stage !== after.stage || before.stepIndex !== after.stepIndex;
    if (pauseOf(after) === undefined || !isNew) {
      return;
    }
    this.pausedSinceMs = nowMs;
    if (after.writtenWeight > 0 && !isByHand) {
      this.expectCounted(after, nowMs, 'a pause begins');
    }
  }

  closed(run: Run): void {
    const isAborted = run.ending?.outcome === 'aborted' && run.ending.reason === ABORTED;
    // Without pods another generation is another try.
    const isAnew = run.retryRequested || (run.spec.workload === undefined && needsFollowUp(run));
    this.barred = isAborted && !isAnew ? tryOf(run) : undefined;
  }

  /** Another generation is another try where there are no pods. */
  unbar(): void {
    this.barred = undefined;
  }

  private expectCounted({ verifies, writtenWeight }: Run, nowMs: number, what: string): void {
    const { state, weight, atMs = 0 } = this.report ?? {};
    const isServed = state === 'served' && weight === writtenWeight;
    const isUnknown = state === 'unknown' && atMs >= this.dueAtMs;
    if (verifies === true && !isServed && !isUnknown && !this.isWaived) {
      const sinceMs = nowMs - this.writtenAtMs;
      throw new Error(
        `${what} ${sinceMs} ms after weight ${writtenWeight} was written; the gateway: ${state ?? 'unasked'}`,
      );
    }
  }
}

function pauseOf({ stage, spec, stepIndex }: Run): { readonly durationMs?: number } | undefined {
  const step = stage === 'stepping' ? spec.steps[stepIndex] : undefined;
  return step?.kind === 'pause' ? step : undefined;
}

function tryOf({ revision, spec }: Run): string {
  return `${revision.canary} ${stepsHash(spec.steps)}`;
}
