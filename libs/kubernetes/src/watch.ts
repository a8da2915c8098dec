import { Watch } from '@kubernetes/client-node';
import { setTimeout as delay } from 'node:timers/promises';
import type { KubernetesClient, ListOptions } from './client.ts';
import { pathOf, type KubernetesObject, type Location } from './resources.ts';

/** One change, in the order of resourceVersion. After a break the whole list comes again, as `LISTED`. */
export interface Change<T> {
  readonly type: 'LISTED' | 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: T;
}

export interface WatchOptions<T> {
  readonly at: Location;
  readonly selector?: Pick<ListOptions, 'labelSelector' | 'fieldSelector'>;
  readonly signal: AbortSignal;
  readonly onChange: (change: Change<T>) => void;
  /** A break that is mended by listing again; for the log. */
  readonly onBreak?: (error: unknown) => void;
}

/** Between a break and the next list: short, so that nothing is missed for long, and never a storm. */
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 10_000;

/**
 * Lists and then watches until the signal is aborted. A watch that ends, errs, expires or falls silent (client-node gives up
 * after 30 s without a byte, which is also the watchdog for one that died silently) goes on where it was, or from a new list
 * when that is too old. One of these a worker and kind, never one a rollout: API priority and fairness charges by watcher.
 */
export async function watchForever<T extends KubernetesObject>(
  client: KubernetesClient,
  options: WatchOptions<T>,
): Promise<void> {
  const { at, selector = {}, signal, onChange, onBreak } = options;
  let resourceVersion: string | undefined;
  let retryMs = FIRST_RETRY_MS;
  while (!signal.aborted) {
    try {
      if (resourceVersion === undefined) {
        const list = await client.list<T>(at, { ...selector, signal });
        list.items.forEach((object) => onChange({ type: 'LISTED', object }));
        resourceVersion = list.metadata.resourceVersion;
      }
      const startedMs = Date.now();
      resourceVersion = await watchOnce(client, options, resourceVersion);
      retryMs = FIRST_RETRY_MS;
      if (Date.now() - startedMs < FIRST_RETRY_MS) {
        await delay(FIRST_RETRY_MS, undefined, { signal }); // A proxy that ends every watch at once must not be hammered.
      }
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      resourceVersion = undefined;
      onBreak?.(error);
      await delay(retryMs, undefined, { signal }).catch(() => undefined);
      retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
    }
  }
}

/** @returns the resourceVersion to go on from; rejects when the list must be made again */
function watchOnce<T extends KubernetesObject>(
  client: KubernetesClient,
  { at, selector = {}, signal, onChange }: WatchOptions<T>,
  from: string | undefined,
): Promise<string | undefined> {
  let latest = from;
  let request: AbortController | undefined;
  const abort = (): void => request?.abort();
  signal.addEventListener('abort', abort, { once: true });
  return new Promise<string | undefined>((resolve, reject) => {
    const onEvent = (type: string, object: T): void => {
      if (type === 'ERROR') {
        reject(new Error(`watch of ${at.resource.plural} ended: ${JSON.stringify(object)}`));
        return;
      }
      latest = object.metadata.resourceVersion ?? latest;
      if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') {
        onChange({ type, object });
      }
    };
    const onDone = (error: unknown): void => {
      const expected = error === null || error === undefined || isTimeout(error) || signal.aborted;
      if (expected) {
        resolve(latest);
      } else {
        reject(error instanceof Error ? error : new Error(`watch of ${at.resource.plural}: ${JSON.stringify(error)}`));
      }
    };
    const query = { ...selector, allowWatchBookmarks: true, resourceVersion: from };
    new Watch(client.config).watch(pathOf(at), query, onEvent, onDone).then((started) => {
      request = started;
      if (signal.aborted) {
        abort();
      }
    }, reject);
  }).finally(() => signal.removeEventListener('abort', abort));
}

/** By its name: a DOMException is of the realm of Node, which a test runner's sandbox is not. */
function isTimeout(error: unknown): boolean {
  return (error as { name?: unknown } | undefined)?.name === 'TimeoutError';
}
