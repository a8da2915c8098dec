import { isKubernetesError } from '@weir/kubernetes';
import { setTimeout as delay } from 'node:timers/promises';
import { RestError } from './rest.ts';

const TRIES = 10;
const BETWEEN_MS = 1_000;

/** A busy server is asked again, as a user would; and what an answer was lost for is there, or gone. */
export async function patiently<T>(request: () => Promise<T>): Promise<T | undefined> {
  for (let left = TRIES; ; left--) {
    try {
      return await request();
    } catch (error) {
      if (isKubernetesError(error, 'conflict') || isKubernetesError(error, 'notFound')) {
        return undefined;
      }
      if (!isBusy(error) || left === 0) {
        throw error;
      }
      await delay(BETWEEN_MS);
    }
  }
}

function isBusy(error: unknown): boolean {
  return isKubernetesError(error, 'unavailable') || (error instanceof RestError && error.status >= 500);
}
