import { isKubernetesError } from '@weir/kubernetes';
import { setTimeout as delay } from 'node:timers/promises';

const TRIES = 10;
const BETWEEN_MS = 1_000;

/** What sets a measurement up is no part of it: a busy API server is asked again, and what an answer was lost for is there. */
export async function patiently<T>(request: () => Promise<T>): Promise<T | undefined> {
  for (let left = TRIES; ; left--) {
    try {
      return await request();
    } catch (error) {
      if (isKubernetesError(error, 'conflict') || isKubernetesError(error, 'notFound')) {
        return undefined;
      }
      if (!isKubernetesError(error, 'unavailable') || left === 0) {
        throw error;
      }
      await delay(BETWEEN_MS);
    }
  }
}
