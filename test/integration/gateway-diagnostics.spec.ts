import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import { gatewayDiagnostics, type GatewayDiagnostics } from '@weir/activities';
import { ENDPOINT_SLICES, KubernetesClient, PODS, SERVICES, type KubernetesObject } from '@weir/kubernetes';
import { modelGateway, toDiagnostics, type Mapping } from '@weir/mapping';
import { randomUUID } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { readSandbox } from '../support/cluster.ts';
import { NAMESPACE_LIST, mapping } from '../support/objects.ts';
import { useSandbox } from '../support/shared.ts';

const TEST_TIMEOUT_MS = 60_000;
const PATH = '/ambassador/v0/diag/?json=true';
/** Of a block for documentation: no machine has it (RFC 5737). */
const UNREACHABLE = '203.0.113.9';
const SERVICE_PORT = 8877;

type InstanceAnswer = Awaited<ReturnType<GatewayDiagnostics['ask']>>[number];

const used = useSandbox('--no-worker', '--no-api');
/** With the worker's rights. */
let kubernetes: KubernetesClient;
let servers: Server[] = [];
let namespace: string;

beforeAll(async () => {
  const { env } = await readSandbox(used.sandbox.stateDirectory);
  const config = new KubeConfig();
  config.loadFromFile(env['KUBECONFIG'] ?? '');
  kubernetes = new KubernetesClient(config);
});
afterAll(() => kubernetes.close());

afterEach(async () => {
  await Promise.all(
    servers.map((server) => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    }),
  );
  servers = [];
});

/** What a gateway answers that gives the canary of `app` that weight. */
function answerOf(weight: number): string {
  const app = mapping('app', { hostname: '*' });
  const canary = mapping('app0-canary', { hostname: '*', prefix: '/app', weight });
  return JSON.stringify(toDiagnostics(modelGateway({ mappings: [app, canary] as unknown as Mapping[] })));
}

/** Of what the canary was given, as an instance says it. */
function weightIn({ diagnostics }: InstanceAnswer): number | undefined {
  return diagnostics?.groups.flat().find(({ name }) => name === 'app0-canary')?.weight;
}

/** An instance of a gateway, and the paths that it was asked for. */
interface Instance {
  readonly port: number;
  readonly heard: string[];
}

