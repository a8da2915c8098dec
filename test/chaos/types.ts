/** Disturb every rollout that is under way: one of them serves many cases at once. */
export const PROCESS_FAULTS = ['kill-worker', 'kill-temporal', 'api-down'] as const;
export type ProcessFault = (typeof PROCESS_FAULTS)[number];

/** What the proxy does to one request of one rollout, which it tells by its namespace. */
export const REQUEST_FAULTS = ['409', '429', '500', 'torn', 'late'] as const;
export type RequestFault = (typeof REQUEST_FAULTS)[number];

export type Fault = ProcessFault | RequestFault;

/** All of them, in the order of the tables. */
export const ALL_FAULTS = [...PROCESS_FAULTS, ...REQUEST_FAULTS] as const;

/** Not forwarded yet; taken by the API server, which the worker does not know; or the worker just knows. */
export type RequestMoment = 'before' | 'accepted' | 'answered';

/** A point in the course of one scenario at which a fault strikes. */
export type Cut =
  | {
      readonly kind: 'request';
      /** As `identityOf` names it, with the number of its occurrence: `PATCH.mappings.app0-canary.w30#1`. */
      readonly key: string;
      readonly moment: RequestMoment;
    }
  /** Every other request that names no namespace, of whichever rollout: nothing tells whose it is. */
  | { readonly kind: 'shared' }
  | { readonly kind: 'timer'; readonly timer: string; readonly moment: 'started' | 'fired' }
  | { readonly kind: 'command'; readonly command: string; readonly moment: 'before' | 'answered' };

/** A fault at a cut point. */
export interface Case {
  /** `scenario/point/moment/fault`: names it on the command line and in the record of finished cases. */
  readonly id: string;
  readonly scenario: string;
  readonly cut: Cut;
  readonly fault: Fault;
  /** Milliseconds from the first PUT to the cut in the undisturbed run, so that the rollouts of a batch meet at theirs. */
  readonly offsetMs: number;
}

/**
 * What became of a rollout. `unreached`: it kept every promise, but the fault did not strike at its cut point, so its case is
 * still to be done; `lost`: no run is open and the Rollout is not where it should be; `stuck`: a run is still open after
 * the longest time that it may take.
 */
export type Verdict = 'held' | 'violated' | 'lost' | 'stuck' | 'unreached';

/** One disturbed rollout: a line of the record. */
export interface CaseResult {
  readonly id: string;
  readonly scenario: string;
  readonly fault: Fault;
  readonly verdict: Verdict;
  /** Sentences about what was not as in the undisturbed run. */
  readonly problems: readonly string[];
  /** What happened when, where a promise was broken. */
  readonly timeline?: readonly string[];
  /** Canary Mappings that came back by a late request, and which the sweeper took away. */
  readonly swept: number;
  /** From the first PUT until nothing of it moved any more. */
  readonly tookMs: number;
  readonly namespace: string;
  /** The same for all rollouts that one fault disturbed. */
  readonly strike: string;
}

export function isProcessFault(fault: Fault): fault is ProcessFault {
  return (PROCESS_FAULTS as readonly string[]).includes(fault);
}
