import { isKubernetesError } from '@weir/kubernetes';

/** The worker writes status and notes beside a person's command; more writes than that in a row are somebody's loop. */
const MAX_ATTEMPTS = 5;

/**
 * Writes over what was read, and again over what is there now when another write came first.
 *
 * @throws KubernetesError of the last attempt
 */
export async function overNewest<Read, Written>(
  known: Read,
  readAgain: () => Promise<Read>,
  write: (read: Read) => Promise<Written>,
): Promise<Written> {
  let read = known;
  for (let attempt = 1; ; attempt++) {
    try {
      return await write(read);
    } catch (error) {
      if (!isKubernetesError(error, 'conflict') || attempt === MAX_ATTEMPTS) {
        throw error;
      }
      read = await readAgain();
    }
  }
}
