import { assertNever } from './assert-never.ts';
import { isPausing } from './commands.ts';
import { WEIGHT_NOT_SERVED, isNotServed } from './gateway.ts';
import { missingStable } from './mappings.ts';
import { availableOf, hasPods, isFull, isRestartPending, servingHash, waitedFor } from './pods.ts';
import type { Outcome, PromotionStage, Run } from './run.ts';
import { describeStep } from './steps.ts';
import { canaryReplicasNow, isStepEnough } from './traffic.ts';
import { nameOf } from './transitions.ts';
import { revisionWith } from './workload.ts';

export type Phase = 'Healthy' | 'Progressing' | 'Paused' | 'Degraded';

const PAUSED_BY_SPEC = { phase: 'Paused', message: 'manually paused' } as const;

/** Traffic is where it belongs. */
export function isAtEnd({ stage }: Run): boolean {
  return stage === 'closing' || stage === 'settling';
}

/** Phase and message, first match wins, in the order that users of Argo know. */
export function phaseOf(run: Run): { phase: Phase; message: string } {
  const { ending, stage } = run;
  if (!run.owned) {
    return { phase: 'Paused', message: 'NotOwned: the instance-id label no longer names Weir; put it back to go on' };
  }
  if (ending !== undefined && stage !== 'promoting') {
    return phaseOfEnding(run, ending.outcome, `${ending.reason}: ${ending.message}`, ending.message);
  }
  if (run.deadlineExceeded === true) {
    return { phase: 'Degraded', message: deadlineMessage(run) };
  }
  const trouble = troubleOf(run);
  if (trouble !== undefined) {
    return { phase: 'Degraded', message: trouble };
  }
  if (run.held !== undefined) {
    return { phase: 'Paused', message: `manually paused by ${run.held.actor}` };
  }
  if (run.spec.paused === true && stage !== 'observing' && stage !== 'creating') {
    return PAUSED_BY_SPEC;
  }
  if (isPausing(run)) {
    return { phase: 'Paused', message: 'CanaryPauseStep' };
  }
  return { phase: 'Progressing', message: progressMessage(run) };
}

/** What keeps the traffic from being where the plan has it, until somebody does something. */
function troubleOf(run: Run): string | undefined {
  const missing = missingStable(run);
  if (missing.length > 0) {
    return `AmbassadorMappingNotFound: Mapping ${missing.join(', ')} is gone; until it is back its canary sends all traffic to the stable Service`;
  }
  return isNotServed(run) ? `${WEIGHT_NOT_SERVED}: ${run.served?.message ?? ''}` : undefined;
}

function phaseOfEnding(
  run: Run,
  outcome: Outcome,
  reasonAndMessage: string,
  message: string,
): { phase: Phase; message: string } {
  switch (outcome) {
    case 'promoted':
    case 'fastPromoted':
    case 'rolledBack':
    case 'nothingToDo':
      return isAtEnd(run) || (outcome === 'nothingToDo' && hasPods(run))
        ? phaseOfServing(run)
        : { phase: 'Progressing', message };
    case 'aborted':
      return { phase: 'Degraded', message: reasonAndMessage };
    case 'superseded':
    case 'deleted':
      return { phase: 'Progressing', message };
    default:
      return assertNever(outcome);
  }
}

/** Healthy while old revisions wait out their delay, as users of Argo know it; not while the serving one lacks pods. */
function phaseOfServing(run: Run): { phase: Phase; message: string } {
  if (run.spec.paused === true) {
    return PAUSED_BY_SPEC;
  }
  if (hasPods(run) && !isFull(run, servingHash(run))) {
    return run.deadlineExceeded === true
      ? { phase: 'Degraded', message: deadlineMessage(run) }
      : { phase: 'Progressing', message: podsMessage(run, servingHash(run)) };
  }
  return isRestartPending(run) && run.restart !== undefined
    ? { phase: 'Progressing', message: `restarting: ${run.restart.left} pods are older than restartAt` }
    : { phase: 'Healthy', message: '' };
}

/** Reason of the condition and of the Event, as users of Argo know it. */
export const DEADLINE_EXCEEDED = 'ProgressDeadlineExceeded';

function deadlineMessage(run: Run): string {
  return `${DEADLINE_EXCEEDED}: revision ${nameOf(run, waitedFor(run))} made no progress for ${run.spec.workload?.progressDeadlineSeconds ?? 0} s`;
}

function podsMessage(run: Run, hash: string): string {
  if (hasPods(run) && isFull(run, hash)) {
    return 'the pods are available, pointing the Services at them';
  }
  const revision = revisionWith(run.workload, hash);
  return (revision?.pods ?? 0) < (run.spec.workload?.replicas ?? 0)
    ? 'more replicas need to be updated'
    : 'updated replicas are still becoming available';
}

const PROMOTION_MESSAGES: Readonly<Record<PromotionStage, string>> = {
  pods: 'all steps are done, giving the new revision all traffic',
  weight: 'all steps are done, moving the stable Service to the new revision',
  service: 'all steps are done, moving the stable Service to the new revision',
  endpoints: 'the stable Service selects the new revision, waiting for its endpoints to be the new pods',
  cleanup: 'the stable Service selects the new revision, removing the canary Mappings',
};

function progressMessage(run: Run): string {
  const isGettingPods = hasPods(run) && !isFull(run, run.revision.canary);
  if (run.stage === 'deploying' || (run.stage === 'promoting' && run.promotion === 'pods' && isGettingPods)) {
    return podsMessage(run, run.revision.canary);
  }
  if (run.stage === 'promoting') {
    return PROMOTION_MESSAGES[run.promotion];
  }
  if (run.stage !== 'stepping') {
    return 'preparing the canary';
  }
  const step = run.spec.steps[run.stepIndex];
  return step === undefined
    ? 'all steps are done, looking at the canary once more before it takes everything'
    : `step ${run.stepIndex + 1} of ${run.spec.steps.length}: ${describeStep(step)}${podsOfStep(run)}`;
}

/** Only where the step waits for them: people with kubectl alone must see what it is. */
function podsOfStep(run: Run): string {
  const available = availableOf(run, run.revision.canary);
  const isWaiting = hasPods(run) && (available === 0 || !isStepEnough(run));
  return isWaiting ? `, ${available} of ${Math.max(1, canaryReplicasNow(run))} canary pods are available` : '';
}
