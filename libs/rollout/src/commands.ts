import { assertNever } from './assert-never.ts';
import { isNotServed, waived, whenItCounts } from './gateway.ts';
import { abortMessage, missingStable } from './mappings.ts';
import type { Run } from './run.ts';
import { ABORTED, endStep, enterStep, retreat } from './transitions.ts';
import type { Attribution } from './types.ts';

export type CommandName = 'promote' | 'abort' | 'pause' | 'resume' | 'retry' | 'skip';

/** A command with who gave it, why, and what the caller saw. */
export interface Command extends Attribution {
  readonly name: CommandName;
  /** promote: all the way, not just to the next step. */
  readonly full?: boolean;
  /** promote, skip: the 0-based step that the caller saw (`status.currentStepIndex`); another one now means that it is stale. */
  readonly expectedStep?: number;
  /** A command with a key that this run has taken already does nothing. */
  readonly idempotencyKey?: string;
}

/** Why a command cannot be taken. `code` is stable, for machines. */
export interface Refusal {
  readonly code:
    | 'StaleStep'
    | 'NotWaiting'
    | 'AlreadyEnding'
    | 'AlreadyPromoted'
    | 'AlreadyHeld'
    | 'NotHeld'
    | 'NotAborted'
    | 'HeldBySpec';
  readonly message: string;
}

/** Keys of the last commands are kept; a retry of a request comes within seconds, not after hundreds of others. */
const MAX_HANDLED_KEYS = 200;

/** Why the command would be refused now, or undefined. Pure: update validators and the signals share it. */
export function refuse(run: Run, command: Command): Refusal | undefined {
  if (isRepeated(run, command)) {
    return undefined;
  }
  if (isStale(run, command)) {
    return {
      code: 'StaleStep',
      message: `expectedStep is ${command.expectedStep}, but the rollout is at step ${run.stepIndex}`,
    };
  }
  if (command.name === 'abort') {
    return refuseAbort(run);
  }
  if (command.name === 'retry') {
    // A run that has not looked yet may have been started for it.
    return !run.looked || run.ending?.outcome === 'aborted'
      ? undefined
      : { code: 'NotAborted', message: 'only an aborted rollout can be retried' };
  }
  if (run.stage === 'promoting') {
    return { code: 'AlreadyPromoted', message: 'the rollout is being promoted' };
  }
  if (isEnding(run)) {
    return { code: 'AlreadyEnding', message: `the run is ending: ${run.ending?.message ?? run.stage}` };
  }
  return refuseInSteps(run, command.name, command.full === true);
}

function isStale(run: Run, { name, expectedStep }: Command): boolean {
  const movesStep = name === 'promote' || name === 'skip';
  return movesStep && expectedStep !== undefined && expectedStep !== run.stepIndex;
}

function refuseAbort(run: Run): Refusal | undefined {
  if (run.promotion === 'cleanup' || (run.stage === 'promoting' && run.promotion === 'endpoints')) {
    return { code: 'AlreadyPromoted', message: 'promoted; use undo: the stable Service selects the new revision' };
  }
  return isEnding(run)
    ? { code: 'AlreadyEnding', message: `the run is ending already: ${run.ending?.message ?? run.stage}` }
    : undefined;
}

function refuseInSteps(run: Run, name: 'promote' | 'pause' | 'resume' | 'skip', full: boolean): Refusal | undefined {
  if (run.stage === 'deploying' && name !== 'pause' && name !== 'resume') {
    return { code: 'NotWaiting', message: 'the first deploy has no steps: it is done when its pods are available' };
  }
  return refuseOnHold(run, name) ?? refuseByStep(run, name, full);
}

/** No command but an abort goes past these. */
function refuseOnHold(run: Run, name: 'promote' | 'pause' | 'resume' | 'skip'): Refusal | undefined {
  const missing = missingStable(run);
  if (missing.length > 0 && (name === 'promote' || name === 'skip')) {
    return { code: 'NotWaiting', message: `Mapping ${missing.join(', ')} is gone: put it back, or abort` };
  }
  return run.spec.paused === true && name !== 'pause'
    ? { code: 'HeldBySpec', message: 'spec.paused is true: set it to false in the manifest to go on' }
    : undefined;
}

function refuseByStep(run: Run, name: 'promote' | 'pause' | 'resume' | 'skip', full: boolean): Refusal | undefined {
  switch (name) {
    case 'promote':
      return full || isWaiting(run)
        ? undefined
        : { code: 'NotWaiting', message: `step ${run.stepIndex} is being applied: there is nothing to promote yet` };
    case 'skip':
      return run.stage === 'stepping' && run.spec.steps[run.stepIndex] !== undefined
        ? undefined
        : { code: 'NotWaiting', message: 'no step is under way' };
    case 'pause':
      return run.held === undefined
        ? undefined
        : { code: 'AlreadyHeld', message: `the rollout is held already, by ${run.held.actor}` };
    case 'resume':
      return run.held === undefined
        ? { code: 'NotHeld', message: 'the rollout is not held by a pause command; promote ends the pause of a step' }
        : undefined;
    default:
      return assertNever(name);
  }
}

/** For somebody who says that it may go on. */
function isWaiting(run: Run): boolean {
  return run.held !== undefined || isPausing(run) || isNotServed(run);
}

/** The state once the command is taken. A refused or repeated one changes nothing. */
export function take(run: Run, command: Command, nowMs: number): Run {
  if (isRepeated(run, command) || refuse(run, command) !== undefined) {
    return run;
  }
  const by: Attribution = { actor: command.actor, ...(command.reason !== undefined && { reason: command.reason }) };
  const noted = { ...run, handledKeys: withKey(run.handledKeys, command.idempotencyKey) };
  switch (command.name) {
    case 'abort':
      return retreat(noted, { outcome: 'aborted', reason: ABORTED, message: abortMessage(by), by }, nowMs);
    case 'promote':
      return promote(noted, by, command.full === true, nowMs);
    case 'skip':
      return enterStep(endStep(waived({ ...noted, held: undefined }, nowMs), nowMs, by), noted.stepIndex + 1, nowMs);
    case 'pause':
      return { ...noted, held: { ...by, atMs: nowMs } };
    case 'resume':
      // The progress deadline stood still.
      return { ...noted, held: undefined, progressAtMs: nowMs };
    case 'retry':
      return noted.looked ? { ...noted, retryRequested: true } : { ...noted, retrying: true };
    default:
      return assertNever(command.name);
  }
}

function promote(run: Run, by: Attribution, full: boolean, nowMs: number): Run {
  const free = run.held === undefined ? run : { ...run, held: undefined, progressAtMs: nowMs };
  if (full) {
    return { ...endStep(free, nowMs, by), fullPromotion: by };
  }
  if (isNotServed(run)) {
    return whenItCounts(waived(free, nowMs), nowMs);
  }
  return isPausing(run) ? enterStep(endStep(free, nowMs, by), run.stepIndex + 1, nowMs) : free;
}

/** Whether the run waits in a pause. */
export function isPausing(run: Run): boolean {
  return run.stage === 'stepping' && run.fullPromotion === undefined && run.spec.steps[run.stepIndex]?.kind === 'pause';
}

function isEnding(run: Run): boolean {
  return run.ending !== undefined;
}

function isRepeated(run: Run, { idempotencyKey }: Command): boolean {
  return idempotencyKey !== undefined && run.handledKeys.includes(idempotencyKey);
}

function withKey(keys: readonly string[], key: string | undefined): readonly string[] {
  return key === undefined ? keys : [...keys, key].slice(-MAX_HANDLED_KEYS);
}
