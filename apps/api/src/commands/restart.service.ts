import { Injectable } from '@nestjs/common';
import { timestamp } from '@weir/rollout';
import { SpecWriter } from '../cluster/spec-writer.ts';
import type { RolloutKey } from '../http/parameters.ts';
import type { CommandOutcome } from './command-outcome.ts';
import type { ReadCommand } from './read-command.ts';
import { SpecChanges } from './spec-changes.service.ts';

/** `restart`: pods that are older than a time are replaced. That time is in the Rollout's spec, where Argo's tools put it. */
@Injectable()
export class RestartService {
  constructor(
    private readonly changes: SpecChanges,
    private readonly writer: SpecWriter,
  ) {}

  restart(key: RolloutKey, command: ReadCommand<'restart'>): Promise<CommandOutcome> {
    const { at } = command.payload;
    return this.changes.give(
      'restart',
      key,
      command,
      async (rollout, noted, signal) => {
        // Whole seconds, as Kubernetes dates its pods.
        const restartAt = timestamp(at === undefined ? Date.now() : Date.parse(at));
        const change = { ...noted, restartAt };
        return { rollout: await this.writer.restart(rollout, restartAt, change, signal), change };
      },
      ({ restartAt }) => `pods that are older than ${restartAt} are replaced`,
    );
  }
}
