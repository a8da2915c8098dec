import type { CommandAnswerView } from './command.schemas.ts';

/** HTTP status and body of what became of a command. */
export interface CommandOutcome {
  readonly status: 200 | 202;
  readonly answer: CommandAnswerView;
}
