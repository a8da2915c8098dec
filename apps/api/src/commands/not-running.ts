import { Injectable } from '@nestjs/common';
import { refuseForeign } from '../cluster/apply-problems.ts';
import { RolloutStore, kubernetesDeadline } from '../cluster/rollout-store.ts';
import type { RolloutKey } from '../http/parameters.ts';
import { Problem } from '../http/problem.ts';
import { rolloutSummary } from '../rollouts/rollout-view.ts';
import type { RolloutSummary } from '../rollouts/rollout.schemas.ts';

/** Says why a Rollout has no run that could take a command. */
@Injectable()
export class NotRunning {
  constructor(private readonly store: RolloutStore) {}

  async explain(key: RolloutKey, command: string): Promise<Problem> {
    const rollout = await this.store.find(key, kubernetesDeadline());
    if (rollout === undefined) {
      return new Problem('notFound', `there is no Rollout ${key.name} in namespace ${key.namespace}`);
    }
    const summary = rolloutSummary(rollout, Date.now());
    const { phase, outcome } = summary;
    return (
      refuseForeign(rollout) ??
      new Problem('notRunning', `${command} needs a run, and none is open: ${why(summary, command)}`, {
        members: { phase, outcome },
      })
    );
  }
}

function why({ phase, message, outcome }: RolloutSummary, command: string): string {
  const stands = message === '' ? phase : `${phase}, ${message}`;
  switch (outcome) {
    case 'promoted':
    case 'fastPromoted':
      return command === 'abort' ? 'it is promoted; use undo' : `it is promoted already (${stands})`;
    case 'rolledBack':
      return `it went back to an older revision (${stands})`;
    case 'aborted':
      return `it was aborted (${stands})${command === 'retry' ? '' : '; retry starts it again'}`;
    case null:
      return `it has not run yet (${stands})`;
    default:
      return `its last run ended ${outcome} (${stands})`;
  }
}
