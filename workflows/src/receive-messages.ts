import { ApplicationFailure, log, setHandler } from '@temporalio/workflow';
import { FAILURES, UPDATES, type CommandAnswer, type RunState, type SpecChanged } from '@weir/contract';
import { phaseOf, refuse, type Command, type CommandName, type RunEvent } from '@weir/rollout';
import {
  DESCRIPTIONS,
  UNNAMED_ACTOR,
  commandSignal,
  commandUpdate,
  readCommand,
  specChanged,
  stateQuery,
  wrongSpecChanged,
} from './messages.ts';

/** Who the messages are for. */
export interface Receiver {
  state(): RunState;
  happened(event: RunEvent): void;
  command(command: Command): void;
  /** What was told may be that something else comes first. */
  told(): void;
}

/** Handles signals, updates and the query. A handler only changes the state; the workflow's loop acts on it. */
export function receiveMessages(receiver: Receiver): void {
  setHandler(stateQuery, () => receiver.state(), { description: 'The state of the run' });
  setHandler(specChanged, (payload) => onSpecChanged(receiver, payload), {
    description: 'The Rollout changed, or should be looked at again: {uid, generation}',
  });
  for (const name of Object.keys(DESCRIPTIONS) as CommandName[]) {
    setHandler(commandSignal(name), (payload) => onSignal(receiver, name, payload), {
      description: DESCRIPTIONS[name],
    });
  }
  for (const name of Object.keys(UPDATES) as (keyof typeof UPDATES)[]) {
    setHandler(commandUpdate(name), (payload) => onUpdate(receiver, name, payload), {
      description: DESCRIPTIONS[name],
      validator: (payload) => validate(receiver, name, payload),
    });
  }
}

function onSpecChanged(receiver: Receiver, payload: SpecChanged): void {
  const problem = wrongSpecChanged(payload);
  if (problem !== undefined) {
    log.warn('specChanged is ignored', { problem });
    return;
  }
  const { uid, generation, lookAgain = false, revisions, mappings } = payload;
  const wanted = { uid, generation };
  if (revisions !== undefined) {
    receiver.happened({ kind: 'podsHeard', wanted, revisions });
  }
  if (mappings === true) {
    receiver.happened({ kind: 'mappingsHeard', wanted });
  }
  if ((revisions === undefined && mappings !== true) || lookAgain) {
    receiver.happened({ kind: 'told', wanted, lookAgain });
  }
  receiver.told();
}

function onSignal(receiver: Receiver, name: CommandName, payload: unknown): void {
  const command = readCommand(name, payload);
  if (typeof command !== 'string') {
    receiver.command(command);
  } else if (name === 'abort') {
    // Whatever came with it: the wish to have the traffic back is not lost over a comma.
    log.warn('the payload of an abort is ignored', { problem: command });
    receiver.command({ name, actor: UNNAMED_ACTOR });
  } else {
    log.warn('a signal is ignored', { signal: name, problem: command });
  }
}

function validate(receiver: Receiver, name: CommandName, payload: unknown): void {
  const command = readCommand(name, payload);
  const refusal =
    typeof command === 'string' ? { code: 'BadPayload', message: command } : refuse(receiver.state().run, command);
  if (refusal !== undefined) {
    throw ApplicationFailure.nonRetryable(refusal.message, FAILURES.commandRefused, refusal);
  }
}

function onUpdate(receiver: Receiver, name: CommandName, payload: unknown): CommandAnswer {
  const command = readCommand(name, payload);
  if (typeof command !== 'string') {
    receiver.command(command);
  }
  const { run } = receiver.state();
  return { stepIndex: run.stepIndex, ...phaseOf(run) };
}
