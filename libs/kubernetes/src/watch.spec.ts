import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubernetesClient } from './client.ts';
import { ROLLOUTS, type KubernetesObject } from './resources.ts';
import { WATCH_SECONDS, watchForever } from './watch.ts';

const object = (name: string, resourceVersion: string, uid = `uid of ${name}`): KubernetesObject => ({
  metadata: { name, namespace: 'ns', resourceVersion, uid },
});
const event = (type: string, what: object): string => `${JSON.stringify({ type, object: what })}\n`;
const bookmark = (resourceVersion: string): string => event('BOOKMARK', { metadata: { resourceVersion } });
const expired = event('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' });

/** What the API server does with a watch: sends that, and then ends it, breaks the connection, or stays. */
interface Watched {
  readonly sends?: string;
  readonly then: 'ends' | 'breaks' | 'stays';
  /** Refused with this instead. */
  readonly status?: number;
}

describe('a watch', () => {
  let server: Server;
  let client: KubernetesClient;
  let requests: string[];
  let changes: string[];
  let breaks: string[];
  let lists: KubernetesObject[][];
  let watches: Watched[];
  let stopping: AbortController;
  let watching: Promise<void> | undefined;
  let spoil: ((name: string) => void) | undefined;

  beforeEach(async () => {
    [requests, changes, breaks, lists, watches] = [[], [], [], [], []];
    stopping = new AbortController();
    spoil = undefined;
    server = createServer((request, response) => {
      const { searchParams } = new URL(request.url ?? '', 'http://server');
      if (searchParams.get('watch') === 'true') {
        const version = searchParams.get('resourceVersion');
        const [seconds, bookmarks] = ['timeoutSeconds', 'allowWatchBookmarks'].map((name) => searchParams.get(name));
        requests.push(`watch from ${version}${seconds === String(WATCH_SECONDS) && bookmarks === 'true' ? '' : '!'}`);
        play(response, watches.shift() ?? { then: 'stays' });
      } else {
        requests.push('list');
        const items = lists.shift() ?? [];
        response.end(JSON.stringify({ metadata: { resourceVersion: '10' }, items }));
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      { name: 'c', server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, skipTLSVerify: true },
      { name: 'u' },
    );
    client = new KubernetesClient(config);
  });

  afterEach(async () => {
    stopping.abort();
    await watching;
    await client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  function play(response: ServerResponse, { sends = '', then, status = 200 }: Watched): void {
    response.writeHead(status);
    response.write(sends, () => {
      if (then === 'ends' || status !== 200) {
        response.end();
      } else if (then === 'breaks') {
        response.destroy();
      }
    });
    response.flushHeaders();
  }

  /** Until so many requests have come. */
  async function untilRequests(count: number): Promise<string[]> {
    watching = watchForever(client, {
      at: { resource: ROLLOUTS },
      signal: stopping.signal,
      onChange: ({ type, object: { metadata } }) => {
        spoil?.(metadata.name);
        changes.push(`${type} ${metadata.name} ${metadata.resourceVersion}`);
      },
      onListed: () => changes.push('all listed'),
      onBreak: (error) => breaks.push((error as Error).message),
    });
    const deadlineMs = Date.now() + 4_000;
    while (requests.length < count && Date.now() < deadlineMs) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return requests;
  }

  test('that the API server ends goes on where its last bookmark was, without a list', async () => {
    watches = [{ sends: event('ADDED', object('a', '11')) + bookmark('20'), then: 'ends' }];
    expect(await untilRequests(3)).toEqual(['list', 'watch from 10', 'watch from 20']);
    expect(changes).toEqual(['all listed', 'ADDED a 11']);
    expect(breaks).toEqual([]);
  });

  test('whose connection breaks goes on where it was, and says so', async () => {
    watches = [{ sends: event('ADDED', object('a', '11')), then: 'breaks' }];
    expect(await untilRequests(3)).toEqual(['list', 'watch from 10', 'watch from 11']);
    expect(breaks).toEqual([expect.stringContaining('the watch of rollouts broke')]);
  });

  test.each<[string, Watched]>([
    ['is told in the stream that it is too old', { sends: expired, then: 'stays' }],
    ['is refused because it is too old', { status: 410, then: 'ends' }],
    ['may not watch any more', { status: 403, then: 'ends' }],
  ])('that %s lists again: what is gone comes as deleted, and all else as listed', async (_name, watched) => {
    lists = [
      [object('a', '1'), object('b', '2'), object('c', '3')],
      [object('b', '30'), object('c', '31', 'made anew')],
    ];
    watches = [watched];
    expect(await untilRequests(4)).toEqual(['list', 'watch from 10', 'list', 'watch from 10']);
    expect(changes).toEqual([
      ...['LISTED a 1', 'LISTED b 2', 'LISTED c 3', 'all listed'],
      ...['DELETED a 1', 'DELETED c 3', 'LISTED b 30', 'LISTED c 31', 'all listed'],
    ]);
    expect(breaks).toHaveLength(1);
  });

  test('does not tell of an object as deleted twice, or of one that it has not told of', async () => {
    lists = [[object('a', '1')], []];
    watches = [
      { sends: event('DELETED', object('a', '11')) + event('ADDED', object('b', '12')) + expired, then: 'stays' },
    ];
    await untilRequests(4);
    expect(changes).toEqual(['LISTED a 1', 'all listed', 'DELETED a 11', 'ADDED b 12', 'DELETED b 12', 'all listed']);
  });

  test('takes an error of whoever listens for a break: nothing is swallowed, and all comes again', async () => {
    spoil = (name) => {
      if (name === 'bad' && requests.length === 2) {
        throw new Error('cannot read it');
      }
    };
    watches = [{ sends: event('ADDED', object('bad', '11')), then: 'stays' }];
    lists = [[], [object('bad', '11')]];
    expect(await untilRequests(4)).toEqual(['list', 'watch from 10', 'list', 'watch from 10']);
    expect(breaks).toEqual(['cannot read it']);
    expect(changes).toEqual(['all listed', 'LISTED bad 11', 'all listed']);
  });

  test('ends when its signal is aborted', async () => {
    await untilRequests(2);
    stopping.abort();
    await expect(watching).resolves.toBeUndefined();
    expect(breaks).toEqual([]);
  });
});
