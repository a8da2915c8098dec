import { beforeAll, describe, expect, test } from '@jest/globals';
import { SIGNALS } from '@weir/contract';
import { ROLLOUTS } from '@weir/kubernetes';
import { workflowId } from '@weir/rollout';
import fc from 'fast-check';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { RolloutObject } from '../support/application.ts';
import { readSandbox } from '../support/cluster.ts';
import { requestTo, routesOf, type FuzzedRequest } from '../support/fuzzed-requests.ts';
import { Scenario } from '../support/scenario.ts';
import { useSandbox } from '../support/shared.ts';
import { manifestOf } from '../support/workload-app.ts';

/** The same seed sends the same: `FUZZ_SEED=` and the number in the name of the test that failed. */
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000);
/** A manifest has more in it than all other requests. */
const requestsTo = (method: string): number => (method === 'PUT' ? 45 : 7);
const CONNECTIONS = 20;
const MESSAGES = 60;

const TEST_TIMEOUT_MS = 120_000;
/** No answer takes longer, whatever is wrong. */
const ANSWER_MS = 10_000;

const used = useSandbox();

/** Whose rollout waits at 30 % while all others are fuzzed. */
let bystander: Scenario;
/** In whose namespace all fuzzed Rollouts are. */
let fuzzed: Scenario;

beforeAll(async () => {
  const steps = [{ setWeight: 30 }, { pause: {} }];
  [bystander, fuzzed] = await Promise.all([
    Scenario.given(used.cluster, { steps }),
    Scenario.given(used.cluster, { steps }),
  ]);
  await bystander.put();
  await bystander.pausedAt(1);
}, TEST_TIMEOUT_MS);

const COURSE = ['stable-mapping0-canary 0', 'stable-mapping0-canary 30'];

/** Services and a Mapping that nobody has: what is stored moves nothing. */
const CANARY = {
  stableService: 'fuzz-stable',
  canaryService: 'fuzz-canary',
  trafficRouting: { ambassador: { mappings: ['fuzz'] } },
};

function manifestsOf(name: string): object[] {
  const trafficOnly = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata: { name } };
  const steps = [{ setWeight: 30 }, { pause: { duration: '60s' } }, { setWeight: 60 }, { pause: {} }];
  return [
    { ...trafficOnly, spec: { strategy: { canary: { ...CANARY, steps } } } },
    manifestOf(name, { steps: [{ setWeight: 50 }], canary: CANARY }),
  ];
}

/** So that there are some of which commands can be given. */
function rightRequests(): FuzzedRequest[] {
  return ['f0', 'f1'].map((name, index) => ({
    method: 'PUT',
    path: `/v1/namespaces/${fuzzed.namespace}/rollouts/${name}`,
    name,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(manifestsOf(name)[index]),
  }));
}

async function fuzzedRequests(): Promise<FuzzedRequest[]> {
  const { namespace } = fuzzed;
  return (await routesOf(used.cluster.apiUrl)).flatMap((route, index) =>
    Array.from({ length: requestsTo(route.method) }, (_, turn) => {
      // A PUT is of a Rollout of its own, and the other requests are about some of those.
      const name = `f${turn}`;
      const request = requestTo(route, { namespace, name, manifests: manifestsOf(name) });
      return fc.sample(request, { seed: SEED + 1_000 * index + turn, numRuns: 1 });
    }).flat(),
  );
}

interface Answered extends FuzzedRequest {
  readonly status: number;
  readonly answer: unknown;
}

async function send(request: FuzzedRequest): Promise<Answered> {
  const { method, path, headers, body } = request;
  const startedAtMs = Date.now();
  const response = await fetch(used.cluster.apiUrl + path, { method, headers, ...(body !== undefined && { body }) });
  const answer: unknown = await response.json();
  const { status } = response;
  expect(Date.now() - startedAtMs).toBeLessThan(ANSWER_MS);
  const isProblem = response.headers.get('content-type') === 'application/problem+json';
  expect({ request, status, answer, isProblem }).toMatchObject({ isProblem: status >= 400 });
  return { ...request, status, answer };
}

/** Names of the Rollouts that answers of 2xx say were stored, or were deleted. */
function namesIn(answered: readonly Answered[], method: string): Set<string> {
  return new Set(
    answered
      .filter((one) => one.method === method && one.status < 300 && !one.path.includes('dryRun=true'))
      .map(({ answer }) => (answer as { readonly name: string }).name),
  );
}

async function expectNothingMoved(): Promise<void> {
  expect(bystander.course()).toEqual(COURSE);
  expect(await bystander.state()).toMatchObject({ run: { stage: 'stepping', stepIndex: 1, writtenWeight: 30 } });
}

/** Nothing has crashed: each process is the one that was started. */
async function expectHealthy(): Promise<void> {
  const { pids } = await readSandbox(used.sandbox.stateDirectory);
  for (const pid of [pids.api, pids.worker]) {
    expect(process.kill(pid ?? Number.NaN, 0)).toBe(true);
  }
  for (const probe of ['healthz', 'readyz']) {
    expect((await fetch(`${used.cluster.apiUrl}/${probe}`)).status).toBe(200);
  }
}

/** What the API answers to bytes on a connection, until it ends that. */
async function answerTo(bytes: Uint8Array): Promise<string> {
  const { hostname, port } = new URL(used.cluster.apiUrl);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
  socket.end(bytes);
  await once(socket, 'close', { signal: AbortSignal.timeout(ANSWER_MS) });
  return answer;
}

