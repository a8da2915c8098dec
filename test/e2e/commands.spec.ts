import { describe, expect, test } from '@jest/globals';
import { ensureServers } from '@weir/sandbox';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { readSandbox } from '../support/cluster.ts';
import { Scenario } from '../support/scenario.ts';
import { useSandbox } from '../support/shared.ts';

const TEST_TIMEOUT_MS = 60_000;
const UNTIL_PROMOTED = { pause: {} };
const canary = 'stable-mapping0-canary';
const used = useSandbox();

async function pausedAt30(): Promise<Scenario> {
  const scenario = await Scenario.given(used.cluster, {
    steps: [{ setWeight: 30 }, UNTIL_PROMOTED, { setWeight: 60 }, UNTIL_PROMOTED],
  });
  await scenario.put();
  await scenario.pausedAt(1);
  return scenario;
}

/** Temporal's own command line, as a person would use it. */
async function temporalCli(...args: readonly string[]): Promise<void> {
  const { temporal } = await ensureServers();
  const { temporalAddress, temporalNamespace } = await readSandbox(used.sandbox.stateDirectory);
  await promisify(execFile)(temporal, [...args, '--address', temporalAddress, '--namespace', temporalNamespace]);
}

interface Problem {
  readonly status: number;
  readonly detail: string;
}

async function problem(response: Response): Promise<Problem> {
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  return (await response.json()) as Problem;
}

