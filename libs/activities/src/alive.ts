import { CancelledFailure, Context } from '@temporalio/activity';

/** Well under the heartbeat time-out of 2 s, so that one late tick of a busy process is no death. */
const HEARTBEAT_INTERVAL_MS = 500;

/** Whether no attempt before this one can have done anything. */
export function isFirstAttempt(): boolean {
  return Context.current().info.attempt === 1;
}

/**
 * Heartbeats while the body runs: that is how a killed worker is told from a slow API server. The signal is aborted when the
 * workflow no longer wants the work.
 */
export async function alive<T>(body: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), HEARTBEAT_INTERVAL_MS);
  try {
    return await body(context.cancellationSignal);
  } catch (error) {
    // A request that was cut off because nobody wants it is a cancellation, and not to be tried again.
    throw context.cancellationSignal.aborted ? new CancelledFailure('no longer wanted', [], error as Error) : error;
  } finally {
    clearInterval(timer);
  }
}
