import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubernetesClient } from './client.ts';
import { POD_TEMPLATES, ROLLOUTS } from './resources.ts';

interface Heard {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly type: string | undefined;
  readonly body: unknown;
}

let server: Server;
let client: KubernetesClient;
let heard: Heard[];

beforeEach(async () => {
  heard = [];
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const { method, url, headers } = request;
      heard.push({ method, url, type: headers['content-type'], body: JSON.parse(text) });
      response.end('{}');
    });
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
  await client.close();
  await new Promise((resolve) => server.close(resolve));
});

describe('a write', () => {
  test('by JSON patch sends its operations under that type', async () => {
    const operations = [{ op: 'replace', path: '/spec/template', value: { spec: {} } }] as const;
    await client.jsonPatch({ resource: ROLLOUTS, namespace: 'default', name: 'someapp' }, operations, {
      fieldManager: 'weir',
    });
    expect(heard).toEqual([
      {
        method: 'PATCH',
        url: '/apis/argoproj.io/v1alpha1/namespaces/default/rollouts/someapp?fieldManager=weir',
        type: 'application/json-patch+json',
        body: operations,
      },
    ]);
  });

  test('that only asks says so, and how strict the answer is to be', async () => {
    const body = { metadata: { name: 'x' } };
    await client.create({ resource: POD_TEMPLATES, namespace: 'default' }, body, {
      fieldManager: 'weir',
      dryRun: true,
      fieldValidation: 'Strict',
    });
    expect(heard[0]?.url).toBe(
      '/api/v1/namespaces/default/podtemplates?fieldManager=weir&dryRun=All&fieldValidation=Strict',
    );
  });
});

test('a server behind a path keeps its path', async () => {
  const config = new KubeConfig();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/clusters/c1`;
  config.loadFromClusterAndUser({ name: 'c', server: url, skipTLSVerify: true }, { name: 'u' });
  const behind = new KubernetesClient(config);
  await behind.mergePatch({ resource: ROLLOUTS, namespace: 'default', name: 'a' }, {}, { fieldManager: 'weir' });
  expect(heard[0]?.url).toMatch(/^\/clusters\/c1\/apis\/argoproj.io\/.*\?fieldManager=weir$/);
  await behind.close();
});

describe('the versions that the cluster serves', () => {
  const group = (groupVersion: string) => ({ versions: [{ groupVersion }] });

  beforeEach(() => {
    server.removeAllListeners('request');
    server.on('request', ({ method, url }: IncomingMessage, response: ServerResponse) => {
      heard.push({ method, url, type: undefined, body: undefined });
      if (url === '/apis') {
        response.end(JSON.stringify({ groups: [group(`v${heard.length}`)] }));
      } else {
        response.writeHead(404).end('404 page not found');
      }
    });
  });

  test('are asked for once for a while', async () => {
    expect(await Promise.all([client.servedApiVersions(), client.servedApiVersions()])).toEqual([['v1'], ['v1']]);
    expect(await client.servedApiVersions()).toEqual(['v1']);
    expect(heard).toHaveLength(1);
  });

  test('are asked for anew once one of them is not served any more', async () => {
    await client.servedApiVersions();
    await expect(client.list({ resource: ROLLOUTS })).rejects.toMatchObject({ kind: 'notServed' });
    expect(await client.servedApiVersions()).toEqual(['v3']);
  });
});
