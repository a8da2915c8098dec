import { setTimeout as delay } from 'node:timers/promises';

export interface UntilDoneOptions {
  /** Between a failure and the next try. */
  readonly retryMs: number;
  /** Aborted: given up, without an error. */
  readonly signal: AbortSignal;
  /** For the log. */
  readonly failed: (error: unknown) => void;
}

/** Tries again until it succeeds, or nobody wants it any more. */
export async function untilDone(
  task: () => Promise<void>,
  { retryMs, signal, failed }: UntilDoneOptions,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await task();
      return;
    } catch (error) {
      if (!signal.aborted) {
        failed(error);
        await delay(retryMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}
