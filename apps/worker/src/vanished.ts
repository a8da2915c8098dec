import type { RolloutRuns } from '@weir/temporal';
import { untilDone, type UntilDoneOptions } from './until-done.ts';

/**
 * Tells the open runs whose Rollout is not one of Weir's: it was deleted with its finalizer stripped, or lost its label, while
 * no worker was up to see that. Each is told once; it looks which, and ends or holds.
 *
 * @param isKnown - whether the Rollout of that workflow id is in view
 */
export function tellVanished(
  runs: Pick<RolloutRuns, 'open' | 'lookAgain'>,
  isKnown: (workflowId: string) => boolean,
  options: UntilDoneOptions,
): Promise<void> {
  const told = new Set<string>();
  return untilDone(async () => {
    for (const id of await runs.open()) {
      if (!told.has(id) && !isKnown(id)) {
        await runs.lookAgain(id);
        told.add(id);
      }
    }
  }, options);
}
