import type { CanaryRolloutActivities } from '@weir/contract';
import { describeRepairs, type Repair } from '@weir/rollout';
import { failureText, problemReason } from './failure.ts';
import { decodePayloads, decodeText, member, members, textMember } from './payload.ts';
import { worker, type Decoder, type HistoryEvent, type Seen } from './run-event.ts';

type InWords = (input: unknown, result: unknown) => string;

/** What is so once an activity has completed. */
const COMPLETED: Readonly<Record<keyof CanaryRolloutActivities, InWords>> = {
  observeRollout: () => 'observed the Rollout',
  ensureCanaryMappings: () => 'canary Mappings created at weight 0',
  setCanaryWeight: (input) => `canary weight ${String(member(input, 'weight'))} written`,
  repairCanaryMappings: repaired,
  adoptCanaryMappings: (_, result) => `canary Mappings of an Argo controller taken over: ${list(adopted(result))}`,
  awaitServedWeight: served,
  scaleReplicaSets: scaledTo,
  pointServices: pointedAt,
  awaitEndpoints: (input) =>
    `the endpoints of Service ${String(member(input, 'service'))} are the pods that it selects`,
  restartPods: (_, result) =>
    `old pods evicted: ${String(member(result, 'evicted'))}; left: ${String(member(result, 'left'))}`,
  trimRevisions: (input) => `ReplicaSets of the history deleted: ${list(members(input, 'names').map(String))}`,
  scaleReferenced: (input) =>
    `Deployment ${String(member(input, 'name'))} scaled to ${String(member(input, 'replicas'))}`,
  labelPods: (input) => `metadata of their role put on the pods of ${list(members(input, 'revisions').map(hashOf))}`,
  switchStableService: () => 'the stable Service selects the new revision',
  awaitStableEndpoints: () => 'the endpoints of the stable Service are the new pods',
  removeCanaryMappings: () => 'canary Mappings removed',
  releaseRollout: () => 'finalizer taken off the Rollout',
  reportStatus: () => 'status written to the Rollout',
};

export const ACTIVITY_DECODERS: Readonly<Record<string, Decoder>> = {
  ACTIVITY_TASK_SCHEDULED: (event, seen) => {
    const attributes = event.activityTaskScheduledEventAttributes;
    const name = attributes?.activityType?.name ?? 'activity';
    const [input] = decodePayloads(attributes?.input);
    const summary = decodeText(event.userMetadata?.summary);
    seen.activities.set(Number(event.eventId), { name, input, summary });
    return { what: `${name} begun`, who: 'workflow', why: summary, details: { input } };
  },
  // The first start of an activity follows from what came before; a later one tells of a failure.
  ACTIVITY_TASK_STARTED: (event, seen) => {
    const { scheduledEventId, attempt = 1, identity, lastFailure } = event.activityTaskStartedEventAttributes ?? {};
    const { name } = activityOf(seen, scheduledEventId);
    return (attempt ?? 1) > 1
      ? {
          what: `${name} tried for the ${ordinal(attempt ?? 1)} time`,
          who: worker(identity),
          why: failureText(lastFailure),
          details: { attempt },
        }
      : undefined;
  },
  ACTIVITY_TASK_COMPLETED: (event, seen) => {
    const { scheduledEventId, identity, result } = event.activityTaskCompletedEventAttributes ?? {};
    const { name, input, summary } = activityOf(seen, scheduledEventId);
    const words = (COMPLETED as Readonly<Record<string, InWords>>)[name];
    const [answer] = decodePayloads(result);
    return {
      what: words?.(input, answer) ?? `${name} completed`,
      who: worker(identity),
      why: summary,
      details: { result: answer },
    };
  },
  ACTIVITY_TASK_FAILED: (event, seen) => {
    const { scheduledEventId, identity, failure } = event.activityTaskFailedEventAttributes ?? {};
    const reason = problemReason(failure);
    const { name } = activityOf(seen, scheduledEventId);
    return {
      what: `${name} failed`,
      who: worker(identity),
      why: failureText(failure),
      details: { ...(reason && { reason }) },
    };
  },
  ACTIVITY_TASK_TIMED_OUT: (event, seen) => {
    const { scheduledEventId, failure } = event.activityTaskTimedOutEventAttributes ?? {};
    return { what: `${activityOf(seen, scheduledEventId).name} timed out`, who: 'temporal', why: failureText(failure) };
  },
  ACTIVITY_TASK_CANCEL_REQUESTED: (event, seen) => {
    const { scheduledEventId } = event.activityTaskCancelRequestedEventAttributes ?? {};
    return { what: `${activityOf(seen, scheduledEventId).name} no longer wanted`, who: 'workflow' };
  },
  ACTIVITY_TASK_CANCELED: (event, seen) => {
    const { scheduledEventId, identity } = event.activityTaskCanceledEventAttributes ?? {};
    return { what: `${activityOf(seen, scheduledEventId).name} given up`, who: worker(identity) };
  },
};

function repaired(_: unknown, result: unknown): string {
  if (member(result, 'order') !== undefined) {
    return 'an abort was found on a canary Mapping: nothing was repaired';
  }
  const repairs = members(result, 'repairs') as readonly Repair[];
  return repairs.length === 0 ? 'Mappings looked at, nothing to repair' : describeRepairs(repairs);
}

/** Each with the weight that it had, which is gone with it. */
function adopted(result: unknown): string[] {
  const mappings = Array.isArray(result) ? (result as readonly unknown[]) : [];
  return mappings.map((one) => {
    const weight = member(one, 'weight');
    return `${String(member(one, 'name'))}${typeof weight === 'number' ? ` (weight ${weight})` : ''}`;
  });
}

function served(input: unknown, result: unknown): string {
  const weight = `weight ${String(member(input, 'weight'))}`;
  const message = textMember(result, 'message') ?? '';
  switch (textMember(result, 'state')) {
    case 'served':
      return `the gateway serves ${weight}`;
    case 'notServed':
      return `the gateway does not serve ${weight} yet: ${message}`;
    default:
      return `it is not known whether the gateway serves ${weight}: ${message}`;
  }
}

function scaledTo(input: unknown): string {
  const targets = members(input, 'targets');
  const sizes = targets.map((target) => `${hashOf(target)} to ${String(member(target, 'replicas'))}${untilOf(target)}`);
  return `ReplicaSets scaled: ${list(sizes)}`;
}

/** Until when a revision that serves no longer keeps its pods. */
function untilOf(target: unknown): string {
  const scaleDownAtMs = member(target, 'scaleDownAtMs');
  return typeof scaleDownAtMs === 'number' ? ` until ${new Date(scaleDownAtMs).toISOString()}` : '';
}

function pointedAt(input: unknown): string {
  const services = members(input, 'services');
  return list(
    services.map((service) => `Service ${String(member(service, 'name'))} selects revision ${hashOf(service)}`),
  );
}

function hashOf(value: unknown): string {
  return String(member(value, 'podTemplateHash'));
}

function list(words: readonly string[]): string {
  return words.length === 0 ? 'none' : words.join(', ');
}

function activityOf(seen: Seen, eventId: HistoryEvent['eventId']) {
  return seen.activities.get(Number(eventId)) ?? { name: 'activity', input: undefined, summary: undefined };
}

function ordinal(count: number): string {
  const endings: Readonly<Record<number, string>> = { 1: 'st', 2: 'nd', 3: 'rd' };
  const teen = count % 100 >= 11 && count % 100 <= 13;
  return `${count}${teen ? 'th' : (endings[count % 10] ?? 'th')}`;
}