async function instance(answer: RequestListener, host = '127.0.0.1'): Promise<Instance> {
  const heard: string[] = [];
  const server = createServer((request, response) => {
    heard.push(request.url ?? '');
    answer(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return { port: (server.address() as AddressInfo).port, heard };
}

const serving =
  (weight: number): RequestListener =>
  (_request, response) =>
    response.setHeader('content-type', 'application/json').end(answerOf(weight));

function ask(gateway: GatewayDiagnostics): Promise<readonly InstanceAnswer[]> {
  return gateway.ask(AbortSignal.timeout(TEST_TIMEOUT_MS));
}

describe('instances that are named by URL', () => {
  const urlOf = ({ port }: Instance) => `http://127.0.0.1:${port}`;

  test('are asked over HTTP, and each answers for itself', async () => {
    const [one, two] = [await instance(serving(30)), await instance(serving(0))];
    const answers = await ask(gatewayDiagnostics(kubernetes, { urls: [urlOf(one), urlOf(two)] }));
    expect(answers.map(({ instance: name }) => name)).toEqual([urlOf(one), urlOf(two)]);
    expect(answers.map(weightIn)).toEqual([30, 0]);
    expect([one.heard, two.heard]).toEqual([[PATH], [PATH]]);
  });

  test('that refuse, fail, hang or are something else have their problem told, and the others are heard', async () => {
    const good = await instance(serving(30));
    const failing = await instance((_request, response) => response.writeHead(500).end());
    const hanging = await instance(() => undefined);
    const page = await instance((_request, response) => response.end('<html>'));
    const gone = await instance(serving(0));
    servers.pop()?.close();
    const urls = [good, failing, hanging, page, gone].map(urlOf);
    const [first, ...others] = await ask(gatewayDiagnostics(kubernetes, { urls }));
    expect(first && weightIn(first)).toBe(30);
    expect(others.map(({ problem }) => problem)).toEqual([
      `GET ${urlOf(failing)}${PATH}: 500`,
      expect.stringMatching(/timeout/),
      expect.stringMatching(/is not valid JSON/),
      expect.stringMatching(/fetch failed/),
    ]);
  });
});

/** Of this machine, and not loopback: the API server takes no loopback address for an endpoint or a pod. */
const ownAddress = Object.values(networkInterfaces())
  .flat()
  .find((one) => one?.family === 'IPv4' && !one.internal)?.address;
const withAddress = ownAddress === undefined ? describe.skip : describe;
if (ownAddress === undefined) {
  process.stderr.write('gateway-diagnostics: the endpoints are skipped, this machine has only loopback addresses\n');
}

withAddress('instances that are the endpoints of a Service', () => {
  const own = ownAddress ?? '';
  let gateway: GatewayDiagnostics;

  beforeAll(async () => {
    namespace = `t-${randomUUID().slice(0, 8)}`;
    const at = { resource: NAMESPACE_LIST };
    await used.cluster.kubernetes.create(at, { metadata: { name: namespace } }, { fieldManager: 'test' });
    // Without a selector: its EndpointSlices are the test's.
    await create(SERVICES, {
      metadata: { name: 'admin' },
      spec: { ports: [{ name: 'diagnostics', port: SERVICE_PORT }] },
    });
    gateway = gatewayDiagnostics(kubernetes, { service: { namespace, name: 'admin', port: SERVICE_PORT } });
  });

  function create(resource: typeof PODS, object: object): Promise<unknown> {
    return used.cluster.kubernetes.create({ resource, namespace }, object as KubernetesObject, {
      fieldManager: 'test',
    });
  }

  /** On no node, so that nobody but the test says where it is. */
  async function pod(name: string, podIP: string): Promise<void> {
    await create(PODS, { metadata: { name }, spec: { nodeName: 'nowhere', containers: [{ name: 'x', image: 'x' }] } });
    await used.cluster.kubernetes.mergePatch(
      { resource: PODS, namespace, name, subresource: 'status' },
      { status: { podIP, podIPs: [{ ip: podIP }] } },
      { fieldManager: 'test' },
    );
  }

  const endpoint = (address: string, name: string, ready = true) => ({
    addresses: [address],
    conditions: { ready },
    targetRef: { kind: 'Pod', name, namespace },
  });

  function slice(name: string, port: number, endpoints: readonly object[]): Promise<unknown> {
    return create(ENDPOINT_SLICES, {
      addressType: 'IPv4',
      metadata: { name, labels: { 'kubernetes.io/service-name': 'admin' } },
      ports: [
        { name: 'other', port: 1 },
        { name: 'diagnostics', port },
      ],
      endpoints,
    });
  }

  test(
    'are all asked that are ready: directly, or through the API server where that is the only way',
    async () => {
      const [near, far, unready] = [
        await instance(serving(30), own),
        await instance(serving(60), own),
        await instance(serving(90), own),
      ];
      await Promise.all([pod('near', UNREACHABLE), pod('far', own), pod('unready', own)]);
      await slice('near', near.port, [endpoint(own, 'near')]);
      await slice('far', far.port, [endpoint(UNREACHABLE, 'far')]);
      await slice('unready', unready.port, [endpoint(own, 'unready', false)]);

      const answers = await ask(gateway);
      const byName = Object.fromEntries(answers.map((one) => [one.instance, weightIn(one) ?? one.problem]));
      expect(byName).toEqual({ near: 30, far: 60 });
      expect([near.heard, far.heard, unready.heard]).toEqual([[PATH], [PATH], []]);
      const startedAtMs = Date.now();
      await ask(gateway);
      // It is known by now how the far one is reached: nobody waits for its address again.
      expect(Date.now() - startedAtMs).toBeLessThan(1_000);
      expect(far.heard).toEqual([PATH, PATH]);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'have their problem told when neither way leads to them',
    async () => {
      await pod('lost', UNREACHABLE);
      await slice('lost', 9, [endpoint(UNREACHABLE, 'lost')]);
      const answers = await ask(gateway);
      expect(answers.find(({ instance: name }) => name === 'lost')).toEqual({
        instance: 'lost',
        problem: expect.stringMatching(/./),
      });
    },
    TEST_TIMEOUT_MS,
  );

  test('are unknown while there is no such Service', async () => {
    const nowhere = gatewayDiagnostics(kubernetes, { service: { namespace, name: 'nowhere', port: SERVICE_PORT } });
    expect(await ask(nowhere)).toEqual([
      { instance: 'the gateway', problem: expect.stringContaining('services "nowhere" not found') },
    ]);
  });
});
