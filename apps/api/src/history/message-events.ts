import { SIGNALS } from '@weir/contract';
import { failureText } from './failure.ts';
import { decodePayload, decodePayloads, member, textMember } from './payload.ts';
import { client, worker, type Decoder, type Described } from './run-event.ts';

export const MESSAGE_DECODERS: Readonly<Record<string, Decoder>> = {
  WORKFLOW_EXECUTION_SIGNALED: (event) => {
    const { signalName, input, identity } = event.workflowExecutionSignaledEventAttributes ?? {};
    const [payload] = decodePayloads(input);
    return command(signalName ?? 'signal', payload, client(identity), { channel: 'signal' });
  },
  WORKFLOW_EXECUTION_UPDATE_ACCEPTED: (event, seen) => {
    const { acceptedRequest } = event.workflowExecutionUpdateAcceptedEventAttributes ?? {};
    const name = acceptedRequest?.input?.name ?? 'update';
    const [payload] = decodePayloads(acceptedRequest?.input?.args);
    seen.updates.set(Number(event.eventId), { name, input: payload });
    const { updateId, identity } = acceptedRequest?.meta ?? {};
    return command(name, payload, client(identity), { channel: 'update', updateId });
  },
  WORKFLOW_EXECUTION_UPDATE_COMPLETED: (event, seen) => {
    const { acceptedEventId, outcome, meta } = event.workflowExecutionUpdateCompletedEventAttributes ?? {};
    const name = seen.updates.get(Number(acceptedEventId))?.name ?? 'update';
    const failure = failureText(outcome?.failure);
    return {
      what: failure === undefined ? `${name} answered` : `${name} failed`,
      who: 'workflow',
      why: failure,
      details: { updateId: meta?.updateId, answer: decodePayloads(outcome?.success)[0] },
    };
  },
  WORKFLOW_EXECUTION_CANCEL_REQUESTED: (event) => {
    const { cause, identity } = event.workflowExecutionCancelRequestedEventAttributes ?? {};
    return { what: 'cancel asked for', who: client(identity), why: cause || undefined };
  },
  WORKFLOW_EXECUTION_TERMINATED: (event) => {
    const { reason, identity, details } = event.workflowExecutionTerminatedEventAttributes ?? {};
    const more = decodePayloads(details);
    return {
      what: 'run terminated',
      who: client(identity),
      why: reason || undefined,
      details: more.length > 0 ? { more } : {},
    };
  },
  MARKER_RECORDED: (event) => {
    const { markerName, details = {} } = event.markerRecordedEventAttributes ?? {};
    const decoded = Object.fromEntries(
      Object.entries(details ?? {}).map(([key, value]) => [key, value.payloads?.map(decodePayload)]),
    );
    return { what: `marker ${markerName}`, who: worker(undefined), details: decoded };
  },
};

/** A command in the words that people use for it: who gave it is in the payload, else the client is all that is known. */
function command(name: string, payload: unknown, sender: string, details: Record<string, unknown>): Described {
  const actor = textMember(payload, 'actor');
  const why = textMember(payload, 'reason');
  return { what: inWords(name, payload), who: actor ?? sender, why, details: { ...details, sender, payload } };
}

function inWords(name: string, payload: unknown): string {
  const step = member(payload, 'expectedStep');
  switch (name) {
    case SIGNALS.specChanged:
      return `told that ${changed(payload)} changed`;
    case SIGNALS.promote:
      return member(payload, 'full') === true ? 'promote to the end' : name;
    case SIGNALS.skip:
      return typeof step === 'number' ? `skip of step ${step + 1}` : name;
    default:
      return name;
  }
}

function changed(payload: unknown): string {
  if (member(payload, 'mappings') === true) {
    return 'Mappings';
  }
  return member(payload, 'revisions') === undefined ? 'the Rollout' : 'pods';
}
