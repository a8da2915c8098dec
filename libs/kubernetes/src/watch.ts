import { Watch } from '@kubernetes/client-node';
import { setTimeout as delay } from 'node:timers/promises';
import type { KubernetesClient, ListOptions } from './client.ts';
import { pathOf, type KubernetesObject, type Location } from './resources.ts';

/**
 * One change, in the order of resourceVersion. After a break that cannot be resumed the whole list comes again, as `LISTED`,
 * and before it, as `DELETED`, what was there before and is not in it.
 */
export interface Change<T> {
  readonly type: 'LISTED' | 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: T;
}

export interface WatchOptions<T> {
  readonly at: Location;
  readonly selector?: Pick<ListOptions, 'labelSelector' | 'fieldSelector'>;
  readonly signal: AbortSignal;
  readonly onChange: (change: Change<T>) => void;
  /** The whole list has come: at the start, and after each break that cannot be resumed. */
  readonly onListed?: () => void;
  /** A break, which is mended here; for the log. */
  readonly onBreak?: (error: unknown) => void;
}

/**
 * The API server ends a watch after this long, and sends a bookmark 2 s before it does (its own bookmarks come once a
 * minute), so that the next one resumes from now and costs a request without a list.
 */
export const WATCH_SECONDS = 10;
/**
 * A watch that lasts longer than the API server lets it has died without a word: a connection that a firewall forgot
 * sends nothing, no end either. So a break of that kind is noticed within this time; client-node's own limit is 30 s
 * without a byte. 2 s more than the server takes are for a slow network.
 */
export const SILENT_DEATH_MS = (WATCH_SECONDS + 2) * 1_000;

/** Between a break and the next try: short, so that nothing is missed for long, and never a storm. */
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 10_000;

/**
 * Lists and then watches until the signal is aborted. A watch that ends or falls silent, and one whose connection breaks,
 * goes on where it was; one that the API server refuses, or says is too old, from a new list. One of these a worker and
 * kind, never one a rollout: API priority and fairness charges by watcher.
 */
export async function watchForever<T extends KubernetesObject>(
  client: KubernetesClient,
  options: WatchOptions<T>,
): Promise<void> {
  const { signal, onBreak } = options;
  const known = new Map<string, T>();
  const remembering = { ...options, onChange: (change: Change<T>) => options.onChange(remember(known, change)) };
  let resourceVersion: string | undefined;
  let retryMs = FIRST_RETRY_MS;
  while (!signal.aborted) {
    try {
      resourceVersion ??= await listAll(client, remembering, known);
      const startedMs = Date.now();
      const end = await watchOnce(client, remembering, resourceVersion);
      resourceVersion = end.resourceVersion;
      if (end.broken !== undefined) {
        throw end.broken;
      }
      retryMs = FIRST_RETRY_MS;
      if (Date.now() - startedMs < FIRST_RETRY_MS) {
        await delay(FIRST_RETRY_MS, undefined, { signal }); // A proxy that ends every watch at once must not be hammered.
      }
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      if (!(error instanceof ResumableBreak)) {
        resourceVersion = undefined;
      }
      onBreak?.(error);
      await delay(retryMs, undefined, { signal }).catch(() => undefined);
      retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
    }
  }
}

/** The connection is lost, and nothing else: what came until then stays true. */
class ResumableBreak extends Error {
  override readonly name = 'WatchBroken';
}

interface WatchEnd {
  /** To go on from; undefined: list again. */
  readonly resourceVersion: string | undefined;
  readonly broken?: Error;
}

async function listAll<T extends KubernetesObject>(
  client: KubernetesClient,
  { at, selector = {}, signal, onChange, onListed }: WatchOptions<T>,
  known: ReadonlyMap<string, T>,
): Promise<string | undefined> {
  const { items, metadata } = await client.list<T>(at, { ...selector, signal });
  const listed = new Set(items.map(keyOf));
  const gone = [...known].filter(([key]) => !listed.has(key));
  gone.forEach(([, object]) => onChange({ type: 'DELETED', object }));
  items.forEach((object) => onChange({ type: 'LISTED', object }));
  onListed?.();
  return metadata.resourceVersion;
}

function remember<T extends KubernetesObject>(known: Map<string, T>, change: Change<T>): Change<T> {
  if (change.type === 'DELETED') {
    known.delete(keyOf(change.object));
  } else {
    known.set(keyOf(change.object), change.object);
  }
  return change;
}

/** By uid, so that an object that was deleted and made again between two lists is two. */
function keyOf({ metadata: { uid, namespace = '', name } }: KubernetesObject): string {
  return uid ?? `${namespace}/${name}`;
}

/** Until the watch ends, breaks or has lasted too long. Rejects only when `onChange` throws. */
function watchOnce<T extends KubernetesObject>(
  client: KubernetesClient,
  { at, selector = {}, signal, onChange }: WatchOptions<T>,
  from: string | undefined,
): Promise<WatchEnd> {
  const { plural } = at.resource;
  return new Promise<WatchEnd>((resolve, reject) => {
    let latest = from;
    let request: AbortController | undefined;
    let isOver = false;
    const over = (settle: () => void): void => {
      if (!isOver) {
        isOver = true;
        clearTimeout(watchdog);
        signal.removeEventListener('abort', stopped);
        request?.abort();
        settle();
      }
    };
    const stopped = (): void => over(() => resolve({ resourceVersion: latest }));
    const broke = (broken: Error): void =>
      over(() => resolve({ resourceVersion: broken instanceof ResumableBreak ? latest : undefined, broken }));
    const watchdog = setTimeout(
      () => broke(new ResumableBreak(`the watch of ${plural} fell silent: it was not ended in ${SILENT_DEATH_MS} ms`)),
      SILENT_DEATH_MS,
    );
    signal.addEventListener('abort', stopped, { once: true });
    const onEvent = (type: string, object: T): void => {
      if (isOver) {
        return; // What a connection that was given up still brings comes again by the next one.
      }
      if (type === 'ERROR') {
        broke(new Error(`the watch of ${plural} was ended: ${JSON.stringify(object)}`));
        return;
      }
      try {
        if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') {
          onChange({ type, object });
        }
        latest = object.metadata.resourceVersion ?? latest;
      } catch (error) {
        over(() => reject(asError(error))); // client-node would swallow it.
      }
    };
    const onDone = (error: unknown): void => {
      if (error === null || error === undefined) {
        stopped();
      } else {
        broke(breakOf(plural, error));
      }
    };
    const query = { ...selector, allowWatchBookmarks: true, timeoutSeconds: WATCH_SECONDS, resourceVersion: from };
    new Watch(client.config).watch(pathOf(at), query, onEvent, onDone).then((started) => {
      request = started;
      if (isOver) {
        started.abort();
      }
    }, onDone);
  });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(JSON.stringify(error));
}

/** Only what the API server answers makes the list be made again; by its status, which a lost connection has not. */
function breakOf(plural: string, error: unknown): Error {
  const { statusCode } = error as { statusCode?: unknown };
  const message = `the watch of ${plural} broke: ${asError(error).message}`;
  return statusCode === undefined
    ? new ResumableBreak(message, { cause: error })
    : new Error(`${message} (${JSON.stringify(statusCode)})`, { cause: error });
}