describe('given a rollout that is paused at 30 %, until promoted', () => {
  test(
    'when it is promoted twice, then it goes on step by step to the end',
    async () => {
      const scenario = await pausedAt30();
      expect((await scenario.post('promote')).status).toBe(200);
      await scenario.pausedAt(3);
      expect((await scenario.post('promote', { actor: 'ana', reason: 'looks good' })).status).toBe(200);
      await scenario.phase('Healthy');
      expect(scenario.course()).toEqual([0, 30, 60, 100, 'gone'].map((weight) => `${canary} ${weight}`));
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when it is promoted in full, then the steps that are left are skipped',
    async () => {
      const scenario = await pausedAt30();
      await scenario.post('promote', { full: true });
      await scenario.phase('Healthy');
      expect(scenario.course()).toEqual([0, 30, 100, 'gone'].map((weight) => `${canary} ${weight}`));
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when it is aborted, then traffic goes home; when it is retried, it starts from step 0',
    async () => {
      const scenario = await pausedAt30();
      expect((await scenario.post('abort', { actor: 'ana', reason: 'errors' })).status).toBe(202);
      expect((await scenario.phase('Degraded')).message).toContain('aborted by ana: errors');
      await scenario.settled();
      expect(scenario.course()).toEqual([0, 30, 0, 'gone'].map((weight) => `${canary} ${weight}`));
      expect(await scenario.selectorOf('someapp-stable')).toEqual({ app: 'someapp', version: 'v1' });

      await scenario.put();
      await scenario.settled();
      expect(await scenario.status()).toMatchObject({ phase: 'Degraded', abort: true });

      expect((await scenario.post('retry')).status).toBe(202);
      const status = await scenario.pausedAt(1);
      expect(status).not.toHaveProperty('abort');
      await scenario.post('abort');
      await scenario.settled();
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when it is held, then promote lets it go; resume without a hold is refused',
    async () => {
      const scenario = await pausedAt30();
      expect((await scenario.post('pause', { actor: 'ben' })).status).toBe(200);
      expect((await scenario.phase('Paused')).message).toMatch(/manually paused by ben|CanaryPauseStep/);
      expect((await scenario.post('resume')).status).toBe(200);
      const refused = await scenario.post('resume');
      expect(refused.status).toBe(409);
      expect((await problem(refused)).detail).toContain('not held');
      await scenario.post('abort');
      await scenario.settled();
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when a caller saw another step, then its promote is stale and skips nothing',
    async () => {
      const scenario = await pausedAt30();
      const stale = await scenario.post('promote', { expectedStep: 3 });
      expect(stale.status).toBe(409);
      expect((await problem(stale)).detail).toContain('expectedStep is 3');
      expect(await scenario.status()).toMatchObject({ currentStepIndex: 1 });
      await scenario.post('abort');
      await scenario.settled();
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when the same promote comes twice under one Idempotency-Key, then it moves one step',
    async () => {
      const scenario = await pausedAt30();
      const promote = (): Promise<Response> => scenario.request('POST', '/promote', {}, { 'idempotency-key': 'k-1' });
      const answers = await Promise.all([promote(), promote()]);
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      await scenario.pausedAt(3);
      await scenario.post('abort');
      await scenario.settled();
    },
    TEST_TIMEOUT_MS,
  );

  test(
    "when it is promoted and then aborted with Temporal's command line, then it follows",
    async () => {
      const scenario = await pausedAt30();
      await temporalCli('workflow', 'signal', '--workflow-id', scenario.workflowId, '--name', 'promote');
      await scenario.pausedAt(3);
      const input = JSON.stringify({ actor: 'ana', reason: 'from the command line' });
      await temporalCli(
        'workflow',
        'signal',
        '--workflow-id',
        scenario.workflowId,
        '--name',
        'abort',
        '--input',
        input,
      );
      expect((await scenario.phase('Degraded')).message).toContain('aborted by ana: from the command line');
      await scenario.settled();
    },
    TEST_TIMEOUT_MS,
  );
});

describe('given a message that nobody can read', () => {
  const cases: [string, readonly string[]][] = [
    ['an encoding of other clients', ['--input', '{"actor":"ui"}', '--input-meta', 'encoding=json/protobuf']],
    ['an encoding that does not exist', ['--input', 'garbage', '--input-meta', 'encoding=foo/bar']],
    ['bytes', ['--input', 'not json', '--input-meta', 'encoding=binary/plain']],
  ];
  test.each(cases)(
    'when a promote comes with %s, then it is ignored, and an abort with the same still takes the traffic home',
    async (_name, input) => {
      const scenario = await pausedAt30();
      const signal = ['workflow', 'signal', '--workflow-id', scenario.workflowId, ...input, '--name'];
      await temporalCli(...signal, 'promote');
      expect((await scenario.state()).run).toMatchObject({ stepIndex: 1, writtenWeight: 30 });
      await temporalCli(...signal, 'abort');
      expect(await scenario.phase('Degraded')).toMatchObject({ abort: true });
      await scenario.settled();
      expect(await scenario.canaryMappings()).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );
});

describe('given no run', () => {
  test.each(['promote', 'pause', 'resume', 'abort', 'retry'])(
    'when a promoted rollout is told to %s, then 409 says why',
    async (command) => {
      const scenario = await Scenario.given(used.cluster, { steps: [] });
      await scenario.put();
      await scenario.phase('Healthy');
      await scenario.settled();
      const response = await scenario.post(command);
      expect(response.status).toBe(409);
      expect((await problem(response)).detail).not.toBe('');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when a Rollout that does not exist is told to promote, then 404',
    async () => {
      const scenario = await Scenario.given(used.cluster, { steps: [] });
      expect((await scenario.post('promote')).status).toBe(404);
    },
    TEST_TIMEOUT_MS,
  );
});

describe('what REST tells', () => {
  interface Page<T> {
    readonly items: readonly T[];
  }
  interface Run {
    readonly runId: string;
    readonly status: string;
  }
  interface Event {
    readonly what: string;
    readonly who?: string;
    readonly why?: string;
  }

  test(
    'the runs of a Rollout, and who did what and why in each',
    async () => {
      const scenario = await pausedAt30();
      await scenario.post('promote', { actor: 'ana', reason: 'looks good' });
      await scenario.pausedAt(3);
      await scenario.post('abort', { actor: 'ben', reason: 'errors' });
      await scenario.settled();
      const runs = (await (await scenario.request('GET', '/runs')).json()) as Page<Run>;
      expect(runs.items).toHaveLength(1);
      const path = `/runs/${runs.items[0]?.runId}/events`;
      const { items } = (await (await scenario.request('GET', path)).json()) as Page<Event>;
      const told = items.map(({ who, why }) => `${who}: ${why}`);
      expect(told).toEqual(expect.arrayContaining(['ana: looks good', 'ben: errors']));
      expect(items.map(({ what }) => what).join('\n')).toMatch(/weight.*30[^]*weight.*60[^]*weight.*0/);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'one Rollout, with step, weights and the time that is left',
    async () => {
      const scenario = await Scenario.given(used.cluster, {
        steps: [{ setWeight: 30 }, { pause: { duration: '1h' } }],
      });
      await scenario.put();
      await scenario.pausedAt(1);
      const view = (await (await scenario.request('GET')).json()) as object;
      expect(view).toMatchObject({
        phase: 'Paused',
        step: { index: 1, count: 2, description: 'pause 1h' },
        weight: { intended: 30, written: 30 },
        run: { workflowId: scenario.workflowId, status: 'RUNNING' },
        manifest: { kind: 'Rollout' },
      });
      expect((view as { pause: { remainingSeconds: number } }).pause.remainingSeconds).toBeGreaterThan(3_500);
      await scenario.post('abort');
      await scenario.settled();
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'the Rollouts of a namespace, by phase',
    async () => {
      const scenario = await pausedAt30();
      const list = async (query: string): Promise<readonly { name: string }[]> => {
        const response = await fetch(`${used.cluster.apiUrl}/v1/rollouts?namespace=${scenario.namespace}${query}`);
        return ((await response.json()) as Page<{ name: string }>).items;
      };
      expect((await list('')).map(({ name }) => name)).toEqual(['someapp']);
      expect(await list('&phase=Paused')).toHaveLength(1);
      expect(await list('&phase=Healthy')).toEqual([]);
      await scenario.post('abort');
      await scenario.settled();
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'the plan of a dry run, of which nothing is stored',
    async () => {
      const scenario = await Scenario.given(used.cluster, { steps: [{ setWeight: 30 }, UNTIL_PROMOTED] });
      const response = await scenario.request('PUT', '?dryRun=true', scenario.manifest());
      expect(response.status).toBe(200);
      const plan = JSON.stringify(await response.json());
      expect(plan).toContain(canary);
      expect(plan).toContain('someapp-canary:80');
      expect(await scenario.rollout()).toBeUndefined();
    },
    TEST_TIMEOUT_MS,
  );
});