/** What no command is made of. */
const WRONG_COMMANDS: readonly unknown[] = [
  ...['soon', 42, true, [], [[]], { full: 'yes' }, { expectedStep: '1' }, { actor: 7 }, { reason: {} }],
  ...[{ actor: 'a'.repeat(300_000) }, { idempotencyKey: 'k'.repeat(10_000) }, new Uint8Array([0, 255])],
];
const REVISION = {
  hash: 'x',
  name: 'x',
  number: 1,
  replicas: 1,
  pods: 1,
  ready: 1,
  available: 1,
  resourceVersion: '1',
};
/** News that nobody can use, or that is about nothing. */
const WRONG_NEWS: readonly unknown[] = [
  ...[undefined, null, 'soon', 42, [], {}, { uid: 1, generation: 1 }, { uid: 'x', generation: 1e300 }],
  ...[
    { uid: 'x', generation: 1, revisions: {} },
    { uid: 'x', generation: 1, revisions: [REVISION, null] },
  ],
  { uid: 'x', generation: 1, revisions: [{ ...REVISION, createdAtMs: 0, scaleDownAtMs: 1e300 }] },
  { uid: 'another', generation: 7 },
];

describe(`with the seed ${SEED}`, () => {
  test(
    'whatever is sent to whichever route, what is refused is neither stored nor started',
    async () => {
      const answered: Answered[] = [];
      for (const request of [...rightRequests(), ...(await fuzzedRequests())]) {
        answered.push(await send(request));
      }
      expect(answered.filter(({ status }) => status >= 500)).toEqual([]);
      expect(answered.length).toBeGreaterThanOrEqual(150);

      const [taken, deleted] = [namesIn(answered, 'PUT'), namesIn(answered, 'DELETE')];
      const refused = answered.filter(({ method, name }) => method === 'PUT' && !taken.has(name));
      expect([taken.size >= 2, refused.length > 10]).toEqual([true, true]);

      const stored = (await fuzzed.list<RolloutObject>(ROLLOUTS)).map(({ metadata }) => metadata.name);
      expect(stored.filter((name) => !taken.has(name))).toEqual([]);
      expect([...taken].filter((name) => !deleted.has(name) && !stored.includes(name))).toEqual([]);

      const started = await Promise.all(
        refused.map(({ name }) => used.cluster.runs.statusOf(workflowId({ ...fuzzed.ref, name }))),
      );
      expect(started.filter((status) => status !== undefined)).toEqual([]);
      await expectNothingMoved();
      await expectHealthy();
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'bytes that are no HTTP are answered with 4xx or with the end of the connection',
    async () => {
      const line = fc.constantFrom(
        'GET / HTTP/1.1\r\n',
        'PUT /v1 HTTP/9.9\r\n',
        'host: x\r\n',
        'content-length: -1\r\n',
      );
      const bytes = fc.oneof(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc
          .array(fc.oneof(line, fc.string({ unit: 'binary-ascii' })))
          .map((lines) => Buffer.from(`${lines.join('')}\r\n`)),
      );
      const answers = await Promise.all(fc.sample(bytes, { seed: SEED, numRuns: CONNECTIONS }).map(answerTo));
      expect(answers.filter((answer) => !/^(HTTP\/1\.1 4\d\d |$)/.test(answer))).toEqual([]);
      await expectHealthy();
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'messages that nobody can read leave a run where it is, and it can be aborted even by one of them',
    async () => {
      const { runs, temporal } = used.cluster;
      const handle = runs.handle(bystander.ref);
      const commands = Object.values(SIGNALS).filter((name) => name !== SIGNALS.abort && name !== SIGNALS.specChanged);
      const message = fc.oneof(
        fc.tuple(fc.constantFrom(...commands), fc.constantFrom(...WRONG_COMMANDS)),
        fc.tuple(fc.constant(SIGNALS.specChanged), fc.constantFrom(...WRONG_NEWS)),
        fc.tuple(fc.constantFrom('nothing', '__proto__', 'constructor'), fc.jsonValue()),
      );
      for (const [name, payload] of fc.sample(message, { seed: SEED, numRuns: MESSAGES })) {
        await handle.signal(name, payload);
      }
      const encoding = Buffer.from('of/nobody');
      await temporal.workflowService.signalWorkflowExecution({
        namespace: temporal.options.namespace,
        workflowExecution: { workflowId: bystander.workflowId },
        signalName: SIGNALS.promote,
        input: { payloads: [{ metadata: { encoding }, data: Buffer.from([1, 2, 3]) }] },
      });
      await expectNothingMoved();
      await handle.signal(SIGNALS.abort, { actor: ['nobody'] });
      expect(await handle.result()).toMatchObject({ outcome: 'aborted' });
      expect(bystander.course()).toEqual([...COURSE, 'stable-mapping0-canary 0', 'stable-mapping0-canary gone']);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'after all that, a rollout goes its way',
    async () => {
      await fuzzed.put();
      await fuzzed.pausedAt(1);
      expect((await fuzzed.post('promote', { actor: 'ada' })).status).toBe(200);
      await fuzzed.phase('Healthy');
      expect(fuzzed.course()).toEqual([...COURSE, 'stable-mapping0-canary 100', 'stable-mapping0-canary gone']);
    },
    TEST_TIMEOUT_MS,
  );
});
