import type { Action } from './actions.ts';
import type { Run, ServedReport } from './run.ts';
import { enterStep, endStep } from './transitions.ts';
import { DEFAULT_SERVED_DEADLINE_SECONDS } from './types.ts';

/** One attempt to ask, so that the history shows what the gateway said while it is waited for. */
const ATTEMPT_MS = 8_000;

/** Past the deadline the gateway is asked again this often: it has had its time, and somebody was told. */
const ASK_AGAIN_MS = 15_000;

/** A look at a gateway that is late already: long enough for every instance to answer. */
const LOOK_MS = 2_000;

/**
 * Asks the gateway whether it serves what was written last; undefined when that counts already (design, traffic rule 7).
 *
 * @param weight - percent; in mid-run weight 0 is never asked for, after the canary Mappings are removed it is
 */
export function nextForGateway(run: Run, nowMs: number, weight = run.writtenWeight): Action | undefined {
  const { servedDueMs = nowMs } = run;
  if (weightCounts(run) || (weight === 0 && run.stage !== 'settling')) {
    return undefined;
  }
  if (nowMs < servedDueMs) {
    return { kind: 'awaitServedWeight', weight, untilMs: Math.min(servedDueMs, askUntilMs(run, nowMs)) };
  }
  return waitToAskAgain(run, nowMs) ?? { kind: 'awaitServedWeight', weight, untilMs: nowMs + LOOK_MS };
}

/** After a repair the end of a pause under way stands. */
function askUntilMs({ pauseDeadlineMs = 0 }: Run, nowMs: number): number {
  return Math.min(nowMs + ATTEMPT_MS, pauseDeadlineMs > nowMs ? pauseDeadlineMs : Infinity);
}

function waitToAskAgain(run: Run, nowMs: number): Action | undefined {
  const { atMs = 0, message = '' } = run.served ?? {};
  const untilMs = atMs + ASK_AGAIN_MS;
  return isNotServed(run) && nowMs < untilMs
    ? { kind: 'wait', untilMs, why: `${WEIGHT_NOT_SERVED}: ${message}` }
    : undefined;
}

/** The gateway has an error about one of our Mappings. */
export const GATEWAY_REFUSED = 'GatewayRefusedMapping';

/** Reason of the Event and of the phase. */
export const WEIGHT_NOT_SERVED = 'WeightNotServed';

/**
 * Whether what was written last counts: the gateway serves it, or cannot be asked, or a person went on without it. What an
 * instance that cannot be reached serves is unknown, and unknown is no reason to hold beyond the deadline.
 */
export function weightCounts({ verifies, served, servedDueMs }: Run): boolean {
  if (verifies !== true || servedDueMs === undefined) {
    return true;
  }
  const isLate = served !== undefined && served.atMs >= servedDueMs;
  return served?.state === 'served' || served?.state === 'waived' || (served?.state === 'unknown' && isLate);
}

/** The gateway had its time, and an instance says that it serves something else: the run holds. */
export function isNotServed({ served, servedDueMs = 0 }: Run): boolean {
  return served?.state === 'notServed' && served.atMs >= servedDueMs;
}

/** The gateway is to serve something new: what it said before is about something else. */
export function writtenToGateway(run: Run, nowMs: number): Run {
  const { servedDeadlineSeconds = DEFAULT_SERVED_DEADLINE_SECONDS } = run.spec;
  const written = { ...run, lastMappingWriteMs: nowMs };
  return run.verifies === true
    ? { ...written, served: undefined, servedDueMs: nowMs + servedDeadlineSeconds * 1_000 }
    : written;
}

/** What the gateway said of a weight; of another than the one that stands by now it is no news. */
export function servedReported(run: Run, weight: number, report: ServedReport, nowMs: number): Run {
  return weight === run.writtenWeight ? whenItCounts({ ...run, served: { ...report, atMs: nowMs } }, nowMs) : run;
}

/** A person goes on although the gateway does not serve the weight. */
export function waived(run: Run, nowMs: number): Run {
  return weightCounts(run) ? run : { ...run, served: { message: '', ...run.served, state: 'waived', atMs: nowMs } };
}

/**
 * What a weight that counts leads to. The step is done when its own weight stands; the canary may have been given another
 * because it had no pods.
 *
 * @param sinceMs - when it began to count
 */
export function whenItCounts(run: Run, sinceMs: number): Run {
  if (!weightCounts(run) && run.writtenWeight > 0) {
    return run;
  }
  const step = run.spec.steps[run.stepIndex];
  if (run.stage === 'stepping' && step?.kind === 'setWeight' && step.weight === run.writtenWeight) {
    return enterStep(endStep(run, sinceMs), run.stepIndex + 1, sinceMs);
  }
  const isLast = run.stage === 'promoting' && run.promotion === 'weight' && run.writtenWeight === 100;
  return isLast ? { ...run, promotion: 'service' } : run;
}
