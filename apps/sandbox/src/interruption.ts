/** How the process was asked to end. `parent`: nobody waits for it any more, so it must be quick. */
export type InterruptionCause = 'signal' | 'parent';

export interface Interruption {
  /** Aborts at the first request to end; its reason is an {@link InterruptionCause}. */
  readonly signal: AbortSignal;
  /** Stops watching, so that the process can end by itself. */
  close(): void;
}

const PARENT_POLL_MS = 500;
/** One Ctrl-C can arrive several times: from the terminal, from npm, and from the script in between. */
const SAME_REQUEST_MS = 1000;
/** Once nobody waits, everything is gone within 3 s: what is not stopped by then is left to the reaper. */
const WITHOUT_PARENT_MS = 2000;

/**
 * Watches for everything that asks this process to end: Ctrl-C, SIGTERM, a closed terminal, and the death of the
 * process that started it. A second request ends the process at once; what it started is then killed by the reaper.
 */
export function watchForInterruption(): Interruption {
  const controller = new AbortController();
  let firstRequestAt = 0;
  const onSignal = () => {
    if (!controller.signal.aborted) {
      firstRequestAt = Date.now();
      controller.abort('signal' satisfies InterruptionCause);
    } else if (Date.now() - firstRequestAt > SAME_REQUEST_MS) {
      process.exit(130);
    }
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) {
    process.on(signal, onSignal);
  }
  const parent = process.ppid;
  const parentWatch = setInterval(() => {
    if (process.ppid === parent) {
      return;
    }
    clearInterval(parentWatch);
    controller.abort('parent' satisfies InterruptionCause);
    setTimeout(() => process.exit(1), WITHOUT_PARENT_MS).unref();
  }, PARENT_POLL_MS);
  return {
    signal: controller.signal,
    close: () => {
      clearInterval(parentWatch);
      for (const signal of signals) {
        process.off(signal, onSignal);
      }
    },
  };
}
