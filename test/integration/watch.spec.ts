import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import {
  KubernetesClient,
  SILENT_DEATH_MS,
  WATCH_SECONDS,
  watchForever,
  type KubernetesObject,
} from '@weir/kubernetes';
import { randomUUID } from 'node:crypto';
import { readSandbox } from '../support/cluster.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { MAPPINGS, NAMESPACE_LIST, mapping } from '../support/objects.ts';
import { useSandbox } from '../support/shared.ts';
import { eventually } from '../support/wait.ts';

const TEST_TIMEOUT_MS = 90_000;
const used = useSandbox('--no-worker', '--no-api');

describe('a watch on a real API server, by way of a proxy', () => {
  let proxy: FaultProxy;
  let client: KubernetesClient;
  let namespace: string;
  let seen: string[];
  let breaks: string[];
  let stopping: AbortController;
  let watching: Promise<void>;

  beforeAll(async () => {
    const { kubeconfig } = await readSandbox(used.sandbox.stateDirectory);
    proxy = await FaultProxy.start(kubeconfig, used.sandbox.stateDirectory);
    const config = new KubeConfig();
    config.loadFromFile(proxy.kubeconfig);
    client = new KubernetesClient(config);
  });
  afterAll(async () => {
    await client.close();
    await proxy.close();
  });

  beforeEach(async () => {
    namespace = `w-${randomUUID().slice(0, 8)}`;
    [seen, breaks] = [[], []];
    stopping = new AbortController();
    await used.cluster.kubernetes.create<KubernetesObject>(
      { resource: NAMESPACE_LIST },
      { metadata: { name: namespace } },
      { fieldManager: 'test' },
    );
    await create('first');
    proxy.requests.length = 0;
    watching = watchForever<KubernetesObject>(client, {
      at: { resource: MAPPINGS, namespace },
      signal: stopping.signal,
      onChange: ({ type, object: { metadata } }) => seen.push(`${type} ${metadata.name}`),
      onBreak: (error) => breaks.push((error as Error).message),
    });
    await eventually('a watch is under way', async () => seen.length === 1 && watches().length === 1);
  });
  afterEach(async () => {
    proxy.rewrite = (url) => url;
    stopping.abort();
    await watching;
  });

  const create = (name: string): Promise<KubernetesObject> =>
    used.cluster.kubernetes.create({ resource: MAPPINGS, namespace }, mapping(name), { fieldManager: 'test' });
  const lists = (): string[] => proxy.requests.filter((one) => !one.includes('watch=true'));
  const watches = (): string[] => proxy.requests.filter((one) => one.includes('watch=true'));
  const versionOf = (request: string): string => /resourceVersion=(\d+)/.exec(request)?.[1] ?? '';

  test(
    'that is idle and healthy is not listed again, and each resumes from a newer bookmark',
    async () => {
      // Writes elsewhere, which the bookmarks count and this watch does not see.
      await used.cluster.kubernetes.create({ resource: MAPPINGS, namespace: 'default' }, mapping(namespace), {
        fieldManager: 'test',
      });
      await eventually('two watches more', async () => watches().length === 3, (2 * WATCH_SECONDS + 10) * 1_000);
      const [first = '', second = ''] = watches().map(versionOf);
      expect(Number(second)).toBeGreaterThan(Number(first));
      expect(lists()).toHaveLength(1);
      expect(seen).toEqual(['LISTED first']);
      expect(breaks).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'whose connection breaks resumes, and brings what happened meanwhile without a list',
    async () => {
      proxy.breakConnections();
      await create('second');
      await eventually('the second Mapping is seen', async () => seen.includes('ADDED second'), 5_000);
      expect(lists()).toHaveLength(1);
      expect(breaks).toHaveLength(1);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'that dies without a word is noticed within the documented time, and brings what happened meanwhile',
    async () => {
      proxy.fallSilent();
      await create('second');
      await eventually(
        'the second Mapping is seen',
        async () => seen.includes('ADDED second'),
        SILENT_DEATH_MS + 5_000,
      );
      expect(breaks).toEqual([expect.stringContaining('fell silent')]);
      expect(lists()).toHaveLength(1);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'that would resume from what the API server has forgotten lists again, and tells what was deleted meanwhile',
    async () => {
      await create('second');
      await eventually('the second Mapping is seen', async () => seen.includes('ADDED second'));
      seen.length = 0;
      proxy.rewrite = (url) => url.replace(/resourceVersion=\d+/, 'resourceVersion=1');
      proxy.breakConnections();
      await used.cluster.kubernetes.delete({ resource: MAPPINGS, namespace, name: 'first' });
      await eventually('it is listed again', async () => lists().length > 1);
      proxy.rewrite = (url) => url;
      await eventually('both are seen', async () => seen.includes('DELETED first') && seen.includes('LISTED second'));
      expect(breaks.join()).toMatch(/too old resource version|Gone|410/i);
      await create('third');
      // After some refusals in a row it waits longer between two tries.
      await eventually('the third Mapping is seen', async () => seen.some((one) => one.endsWith(' third')));
    },
    TEST_TIMEOUT_MS,
  );
});
