import { setTimeout as delay } from 'node:timers/promises';
import { ProgressDisplay } from './progress-display.ts';
import { type RolloutView, isOver, progressKey, progressLine } from './progress.ts';
import type { ObservedSplit } from './observed-split.ts';
import { type RolloutClient } from './rollout-client.ts';

const POLL_MS = 250;
/** An API or worker that is restarted by hand is away for a moment; one that stays away is an error. */
const UNREACHABLE_LIMIT_MS = 30_000;

export interface FollowOptions {
  readonly client: RolloutClient;
  /** Called once, when the run to follow has been seen. */
  readonly onStart?: (workflowId: string) => void;
  /** What the gateways are seen to do meanwhile, to be shown beside the weight. */
  readonly split?: ObservedSplit;
  readonly signal: AbortSignal;
}

/**
 * Shows how the newest run goes on until it is over: after a PUT, that is the one that does what was PUT.
 *
 * @returns how the rollout stands then.
 * @throws when no run begins, or the API does not answer for half a minute, and the reason of the signal when it aborts.
 */
export async function followRun(options: FollowOptions): Promise<RolloutView> {
  const display = new ProgressDisplay();
  try {
    return await showUntilOver(options, display);
  } finally {
    display.finish();
  }
}

async function showUntilOver(options: FollowOptions, display: ProgressDisplay): Promise<RolloutView> {
  const { client, onStart, split, signal } = options;
  let seenAt = Date.now();
  let workflowId: string | undefined;
  for (;;) {
    signal.throwIfAborted();
    const view = await lookAtRun(client, seenAt);
    if (view?.run) {
      if (workflowId === undefined) {
        workflowId = view.run.workflowId;
        onStart?.(workflowId);
      }
      seenAt = Date.now();
      const now = Date.now();
      display.show(progressLine(view, now, split?.of(view, now)), progressKey(view), now);
    }
    if (view && isOver(view)) {
      return view;
    }
    await delay(POLL_MS);
  }
}

/** The rollout with its newest run; `undefined` while there is none, or the API cannot be asked. */
async function lookAtRun(client: RolloutClient, seenAt: number): Promise<RolloutView | undefined> {
  const isLate = Date.now() - seenAt > UNREACHABLE_LIMIT_MS;
  try {
    const view = await client.get();
    if (view?.run) {
      return view;
    }
  } catch (error) {
    if (isLate) {
      throw error;
    }
    return undefined;
  }
  if (isLate) {
    throw new Error(`no run of the rollout was started in ${UNREACHABLE_LIMIT_MS / 1000} s: ${client.url}`);
  }
  return undefined;
}
