import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { KubernetesError, type KubernetesErrorKind } from '@weir/kubernetes';
import fc from 'fast-check';
import { createOpenApiText } from '../openapi/without-servers.ts';
import { TemporalFault, type TemporalFaultKind } from '../temporal/temporal-fault.ts';
import {
  operationsOf,
  type Parameter,
  requestTo,
  type FuzzedRequest,
  type OpenApiPaths,
  type Operation,
} from '../testing/arbitrary-requests.ts';
import { ODD_TEXTS, anything, placesIn } from '../testing/arbitrary-values.ts';
import { aManifest, aManifestWithPods, aRollout } from '../testing/builders.ts';
import { RecordedEdges, type World } from '../testing/recorded-edges.ts';
import { aServer } from '../testing/server.ts';
import { PROBLEM_MEDIA_TYPE } from './problem.filter.ts';
import type { ProblemDocument } from './problem.ts';

/** Of each route. */
const RUNS = 150;
/** What nothing may take; most answers take a millisecond or two. */
const ANSWER_MS = 5_000;

const OPERATIONS = operationsOf(JSON.parse(await createOpenApiText()) as OpenApiPaths);

const edges = new RecordedEdges();
let app: NestFastifyApplication;

beforeAll(async () => {
  app = await aServer({ kubernetes: edges.kubernetes, runs: edges.runs });
});
afterAll(() => app.close());

interface Answer {
  readonly status: number;
  readonly type: unknown;
  readonly text: string;
}

async function answerTo(request: FuzzedRequest): Promise<Answer> {
  const startedAtMs = performance.now();
  const { statusCode, headers, body } = await app.inject(request);
  expect(performance.now() - startedAtMs).toBeLessThan(ANSWER_MS);
  return { status: statusCode, type: headers['content-type'], text: body };
}

