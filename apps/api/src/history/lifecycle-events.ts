import { formatDuration } from '@weir/rollout';
import { toMs } from '../temporal/proto-values.ts';
import { failureText } from './failure.ts';
import { decodePayloads, decodeText, textMember } from './payload.ts';
import { client, worker, type Decoder } from './run-event.ts';

const leftOut: Decoder = () => undefined;

export const LIFECYCLE_DECODERS: Readonly<Record<string, Decoder>> = {
  // Temporal's own steps, and what only feeds its search: nothing that a person did or waits for.
  WORKFLOW_TASK_SCHEDULED: leftOut,
  WORKFLOW_TASK_STARTED: leftOut,
  WORKFLOW_TASK_COMPLETED: leftOut,
  UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: leftOut,

  WORKFLOW_EXECUTION_STARTED: (event) => {
    const { identity, input, attempt, continuedExecutionRunId } = event.workflowExecutionStartedEventAttributes ?? {};
    const continued = Boolean(continuedExecutionRunId);
    return {
      what: continued ? 'run continued' : 'run started',
      who: continued ? 'temporal' : client(identity),
      details: {
        input: decodePayloads(input)[0],
        ...(continued && { continuedFrom: continuedExecutionRunId }),
        ...((attempt ?? 1) > 1 && { attempt }),
      },
    };
  },
  WORKFLOW_EXECUTION_COMPLETED: (event) => {
    const [result] = decodePayloads(event.workflowExecutionCompletedEventAttributes?.result);
    const outcome = textMember(result, 'outcome');
    const what = outcome === undefined ? 'run completed' : `run completed: ${outcome}`;
    return { what, who: 'workflow', why: textMember(result, 'message'), details: { result } };
  },
  WORKFLOW_EXECUTION_FAILED: (event) => {
    const { failure } = event.workflowExecutionFailedEventAttributes ?? {};
    return { what: 'run failed', who: 'workflow', why: failureText(failure) };
  },
  WORKFLOW_EXECUTION_CANCELED: () => ({ what: 'run cancelled', who: 'workflow' }),
  WORKFLOW_EXECUTION_TIMED_OUT: () => ({ what: 'run timed out', who: 'temporal' }),
  WORKFLOW_EXECUTION_CONTINUED_AS_NEW: (event) => {
    const { newExecutionRunId } = event.workflowExecutionContinuedAsNewEventAttributes ?? {};
    return { what: 'run continues under another run id', who: 'workflow', details: { newRunId: newExecutionRunId } };
  },
  WORKFLOW_TASK_FAILED: (event) => {
    const { failure, identity } = event.workflowTaskFailedEventAttributes ?? {};
    return { what: 'the workflow code failed, it is tried again', who: worker(identity), why: failureText(failure) };
  },
  WORKFLOW_TASK_TIMED_OUT: () => ({ what: 'a worker took a piece of work and did not answer', who: 'temporal' }),

  TIMER_STARTED: (event, seen) => {
    const { startToFireTimeout } = event.timerStartedEventAttributes ?? {};
    const timer = { summary: decodeText(event.userMetadata?.summary), durationMs: toMs(startToFireTimeout ?? {}) };
    seen.timers.set(Number(event.eventId), timer);
    return {
      what: `timer started, ${formatDuration(timer.durationMs)}`,
      who: 'workflow',
      why: timer.summary,
      details: { durationMs: timer.durationMs },
    };
  },
  TIMER_FIRED: (event, seen) => {
    const timer = seen.timers.get(Number(event.timerFiredEventAttributes?.startedEventId));
    return { what: 'timer fired', who: 'temporal', why: timer?.summary };
  },
  TIMER_CANCELED: (event, seen) => {
    const timer = seen.timers.get(Number(event.timerCanceledEventAttributes?.startedEventId));
    return { what: 'timer no longer wanted', who: 'workflow', why: timer?.summary };
  },
};
