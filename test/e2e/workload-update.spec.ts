import { describe, expect, test } from '@jest/globals';
import { SCALE_DOWN_ANNOTATION, type Condition } from '@weir/rollout';
import { setTimeout as delay } from 'node:timers/promises';
import { useSandbox } from '../support/shared.ts';
import { pause, setWeight, untilPromoted } from '../support/workload-app.ts';
import { useWorkloads } from '../support/workload-scenario.ts';

const TEST_TIMEOUT_MS = 60_000;
const canary = 'app0-canary';
const used = useSandbox();
const given = useWorkloads(used);

describe('given a deployed app', () => {
  test(
    'when a second image comes, then traffic moves 5, 50 and, promoted, 100, and the old pods go after their delay',
    async () => {
      const app = await given({ steps: [setWeight(5), untilPromoted, setWeight(50), untilPromoted] });
      await app.deployed();
      await app.whenImage('2');

      const { currentPodHash, stableRS, canary: weights } = (await app.pausedAt(1)) ?? {};
      expect(weights?.weights).toMatchObject({
        canary: { weight: 5, podTemplateHash: currentPodHash },
        stable: { weight: 95, podTemplateHash: stableRS },
      });
      expect(await app.selected()).toEqual({ stable: 1, canary: 2 });
      await app.command('promote');
      await app.pausedAt(3);
      await app.hasWeights({ [canary]: 50 });
      await app.command('promote');
      await app.healthy();
      expect(await app.selected()).toEqual({ stable: 2, canary: 2 });
      await app.settled();
      await app.hasPods({ 2: 1 });
      expect(await app.outcome()).toBe('promoted');
      await app.went('update-in-two-steps');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when an update is promoted, then it is Healthy while the old pods wait out their delay',
    async () => {
      const app = await given({ canary: { scaleDownDelaySeconds: 3_600 } });
      await app.deployed();
      await app.whenImage('2');
      await app.healthy();
      await app.hasPods({ 1: 1, 2: 1 });
      expect((await app.revision(1)).metadata.annotations?.[SCALE_DOWN_ANNOTATION]).toMatch(/^\d{4}-.*Z$/);
      expect((await app.revision(2)).metadata.annotations?.[SCALE_DOWN_ANNOTATION]).toBeUndefined();
      expect(await app.weights()).toEqual({});
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when an update goes on by itself, then each weight waits for its pods, and conditions can be waited for',
    async () => {
      const app = await given({ replicas: 4, steps: [setWeight(25), pause(2), setWeight(75)] });
      await app.deployed();
      await app.whenImage('2');
      const is = (conditions: readonly Condition[], type: string): string | undefined =>
        conditions.find((condition) => condition.type === type)?.status;

      const { conditions } = await app.pausedAt(1);
      expect([is(conditions, 'Paused'), is(conditions, 'Completed')]).toEqual(['True', 'False']);
      await app.hasPods({ 1: 4, 2: 1 });
      const { conditions: last } = await app.healthy();
      expect([is(last, 'Paused'), is(last, 'Completed'), is(last, 'Healthy')]).toEqual(['False', 'True', 'True']);
      await app.settled();
      await app.went('update-by-itself');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when the weight goes down between steps, then the Mapping is lowered before pods go',
    async () => {
      const app = await given({ replicas: 4, steps: [setWeight(50), setWeight(25), untilPromoted] });
      await app.deployed();
      await app.whenImage('2');
      await app.pausedAt(2);
      await app.hasPods({ 1: 4, 2: 1 });
      await app.command('abort');
      await app.settled();
      await app.went('weight-goes-down');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when it has three Mappings, then they are written together',
    async () => {
      const app = await given({ mappings: ['app', 'beta', 'gamma'], steps: [setWeight(20), setWeight(40)] });
      await app.deployed();
      await app.whenImage('2');
      await app.healthy();
      await app.settled();
      await app.went('three-mappings');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when image and number of pods change at once, then both are there in the end',
    async () => {
      const app = await given({ replicas: 2, steps: [setWeight(50), pause(1)] });
      await app.deployed();
      await app.when({ image: '2', replicas: 4 });
      await app.healthy();
      await app.settled();
      await app.hasPods({ 2: 4 });
      await app.went('image-and-replicas');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when a pause is longer than the progress deadline, then it is not Degraded',
    async () => {
      const app = await given({ steps: [setWeight(50), pause(3)], spec: { progressDeadlineSeconds: 2 } });
      await app.deployed();
      await app.whenImage('2');
      await app.healthy();
      expect((await app.course()).phases.filter((phase) => phase.startsWith('Degraded'))).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when its manifest holds it, then nothing moves and nothing flaps until it lets go',
    async () => {
      const app = await given({ spec: { progressDeadlineSeconds: 2 }, steps: [setWeight(20)] });
      await app.deployed();
      await app.when({ spec: { progressDeadlineSeconds: 2, paused: true } });
      expect((await app.phase('Paused')).message).toMatch(/manually paused/);
      await app.whenImage('2');
      await app.phase('Paused');
      await delay(1_000); // What was under way when it was seen.
      const before = (await app.trace()).length;
      await delay(2_500); // Longer than the progress deadline, whose clock stands still.
      expect((await app.trace()).slice(before)).toEqual([]);
      await app.hasPods({ 1: 1 });

      await app.when({ spec: { progressDeadlineSeconds: 2 } });
      await app.healthy();
      expect(await app.selected()).toEqual({ stable: 2, canary: 2 });
      expect(await app.outcome()).toBe('promoted');
    },
    TEST_TIMEOUT_MS,
  );
});

describe('given an update whose pods do not become ready', () => {
  test(
    'when the progress deadline is over, then it is Degraded, stable is whole, and another bad image fares the same',
    async () => {
      const app = await given({ replicas: 4, steps: [setWeight(25)], spec: { progressDeadlineSeconds: 2 } });
      await app.deployed();
      await app.when({ image: 'bad', ready: 'crash' });
      await app.degraded('ProgressDeadlineExceeded');
      await app.hasPods({ 1: 4, 2: 1 });
      await app.whenImage('worse');
      await app.degraded('ProgressDeadlineExceeded');
      await app.hasPods({ 1: 4, 3: 1 });
      expect((await app.selected()).stable).toBe(1);
      await app.went('good-to-bad');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when they come late, then it is Degraded each time and goes on each time',
    async () => {
      const app = await given({
        replicas: 3,
        readyAfter: '3s',
        steps: [setWeight(20), untilPromoted],
        spec: { progressDeadlineSeconds: 1 },
      });
      await app.put();
      await app.degraded('ProgressDeadlineExceeded');
      await app.healthy();
      await app.whenImage('2');
      await app.degraded('ProgressDeadlineExceeded');
      await app.pausedAt(1);
      await app.hasPods({ 1: 3, 2: 1 });
      await app.command('promote');
      await app.degraded('ProgressDeadlineExceeded');
      await app.healthy();
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when progressDeadlineAbort is set, then it is aborted',
    async () => {
      const app = await given({
        replicas: 2,
        steps: [setWeight(50)],
        spec: { progressDeadlineSeconds: 2, progressDeadlineAbort: true },
      });
      await app.deployed();
      await app.when({ image: 'bad', ready: 'never' });
      await app.phase('Degraded');
      await app.settled();
      expect(await app.status()).toMatchObject({ phase: 'Degraded', abort: true });
      expect(await app.outcome()).toBe('aborted');
      await app.hasPods({ 1: 2 });
    },
    TEST_TIMEOUT_MS,
  );
});