function problemOf({ status, type, text }: Answer): ProblemDocument {
  expect(type).toBe(PROBLEM_MEDIA_TYPE);
  const problem = JSON.parse(text) as ProblemDocument;
  expect(problem).toMatchObject({
    type: expect.stringMatching(/^urn:weir:problem:[a-z-]+$/),
    title: expect.stringMatching(/\S/),
    status,
    detail: expect.stringMatching(/\S/),
    instance: expect.stringMatching(/^\//),
  });
  return problem;
}

/** Who sent something wrong is told where. */
function expectPlaces({ type, status, errors = [] }: ProblemDocument): void {
  if (status !== 422) {
    return;
  }
  expect(errors.length).toBeGreaterThan(0);
  const isParameter = type === 'urn:weir:problem:invalid-parameter';
  for (const { path, message } of errors) {
    expect(path).toMatch(isParameter ? /^(path|query|header)\./ : /^/);
    expect(message).toMatch(/\S/);
  }
}

/** What the framework may answer beside what a route documents. */
const ANYWHERE = [400, 403, 404, 405];

function expectRight(operation: Operation, answer: Answer): void {
  expect([...operation.statuses, ...ANYWHERE]).toContain(answer.status);
  if (answer.status < 400) {
    JSON.parse(answer.text);
    return;
  }
  expectPlaces(problemOf(answer));
  expect(edges.written).toEqual([]);
}

const ROLLOUTS = [
  aRollout(),
  aRollout({ spec: aManifestWithPods()['spec'] as object }),
  aRollout({ status: { phase: 'Degraded', abort: true, observedGeneration: '1' }, note: { outcome: 'aborted' } }),
  aRollout({ metadata: { labels: { 'argo-rollouts.argoproj.io/controller-instance-id': 'other' } } }),
  aRollout({ metadata: { deletionTimestamp: '2026-11-23T10:00:00Z' } }),
];

/** What others may have written into a Rollout and a history; of a Rollout, what its CRD lets them. */
const world: fc.Arbitrary<World> = fc.oneof(
  fc.constant<World>({}),
  fc.constantFrom(...ROLLOUTS).map((rollout): World => ({ rollout })),
  fc
    .record({
      spec: fc.oneof(fc.constant(aManifest()['spec']), anything),
      status: anything,
      annotations: fc.dictionary(
        fc.constantFrom('weir.dev/run', 'weir.dev/change', 'weir.dev/order', 'weir.dev/adopt', 'mine'),
        fc.oneof(
          anything.map((value) => JSON.stringify(value)),
          fc.constantFrom(...ODD_TEXTS),
        ),
        { noNullPrototype: true },
      ),
      payload: fc.oneof(
        fc.uint8Array({ maxLength: 20 }),
        anything.map((value) => Buffer.from(JSON.stringify(value))),
      ),
      encoding: fc.constantFrom('json/plain', 'binary/plain', 'binary/null', 'json/protobuf', 'nonsense'),
      eventType: fc.integer({ min: 0, max: 60 }),
    })
    .map(({ spec, status, annotations, payload, encoding, eventType }): World => {
      const rollout = { ...aRollout(), spec, status };
      const payloads = [{ metadata: { encoding: Buffer.from(encoding) }, data: payload }];
      const signaled = { signalName: 'promote', input: { payloads } };
      return {
        rollout: { ...rollout, metadata: { ...rollout.metadata, annotations } },
        history: [{ eventType }, { eventType: 26, workflowExecutionSignaledEventAttributes: signaled }],
        result: status,
      };
    }),
);

describe('whatever is sent, nothing breaks, and what is refused is not stored', () => {
  test.each(OPERATIONS.map((operation) => [operation.title, operation] as const))('%s', async (_, operation) => {
    await fc.assert(
      fc.asyncProperty(requestTo(operation), world, async (request, given) => {
        edges.given(given);
        expectRight(operation, await answerTo(request));
      }),
      { numRuns: RUNS },
    );
  });
});

/** The request of a caller who makes no mistake, but for what is given. */
function request({ method, path, parameters, examples }: Operation, wrong: Wrong = {}): FuzzedRequest {
  const { body = examples[0], parameter } = wrong;
  const valueOf = ({ name, schema }: Parameter): string =>
    name === parameter?.name ? parameter.value : (schema.examples?.[0] ?? schema.enum?.[0] ?? '1');
  const filled = parameters
    .filter((one) => one.in === 'path')
    .reduce((text, one) => text.replace(`{${one.name}}`, encodeURIComponent(valueOf(one))), path);
  const given = parameters.filter((one) => one.name === parameter?.name);
  const query = given.filter((one) => one.in === 'query').map((one): [string, string] => [one.name, valueOf(one)]);
  const headers = given.filter((one) => one.in === 'header').map((one) => [one.name.toLowerCase(), valueOf(one)]);
  return {
    method,
    url: `${filled}?${new URLSearchParams(query).toString()}`,
    headers: { host: 'localhost', 'content-type': 'application/json', ...(Object.fromEntries(headers) as object) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  };
}

interface Wrong {
  readonly body?: unknown;
  readonly parameter?: { readonly name: string; readonly value: string };
}

describe('a request without a mistake is taken', () => {
  test.each(OPERATIONS.map((operation) => [operation.title, operation] as const))('%s', async (_, operation) => {
    const status = operation.title.endsWith('/retry') ? { phase: 'Degraded', abort: true } : {};
    edges.given({ rollout: aRollout({ spec: aManifestWithPods()['spec'] as object, status }) });
    const answer = await answerTo(request(operation));
    expect({ ...answer, isTaken: answer.status < 300 }).toMatchObject({ isTaken: true });
    expect(edges.written.length > 0).toBe(operation.method !== 'GET');
  });
});

describe('what is wrong is named by its place', () => {
  /** Neither a name, nor a number, nor one of a few words. */
  const NOTHING_OF_THE_KIND = 'Not Right';
  const parameters = OPERATIONS.flatMap((operation) =>
    operation.parameters
      .filter(({ schema: { pattern, enum: some, type } }) => pattern ?? some ?? type === 'integer')
      .map((parameter) => [`${operation.title}: ${parameter.in}.${parameter.name}`, operation, parameter] as const),
  );

  test.each(parameters)('%s', async (_, operation, { in: where, name }) => {
    edges.given({ rollout: aRollout() });
    const problem = problemOf(await answerTo(request(operation, { parameter: { name, value: NOTHING_OF_THE_KIND } })));
    expect(problem.status).toBe(422);
    expect(problem.errors?.map(({ path }) => path)).toEqual([`${where}.${name}`]);
    expect(edges.written).toEqual([]);
  });

  const fields = OPERATIONS.flatMap((operation) =>
    placesIn(operation.examples[0]).map(({ path }) => [`${operation.title}: ${path}`, operation, path] as const),
  );

  test.each(fields)('%s', async (_, operation, path) => {
    edges.given({ rollout: aRollout() });
    const body = structuredClone(operation.examples[0]);
    const place = placesIn(body).find((one) => one.path === path);
    // Nothing is a list of lists.
    Reflect.set(place?.parent ?? {}, place?.key ?? '', [[]]);
    const problem = problemOf(await answerTo(request(operation, { body })));
    expect(problem.status).toBe(422);
    expect(problem.errors?.filter((error) => error.path.startsWith(path))).not.toEqual([]);
    expect(edges.written).toEqual([]);
  });
});

describe('an address that is none', () => {
  const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
  const segment = fc.oneof(
    fc.constantFrom('v1', 'namespaces', 'default', 'rollouts', 'someapp', 'runs', 'events', 'abort', 'docs'),
    fc.constantFrom(...ODD_TEXTS).map((text) => encodeURIComponent(text.toWellFormed())),
    fc.constantFrom('%', '%zz', '..', '.', '*', ':name', '{name}'),
  );

  test('is refused, and so is another method', async () => {
    const address = fc.array(segment, { maxLength: 8 }).map((segments) => `/${segments.join('/')}`);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...METHODS), address, async (method, url) => {
        edges.given({});
        const answer = await answerTo({ method, url, headers: { host: 'localhost' } });
        expect(answer.status).toBeLessThan(500);
        if (answer.status >= 400 && method !== 'HEAD') {
          expectPlaces(problemOf(answer));
        }
        expect(answer.status < 400 ? [] : edges.written).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('an edge that fails', () => {
  const kubernetesFault = fc
    .constantFrom<[KubernetesErrorKind, number | undefined]>(
      ['notFound', 404],
      ['notServed', 404],
      ['conflict', 409],
      ['invalid', 422],
      ['invalid', 410],
      ['forbidden', 403],
      ['forbidden', 401],
      ['unavailable', 429],
      ['unavailable', 500],
      ['unavailable', undefined],
    )
    .map(([kind, status]) => new KubernetesError(kind, 'of the test', status));
  const temporalFault = fc
    .constantFrom<TemporalFaultKind>('unreachable', 'timedOut', 'refused', 'notFound', 'failed')
    .map((kind) => new TemporalFault(kind, 'of the test', undefined));
  const fault = fc.record({ call: fc.nat({ max: 12 }), kubernetes: kubernetesFault, temporal: temporalFault });

  const operation = fc.constantFrom(...OPERATIONS);

  test('is told as what it is, with what became of the request', async () => {
    const faults = fc.array(fault, { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(operation, fc.constantFrom(...ROLLOUTS), faults, async (one, rollout, failing) => {
        edges.given({ rollout });
        let calls = 0;
        edges.fault = (edge) => {
          const index = calls++;
          return failing.find(({ call }) => call === index)?.[edge];
        };
        const answer = await answerTo(request(one));
        expect(answer.status).not.toBe(500);
        if (answer.status >= 400) {
          const { id, stored, delivered } = problemOf(answer);
          expect(typeof id).toBe(answer.status >= 500 ? 'string' : 'undefined');
          const isStored = edges.written.some((call) => /^(apply|patch|delete)/.test(call));
          expect([isStored, 'unknown', undefined]).toContain(stored);
          const isDelivered = edges.written.some((call) => /^(command|abort|retry|bring home)/.test(call));
          expect([isDelivered, 'unknown', undefined]).toContain(delivered);
        }
      }),
      { numRuns: 1_500 },
    );
  });
});
