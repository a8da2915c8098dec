import { workflowId, type RolloutRef } from '@weir/rollout';
import type { CommandAnswerView } from './command.schemas.ts';
import type { ReadCommand } from './read-command.ts';

/** HTTP status and body of what became of a command. */
export interface CommandOutcome {
  readonly status: 200 | 202;
  readonly answer: CommandAnswerView;
}

/** The outcome of a command that came through. */
export function taken(status: 200 | 202, ref: RolloutRef, { actor }: ReadCommand, message: string): CommandOutcome {
  return {
    status,
    answer: { accepted: true, workflowId: workflowId(ref), actor: { name: actor, claimed: true }, message },
  };
}
