import { expect, test } from '@jest/globals';
import { SERVICES } from '@weir/kubernetes';
import { Scenario } from '../support/scenario.ts';
import { useSandbox } from '../support/shared.ts';
import { eventually } from '../support/wait.ts';

const TEST_TIMEOUT_MS = 120_000;
const ANSWER_MS = 10_000;
const used = useSandbox();

interface Problem {
  readonly status: number;
  readonly detail: string;
  readonly stored?: unknown;
  readonly started?: unknown;
}

async function answered(request: Promise<Response>): Promise<{ response: Response; problem: Problem }> {
  const startedMs = Date.now();
  const response = await request;
  expect(Date.now() - startedMs).toBeLessThan(ANSWER_MS);
  return { response, problem: (await response.json()) as Problem };
}

async function whileDown(name: 'temporal' | 'kube-apiserver', body: () => Promise<void>): Promise<void> {
  await used.processes.kill(name);
  await body();
  await used.processes.start(name);
}

test(
  'while Temporal is down, a PUT is stored and not started, and started once Temporal is back',
  async () => {
    const scenario = await Scenario.given(used.cluster, { steps: [] });
    await whileDown('temporal', async () => {
      const { response, problem } = await answered(scenario.request('PUT', '', scenario.manifest()));
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).not.toBeNull();
      expect(problem).toMatchObject({ stored: true, started: false });
      expect(problem.detail).toMatch(/stored/);
      expect(await scenario.rollout()).toBeDefined();
      expect((await answered(scenario.post('promote'))).response.status).toBe(503);
    });
    await scenario.phase('Healthy', 60_000);
    expect(await scenario.selectorOf('someapp-stable')).toMatchObject({ version: 'v2' });
  },
  TEST_TIMEOUT_MS,
);

test(
  'while Kubernetes is down, nothing is stored, and the answer says so',
  async () => {
    const scenario = await Scenario.given(used.cluster, { steps: [] });
    await whileDown('kube-apiserver', async () => {
      const { response, problem } = await answered(scenario.request('PUT', '', scenario.manifest()));
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).not.toBeNull();
      expect(problem.detail).toMatch(/nothing was stored/i);
    });
    await eventually('the API server is back', async () => {
      await used.cluster.kubernetes.get({ resource: SERVICES, namespace: scenario.namespace, name: 'someapp-stable' });
      return true;
    });
    await eventually('a PUT goes through', async () => (await scenario.request('PUT', '', scenario.manifest())).ok);
    await scenario.phase('Healthy', 60_000);
  },
  TEST_TIMEOUT_MS,
);
