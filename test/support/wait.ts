import { setTimeout as delay } from 'node:timers/promises';

/** Servers under test share two cores with the test: what takes a second alone may take ten beside a build. */
const DEFAULT_TIMEOUT_MS = 30_000;
const POLL_MS = 50;

/**
 * Polls until `probe` returns something other than undefined or false.
 *
 * @throws Error that says what was awaited, and what was seen last
 */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined | false>,
  timeoutMs = DEFAULT_TIMEOUT_MS,
  pollMs = POLL_MS,
): Promise<T> {
  const deadlineMs = Date.now() + timeoutMs;
  let last: unknown;
  while (Date.now() < deadlineMs) {
    try {
      const value = await probe();
      if (value !== undefined && value !== false) {
        return value;
      }
      last = value;
    } catch (error) {
      last = error;
    }
    await delay(pollMs);
  }
  throw new Error(`not within ${timeoutMs} ms: ${what}; last seen: ${String(last)}`);
}
