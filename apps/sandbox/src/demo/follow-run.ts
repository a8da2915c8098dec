import { setTimeout as delay } from 'node:timers/promises';
import { ProgressDisplay } from './progress-display.ts';
import { type RolloutView, progressKey, progressLine } from './progress.ts';
import { type RolloutClient } from './rollout-client.ts';
import { type Scene } from './scene.ts';

const POLL_MS = 250;
/** An API or worker that is restarted by hand is away for a moment; one that stays away is an error. */
const UNREACHABLE_LIMIT_MS = 30_000;
/** The run writes its outcome and then closes; more than this in between is left for the caller to judge. */
const CLOSING_LIMIT_MS = 30_000;

export interface FollowOptions {
  readonly client: RolloutClient;
  readonly scene: Scene;
  /** The run that was there before, which is not the one to follow. */
  readonly oldRun: string | undefined;
  /** Called once, when the run to follow has been seen. */
  readonly onStart: (workflowId: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Shows how a run goes on until it is over.
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
  const { client, scene, oldRun, onStart, signal } = options;
  let seenAt = Date.now();
  let workflowId: string | undefined;
  let outcomeAt: number | undefined;
  for (;;) {
    signal.throwIfAborted();
    const view = await lookAtRun(client, oldRun, seenAt);
    if (view?.run) {
      if (workflowId === undefined) {
        workflowId = view.run.workflowId;
        onStart(workflowId);
      }
      seenAt = Date.now();
      const weight = await scene.canaryWeight();
      display.show(progressLine(view, weight, Date.now()), progressKey(view, weight), Date.now());
      outcomeAt ??= view.outcome ? Date.now() : undefined;
    }
    if (view && isOver(view, outcomeAt)) {
      return view;
    }
    await delay(POLL_MS);
  }
}

/** The rollout with its new run; `undefined` while there is none, or the API cannot be asked. */
async function lookAtRun(
  client: RolloutClient,
  oldRun: string | undefined,
  seenAt: number,
): Promise<RolloutView | undefined> {
  const isLate = Date.now() - seenAt > UNREACHABLE_LIMIT_MS;
  try {
    const view = await client.get();
    if (view?.run && view.run.runId !== oldRun) {
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

function isOver({ run }: RolloutView, outcomeAt: number | undefined): boolean {
  const isClosed = run?.status.toUpperCase() !== 'RUNNING';
  return isClosed || (outcomeAt !== undefined && Date.now() - outcomeAt > CLOSING_LIMIT_MS);
}
