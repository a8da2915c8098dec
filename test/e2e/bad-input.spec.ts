import { beforeAll, describe, expect, test } from '@jest/globals';
import { request } from 'node:http';
import { Scenario } from '../support/scenario.ts';
import { useSandbox } from '../support/shared.ts';
import { templateOf } from '../support/workload-app.ts';

const TEST_TIMEOUT_MS = 60_000;
/** No answer takes longer, whatever is wrong. */
const ANSWER_MS = 10_000;
const YAML = { 'content-type': 'application/yaml' };
const STEPS = 'spec.strategy.canary.steps';
const used = useSandbox('--no-worker');

interface Problem {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

let scenario: Scenario;
beforeAll(async () => {
  scenario = await Scenario.given(used.cluster, { steps: [{ setWeight: 30 }] });
}, TEST_TIMEOUT_MS);

async function refused(body: string, headers: Record<string, string>): Promise<Problem> {
  const startedMs = Date.now();
  const response = await scenario.request('PUT', '', body, headers);
  expect(Date.now() - startedMs).toBeLessThan(ANSWER_MS);
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  const problem = (await response.json()) as Problem;
  expect(problem.status).toBe(response.status);
  expect(await scenario.rollout()).toBeUndefined();
  return problem;
}

function withSteps(steps: readonly unknown[]): object {
  const manifest = scenario.manifest();
  return { ...manifest, spec: { strategy: { canary: { ...manifest.spec.strategy.canary, steps } } } };
}

function withCanary(change: object): object {
  const manifest = scenario.manifest();
  return { ...manifest, spec: { strategy: { canary: { ...manifest.spec.strategy.canary, ...change } } } };
}

const withMappings = (...mappings: string[]): object => withCanary({ trafficRouting: { ambassador: { mappings } } });

describe('a manifest that is not one is refused, and nothing is stored', () => {
  test.each<[string, () => string, Record<string, string>, number]>([
    ['not YAML', () => 'a: b: c:\n  - ]', YAML, 400],
    ['not JSON', () => '{"kind": "Rollout"', { 'content-type': 'application/json' }, 400],
    ['two documents', () => 'kind: Rollout\n---\nkind: Rollout\n', YAML, 400],
    ['nothing', () => '', YAML, 400],
    [
      'a form, as curl sends by itself',
      () => 'kind=Rollout',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
    ],
    ['5 MB', () => `a: ${'x'.repeat(5_000_000)}`, YAML, 413],
    ['brackets without end', () => '['.repeat(100_000), YAML, 400],
    [
      'aliases that explode',
      () =>
        `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'.replace(/./g, (name) => {
          const before = String.fromCharCode(name.charCodeAt(0) - 1);
          return `${name}: &${name} [${Array(9).fill(`*${before}`).join(',')}]\n`;
        })}`,
      YAML,
      400,
    ],
    ['another kind', () => JSON.stringify({ ...scenario.manifest(), kind: 'Deployment' }), {}, 422],
  ])(
    '%s',
    async (_name, body, headers, status) => {
      expect((await refused(body(), headers)).status).toBe(status);
    },
    TEST_TIMEOUT_MS,
  );
});

describe('a bad field is named', () => {
  test.each<[string, () => object, string]>([
    ['a step with two kinds', () => withSteps([{ setWeight: 1, pause: {} }]), `${STEPS}[0]`],
    ['a step with none', () => withSteps([{}]), `${STEPS}[0]`],
    ...[101, -5, 12.5, '30'].map((weight): [string, () => object, string] => [
      `weight ${JSON.stringify(weight)}`,
      () => withSteps([{ setWeight: weight }]),
      `${STEPS}[0].setWeight`,
    ]),
    ...[0, '-1s', 'soon'].map((duration): [string, () => object, string] => [
      `duration ${JSON.stringify(duration)}`,
      () => withSteps([{ setWeight: 1 }, { pause: { duration } }]),
      `${STEPS}[1].pause.duration`,
    ]),
    [
      'the same Service twice',
      () => withCanary({ canaryService: 'someapp-stable' }),
      'spec.strategy.canary.canaryService',
    ],
    [
      'the same Mapping twice',
      () => withMappings('a', 'a'),
      'spec.strategy.canary.trafficRouting.ambassador.mappings[1]',
    ],
    ['a Mapping with a dot', () => withMappings('a.b'), 'spec.strategy.canary.trafficRouting.ambassador.mappings[0]'],
    [
      'a name over its limit',
      () => withMappings('a'.repeat(250)),
      'spec.strategy.canary.trafficRouting.ambassador.mappings[0]',
    ],
    ['an unknown field', () => withCanary({ stepz: [] }), 'spec.strategy.canary.stepz'],
    [
      'a pod template without a selector',
      () => ({ ...scenario.manifest(), spec: { ...scenario.manifest().spec, template: templateOf({}) } }),
      'spec.selector',
    ],
    ['another name than the address', () => ({ ...scenario.manifest(), metadata: { name: 'other' } }), 'metadata.name'],
  ])(
    '%s',
    async (_name, manifest, path) => {
      const problem = await refused(JSON.stringify(manifest()), {});
      expect(problem.status).toBe(422);
      expect(problem.errors?.map((error) => error.path)).toEqual([path]);
      expect(problem.errors?.[0]?.message).not.toBe('');
    },
    TEST_TIMEOUT_MS,
  );
});

describe('a request that is broken', () => {
  test(
    'a body that is cut off is refused',
    async () => {
      const { hostname, port } = new URL(used.cluster.apiUrl);
      const status = await new Promise<number | undefined>((resolve, reject) => {
        const path = `/v1/namespaces/${scenario.namespace}/rollouts/someapp`;
        const headers = { 'content-type': 'application/json', 'content-length': '1000' };
        const sent = request({ hostname, port, path, method: 'PUT', headers }, (response) =>
          resolve(response.statusCode),
        );
        sent.on('error', reject);
        sent.write('{"kind":');
        // Half closed: the rest never comes, and an answer still can.
        sent.socket?.end();
        sent.on('socket', (socket) => socket.on('connect', () => setTimeout(() => socket.end(), 200)));
      });
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
      expect(await scenario.rollout()).toBeUndefined();
    },
    TEST_TIMEOUT_MS,
  );

  test.each([
    ['an unknown query parameter', 'PUT', '?dryrun=true', 422],
    ['an unknown path', 'GET', '/nothing', 404],
    ['a method that the path does not have', 'PATCH', '', 405],
    ['a run that does not exist', 'GET', '/runs/not-a-run/events', 404],
  ])(
    '%s',
    async (_name, method, path, status) => {
      const response = await scenario.request(method, path, method === 'PUT' ? scenario.manifest() : undefined);
      expect(response.status).toBe(status);
      expect(response.headers.get('content-type')).toContain('application/problem+json');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'a page of another site is refused',
    async () => {
      const response = await scenario.request('POST', '/abort', {}, { origin: 'https://evil.example' });
      expect(response.status).toBe(403);
    },
    TEST_TIMEOUT_MS,
  );
});

test(
  'a YAML manifest with anchors and a comment is taken as Argo users have it',
  async () => {
    const yaml = `# the example
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: someapp}
spec:
  strategy:
    canary:
      stableService: someapp-stable
      canaryService: someapp-canary
      trafficRouting: {ambassador: {mappings: [stable-mapping]}}
      steps:
      - setWeight: 30
      - pause: &wait {duration: 60s}
      - setWeight: 60
      - pause: *wait
`;
    const response = await scenario.request('PUT', '', yaml, YAML);
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ name: 'someapp', phase: 'Progressing' });
  },
  TEST_TIMEOUT_MS,
);
