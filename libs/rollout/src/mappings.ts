import type { Action } from './actions.ts';
import { writtenToGateway } from './gateway.ts';
import type { CanaryMapping, Repair, Run } from './run.ts';
import { ABORTED, retreat } from './transitions.ts';
import type { Order } from './types.ts';

/** Somebody who changes a Mapping more often than this in {@link FIGHT_MS} will not be outlasted. */
const MAX_REPAIRS = 100;
const FIGHT_MS = 60_000;

/** Reason of an abort for such a fight. */
export const MAPPING_CONTESTED = 'MappingContested';

/** Who holds a run whose policy is `pause`. */
export const DRIFT_POLICY_ACTOR = 'the drift policy';

/** What was found and done by the activity `repairCanaryMappings`. */
export interface Repaired {
  readonly canaryMappings: readonly CanaryMapping[];
  readonly repairs: readonly Repair[];
  readonly missingStable: readonly string[];
  readonly order?: Order;
}

/** Puts right what somebody else did; before anything else, because the traffic may be wrong now. */
export function mending(run: Run): Action | undefined {
  const isMine = run.owned && run.looked && run.canaryMappings.length > 0;
  return isMine && run.mappingsChanged === true ? { kind: 'repairCanaryMappings' } : undefined;
}

/** Mappings that an Argo controller left go before the first of ours is made. */
export function adopting({ owned, looked, adoptable = [] }: Run): Action | undefined {
  return owned && looked && adoptable.length > 0 ? { kind: 'adoptCanaryMappings', names: adoptable } : undefined;
}

/** Stable Mappings that the run waits for: without one its canary Mapping has all the traffic (design, traffic rule 10). */
export function missingStable({ spec, missingStable: missing = [] }: Run): readonly string[] {
  return missing.filter((name) => spec.mappings.includes(name));
}

export function waitForStable(run: Run): Action | undefined {
  const missing = missingStable(run);
  return missing.length === 0 ? undefined : { kind: 'wait', why: `until Mapping ${missing.join(', ')} is back` };
}

/** An abort that the brake has written already. */
export function ordered(run: Run, { actor, reason }: Order, nowMs: number): Run {
  const by = { actor, ...(reason !== undefined && { reason }) };
  return retreat(run, { outcome: 'aborted', reason: ABORTED, message: abortMessage(by), by }, nowMs);
}

export function abortMessage({ actor, reason }: Pick<Order, 'actor' | 'reason'>): string {
  return reason === undefined ? `aborted by ${actor}` : `aborted by ${actor}: ${reason}`;
}

export function repaired(
  run: Run,
  { canaryMappings, repairs, missingStable: missing, order }: Repaired,
  nowMs: number,
): Run {
  const known: Run = {
    ...run,
    missingStable: missing,
    canaryMappings: run.canaryMappings.map((one) => canaryMappings.find(({ name }) => name === one.name) ?? one),
  };
  if (order !== undefined) {
    return ordered(known, order, nowMs);
  }
  if (repairs.length === 0) {
    return known;
  }
  const counted = counting(writtenToGateway(known, nowMs), repairs.length, nowMs);
  const { count } = counted.repairs ?? { count: 0 };
  if (count > MAX_REPAIRS) {
    const message = `somebody else changed the Mappings ${count} times within a minute: ${describeRepairs(repairs)}`;
    return retreat(counted, { outcome: 'aborted', reason: MAPPING_CONTESTED, message }, nowMs);
  }
  const isPause = run.spec.driftPolicy === 'pause' && run.held === undefined && run.ending === undefined;
  return isPause
    ? { ...counted, held: { actor: DRIFT_POLICY_ACTOR, reason: describeRepairs(repairs), atMs: nowMs } }
    : counted;
}

function counting(run: Run, count: number, nowMs: number): Run {
  const { repairs } = run;
  const isOver = repairs === undefined || nowMs - repairs.sinceMs > FIGHT_MS;
  return {
    ...run,
    repairs: isOver ? { count, sinceMs: nowMs } : { ...repairs, count: repairs.count + count },
  };
}

/** `Mapping app0-canary: spec.weight by kubectl-edit` */
export function describeRepairs(repairs: readonly Repair[]): string {
  return repairs.map(describeRepair).join('; ');
}

/** What was done, and who did it, in a sentence. */
export function describeRepair({ mapping, what, fields, manager }: Repair): string {
  const by = manager === undefined ? '' : ` by ${manager}`;
  const which = fields.length === 0 ? '' : `${fields.join(', ')} `;
  switch (what) {
    case 'stableEdited':
      return `the stable Mapping of ${mapping} was changed${by}: ${which}carried over to the canary`;
    case 'canaryEdited':
      return `canary Mapping ${mapping} was changed${by}: ${which}put back`;
    case 'canaryDeleted':
      return `canary Mapping ${mapping} was deleted${by}: put back`;
    case 'stableGone':
      return `stable Mapping ${mapping} is gone: its canary Mapping sends all traffic to the stable Service until it is back`;
    case 'stableBack':
      return `stable Mapping ${mapping} is back: its canary Mapping is the canary's again`;
  }
}
