import { describe, expect, test } from '@jest/globals';
import { SCALE_DOWN_ANNOTATION } from '@weir/rollout';
import { setTimeout as delay } from 'node:timers/promises';
import { useSandbox } from '../support/shared.ts';
import { tooMuchForStable } from '../support/trace/invariants.ts';
import { SERVICE, setWeight, untilPromoted } from '../support/workload-app.ts';
import { useWorkloads, type WorkloadScenario } from '../support/workload-scenario.ts';

const TEST_TIMEOUT_MS = 60_000;
/** Long enough for what must not happen to have happened. */
const WATCHED_MS = 1_500;
const canary = 'app0-canary';
const used = useSandbox();
const given = useWorkloads(used);

/** Four pods of revision 1, which the test itself makes ready, and then one of revision 2 for a quarter of the traffic. */
async function aQuarterOnCanary(canaryFields: object = {}): Promise<WorkloadScenario> {
  const app = await given({
    replicas: 4,
    ready: 'never',
    steps: [setWeight(25), untilPromoted, setWeight(75), untilPromoted],
    canary: { dynamicStableScale: true, ...canaryFields },
  });
  await app.put();
  await app.pods(1, 'ready', 4);
  await app.healthy();
  await app.settled();
  await app.whenImage('2');
  await app.pods(2, 'ready', 1);
  await app.pausedAt(1);
  await app.hasPods({ 1: 3, 2: 1 });
  return app;
}

async function threeQuartersOnCanary(canaryFields?: object): Promise<WorkloadScenario> {
  const app = await aQuarterOnCanary(canaryFields);
  await app.command('promote');
  await app.pods(2, 'ready', 2);
  await app.pausedAt(3);
  await app.hasPods({ 1: 1, 2: 3 });
  return app;
}

describe('given stable pods that follow the weight', () => {
  test(
    'when it is promoted, then stable shrinks as the canary grows, and takes nothing in the end',
    async () => {
      const app = await threeQuartersOnCanary();
      await app.command('promote');
      await app.pods(2, 'ready', 1);
      await app.healthy();
      await app.settled();
      await app.hasPods({ 2: 4 });
      await app.went('dynamic-stable-scale');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when it is aborted at three quarters, then the weight comes back with the stable pods that are ready for it',
    async () => {
      const app = await threeQuartersOnCanary();
      await app.command('abort');
      await app.hasPods({ 1: 4, 2: 3 });
      await delay(WATCHED_MS);
      expect(await app.weights()).toEqual({ [canary]: 75 });

      await app.pods(1, 'ready', 1);
      await app.hasWeights({ [canary]: 50 });
      await app.pods(1, 'ready', 1);
      await app.hasWeights({ [canary]: 25 });
      expect(await app.selected()).toEqual({ stable: 1, canary: 2 });
      await app.pods(1, 'ready', 1);
      await app.hasWeights({});
      await app.hasPods({ 1: 4 });
      await app.settled();
      expect(await app.selected()).toEqual({ stable: 1, canary: 1 });
      expect(await app.status()).toMatchObject({ phase: 'Degraded', abort: true });
      expect(tooMuchForStable(await app.trace(), SERVICE)).toEqual([]);
      await app.went('dynamic-stable-scale-abort');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when it is aborted with a delay for its pods, then the delay begins when the last of the traffic is home',
    async () => {
      const app = await threeQuartersOnCanary({ abortScaleDownDelaySeconds: 2 });
      const waits = async (): Promise<boolean> =>
        (await app.revision(2)).metadata.annotations?.[SCALE_DOWN_ANNOTATION] !== undefined;
      await app.command('abort');
      await app.hasPods({ 1: 4, 2: 3 });
      await delay(WATCHED_MS);
      expect(await waits()).toBe(false);
      await app.pods(1, 'ready', 2);
      await app.hasWeights({ [canary]: 25 });
      expect(await waits()).toBe(false);
      await app.pods(1, 'ready', 1);
      await app.hasWeights({});
      await app.degraded('RolloutAborted');
      await app.settled();
      await app.hasPods({ 1: 4 });
      expect(tooMuchForStable(await app.trace(), SERVICE)).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when the first image comes back, then the weight is held until stable is whole again',
    async () => {
      const app = await aQuarterOnCanary();
      await app.whenImage('1');
      const hashes = async (): Promise<Record<string, number>> => {
        const revisions = [...(await app.revisions()).values()];
        return Object.fromEntries(revisions.map(({ metadata, spec }) => [metadata.name, spec.replicas ?? 1]));
      };
      const stable = [...(await app.revisions())].find(([number]) => number !== 2)?.[1].metadata.name ?? '';
      await app.statusThat('the new generation is seen', () => true);
      await delay(WATCHED_MS);
      expect(Object.entries(await hashes()).find(([name]) => name === stable)).toEqual([stable, 4]);
      expect(await app.weights()).toEqual({ [canary]: 25 });
      expect((await app.selected()).canary).toBe(2);

      const number = [...(await app.revisions())].find(([, { metadata }]) => metadata.name === stable)?.[0] ?? 0;
      await app.pods(number, 'ready', 1);
      await app.healthy();
      await app.settled();
      expect(await app.weights()).toEqual({});
      expect(await app.outcome()).toBe('rolledBack');
      const { stable: last, canary: lastCanary } = await app.selected();
      expect(lastCanary).toBe(last);
      await app.hasPods({ [last ?? 0]: 4 });
      expect(tooMuchForStable(await app.trace(), SERVICE)).toEqual([]);
      await app.went('dynamic-stable-scale-back-to-stable');
    },
    TEST_TIMEOUT_MS,
  );
});
