import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { KubernetesError } from '@weir/kubernetes';
import { once } from 'node:events';
import { LOOK_AGAIN_MS, watchMappings, type MappingWatchOptions } from './mapping-watch.ts';

type WatchedVersion = Parameters<MappingWatchOptions['watch']>[0];

const V2 = 'getambassador.io/v2';
const V3 = 'getambassador.io/v3alpha1';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the watch on Mappings', () => {
  let served: string[];
  let asked: number;
  let isDown: boolean;
  let events: string[];
  let current: WatchedVersion | undefined;
  let stopping: AbortController;
  let watching: Promise<void>;
  let pauses: number[];
  let goOn: () => void;

  beforeEach(() => {
    served = [];
    asked = 0;
    isDown = false;
    events = [];
    pauses = [];
    current = undefined;
    stopping = new AbortController();
  });
  afterEach(async () => {
    stopping.abort();
    await watching;
  });

  /** The pause that is under way is over. */
  const later = async (): Promise<void> => {
    goOn();
    await settled();
  };
  const start = async (configured?: string): Promise<void> => {
    watching = watchMappings({
      kubernetes: {
        servedApiVersions: async () => {
          asked++;
          if (isDown) {
            throw new KubernetesError('unavailable', 'connection refused');
          }
          return served;
        },
      },
      configured,
      signal: stopping.signal,
      logger: { info: () => undefined, warn: (_fields: object, message: string) => events.push(message) } as never,
      watch: async (options) => {
        current = options;
        const { group, version, plural } = options.at.resource;
        events.push(`watch ${group}/${version} ${plural}`);
        await once(options.signal, 'abort');
      },
      onChange: () => undefined,
      onListed: () => undefined,
      onForgotten: () => events.push('forgotten'),
      pause: (ms, signal) => {
        pauses.push(ms);
        return new Promise((resolve) => {
          goOn = resolve;
          signal.addEventListener('abort', () => resolve(), { once: true });
          if (signal.aborted) {
            resolve();
          }
        });
      },
    });
    await settled();
  };

  test.each<[string, string[], string | undefined, string[]]>([
    ['is on the version that runs use', [V2, V3], undefined, [`watch ${V3} mappings`]],
    ['is on the version that the operator insists on', [V2, V3], V2, [`watch ${V2} mappings`]],
    ['is on what is served', [V2], undefined, [`watch ${V2} mappings`]],
    [
      'knows the other name of early builds',
      ['x.getambassador.io/v3alpha1'],
      undefined,
      ['watch x.getambassador.io/v3alpha1 ambassadormappings'],
    ],
    ['is on nothing where no version is served', ['apps/v1'], undefined, []],
  ])('%s', async (_name, versions, configured, expected) => {
    served = versions;
    await start(configured);
    expect(events).toEqual(expected);
  });

  test('begins when a version comes to be served', async () => {
    await start();
    await later();
    expect(events).toEqual([]);
    served = [V3];
    await later();
    expect(pauses).toEqual([LOOK_AGAIN_MS, LOOK_AGAIN_MS]);
    expect(events).toEqual([`watch ${V3} mappings`]);
  });

  test('goes to another version when its own is no longer served, and what it has seen is forgotten first', async () => {
    served = [V2];
    await start();
    served = [V3];
    current?.onBreak?.(new KubernetesError('notServed', 'the server could not find the requested resource'));
    await settled();
    await later();
    expect(events).toEqual([`watch ${V2} mappings`, 'a watch broke and goes on', 'forgotten', `watch ${V3} mappings`]);
  });

  test('stays on its version through other breaks', async () => {
    served = [V3];
    await start();
    current?.onBreak?.(new KubernetesError('unavailable', 'connection reset'));
    await settled();
    expect(events).toEqual([`watch ${V3} mappings`, 'a watch broke and goes on']);
  });

  test('does not ask in a storm while a version that is gone is still named', async () => {
    served = [V3];
    await start();
    for (let times = 0; times < 3; times++) {
      current?.onBreak?.(new KubernetesError('notServed', 'gone'));
      await settled();
      await later();
    }
    expect(asked).toBe(4);
    expect(pauses).toEqual([1_000, 1_000, 1_000]);
  });

  test('begins when the API server can be reached', async () => {
    isDown = true;
    await start();
    isDown = false;
    served = [V3];
    await later();
    expect(pauses).toEqual([1_000]);
    expect(events).toEqual(['the API versions of Mapping cannot be read, trying again', `watch ${V3} mappings`]);
  });

  test('ends at once when the worker stops while it waits', async () => {
    await start();
    stopping.abort();
    await expect(watching).resolves.toBeUndefined();
  });
});
