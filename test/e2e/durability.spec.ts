import { describe, expect, test } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { readSandbox } from '../support/cluster.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { Scenario } from '../support/scenario.ts';
import { useSandbox } from '../support/shared.ts';

const TEST_TIMEOUT_MS = 150_000;
const PAUSE_MS = 8_000;
/** While a worker is up, a pause ends at most this much after its deadline. */
const LATE_MS = 3_000;
/** What a pause that matured in a worker's absence may take once a worker is back. */
const BACK_MS = 10_000;
/** The watch that records the writes, and its own clock, on a busy machine. */
const OBSERVER_MS = 500;
const canary = 'stable-mapping0-canary';
const STEPS = [{ setWeight: 30 }, { pause: { duration: '8s' } }, { setWeight: 60 }, { pause: { duration: '8s' } }];

const used = useSandbox();

const writtenAtMs = (scenario: Scenario, weight: number): number =>
  scenario.writes.find((write) => write.weight === weight)?.atMs ?? Number.NaN;

function expectTheWholeCourse(scenario: Scenario): void {
  expect(scenario.course()).toEqual([0, 30, 60, 100, 'gone'].map((weight) => `${canary} ${weight}`));
  // Each write is one generation: a weight that is written again would show as a gap.
  expect(scenario.writes.map(({ generation }) => generation)).toEqual([1, 2, 3, 4, 4]);
}

describe('given a worker that is killed with SIGKILL', () => {
  test(
    'in a pause and is back before its end, then the pause ends when it should',
    async () => {
      const scenario = await Scenario.given(used.cluster, { steps: STEPS });
      await scenario.put();
      await scenario.pausedAt(1);
      await used.processes.kill('worker');
      const upAtMs = await used.processes.startWorker();
      await scenario.phase('Healthy', 60_000);
      expectTheWholeCourse(scenario);
      for (const [from, to] of [
        [30, 60],
        [60, 100],
      ] as const) {
        const endMs = writtenAtMs(scenario, from) + PAUSE_MS;
        expect(writtenAtMs(scenario, to)).toBeGreaterThanOrEqual(endMs - OBSERVER_MS);
        expect(writtenAtMs(scenario, to)).toBeLessThanOrEqual(Math.max(endMs, upAtMs) + LATE_MS + OBSERVER_MS);
      }
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'in a pause and is back after its end, then that pause ends soon and the next runs in full',
    async () => {
      const scenario = await Scenario.given(used.cluster, { steps: STEPS });
      await scenario.put();
      await scenario.pausedAt(1);
      await used.processes.kill('worker');
      await delay(PAUSE_MS + 2_000);
      expect(scenario.course()).toEqual([`${canary} 0`, `${canary} 30`]);
      const upAtMs = await used.processes.startWorker();
      await scenario.phase('Healthy', 60_000);
      expectTheWholeCourse(scenario);
      expect(writtenAtMs(scenario, 60) - upAtMs).toBeLessThanOrEqual(BACK_MS);
      expect(writtenAtMs(scenario, 100) - writtenAtMs(scenario, 60)).toBeGreaterThanOrEqual(PAUSE_MS - OBSERVER_MS);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'while a weight is being written, then it is written once',
    async () => {
      const scenario = await Scenario.given(used.cluster, { steps: STEPS });
      const { env } = await readSandbox(used.sandbox.stateDirectory);
      const proxy = await FaultProxy.start(env['KUBECONFIG'] ?? '', used.sandbox.stateDirectory);
      await used.processes.kill('worker');
      await used.processes.startWorker({ KUBECONFIG: proxy.kubeconfig });

      // The API server takes the write, and the worker dies before it hears so.
      const written = proxy.holdAnswer((method, body) => method === 'PATCH' && body.includes('"weight":30'));
      await scenario.put();
      await written;
      await used.processes.kill('worker');
      proxy.release();
      const backAtMs = await used.processes.startWorker({ KUBECONFIG: env['KUBECONFIG'] ?? '' });
      await scenario.phase('Healthy', 60_000);
      expectTheWholeCourse(scenario);
      const pausedMs = writtenAtMs(scenario, 60) - writtenAtMs(scenario, 30);
      expect(pausedMs).toBeGreaterThanOrEqual(PAUSE_MS - OBSERVER_MS);
      expect(writtenAtMs(scenario, 60) - backAtMs).toBeLessThanOrEqual(PAUSE_MS + BACK_MS);
      await proxy.close();
    },
    TEST_TIMEOUT_MS,
  );
});

describe('given a Temporal server that is killed and started on its database', () => {
  test(
    'in a pause, then the rollout goes on as if nothing had been',
    async () => {
      const scenario = await Scenario.given(used.cluster, { steps: STEPS });
      await scenario.put();
      await scenario.pausedAt(1);
      await used.processes.kill('temporal');
      await delay(2_000);
      const backAtMs = Date.now();
      await used.processes.start('temporal');
      await scenario.phase('Healthy', 90_000);
      expectTheWholeCourse(scenario);
      const pausedMs = writtenAtMs(scenario, 60) - writtenAtMs(scenario, 30);
      expect(pausedMs).toBeGreaterThanOrEqual(PAUSE_MS - OBSERVER_MS);
      const latestMs = Math.max(writtenAtMs(scenario, 30) + PAUSE_MS + LATE_MS, backAtMs + BACK_MS);
      expect(writtenAtMs(scenario, 60)).toBeLessThanOrEqual(latestMs + OBSERVER_MS);
      expect(writtenAtMs(scenario, 100) - writtenAtMs(scenario, 60)).toBeGreaterThanOrEqual(PAUSE_MS - OBSERVER_MS);
    },
    TEST_TIMEOUT_MS,
  );
});
