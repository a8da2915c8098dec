import { describe, expect, test } from '@jest/globals';
import { SCALE_DOWN_ANNOTATION } from '@weir/rollout';
import { useSandbox } from '../support/shared.ts';
import { eventually } from '../support/wait.ts';
import { pause, setWeight, untilPromoted } from '../support/workload-app.ts';
import { useWorkloads } from '../support/workload-scenario.ts';

const TEST_TIMEOUT_MS = 60_000;
const canary = 'app0-canary';
const used = useSandbox();
const given = useWorkloads(used);

describe('when a rollout is aborted', () => {
  test(
    'given nothing to abort, before and after an update, then nothing changes',
    async () => {
      const app = await given({ steps: [setWeight(10), untilPromoted] });
      await app.deployed();
      expect((await app.post('abort')).status).toBe(409);
      await app.whenImage('2');
      await app.pausedAt(1);
      await app.command('promote');
      await app.healthy();
      await app.settled();
      expect((await app.post('abort')).status).toBe(409);
      expect(await app.status()).toMatchObject({ phase: 'Healthy' });
      await app.hasPods({ 2: 1 });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'given an update in a pause, then traffic goes home, both Services select stable, and the canary goes after its delay',
    async () => {
      const app = await given({ replicas: 2, steps: [setWeight(50), untilPromoted] });
      await app.deployed();
      await app.whenImage('2');
      await app.pausedAt(1);
      await app.command('abort', { actor: 'ana', reason: 'errors' });
      const status = await app.degraded('RolloutAborted: aborted by ana: errors');
      expect(status).toMatchObject({ abort: true, currentStepIndex: 0 });
      await app.settled();
      expect(await app.selected()).toEqual({ stable: 1, canary: 1 });
      await app.hasPods({ 1: 2 });
      expect(await app.outcome()).toBe('aborted');
      await app.went('abort');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'given a canary of four pods and a long delay, then stable is whole, and the canary waits with all four',
    async () => {
      const app = await given({
        replicas: 5,
        steps: [setWeight(40), untilPromoted, setWeight(80), untilPromoted],
        canary: { abortScaleDownDelaySeconds: 3_600 },
      });
      await app.deployed();
      await app.whenImage('2');
      await app.pausedAt(1);
      await app.hasPods({ 1: 5, 2: 2 });
      await app.command('promote');
      await app.pausedAt(3);
      await app.hasPods({ 1: 5, 2: 4 });
      await app.command('abort');
      await app.degraded('RolloutAborted');
      await eventually(
        'the canary has a deadline',
        async () => (await app.revision(2)).metadata.annotations?.[SCALE_DOWN_ANNOTATION] !== undefined,
      );
      await app.hasPods({ 1: 5, 2: 4 });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'given a delay of 0, then the canary keeps its pods for good',
    async () => {
      const app = await given({ steps: [setWeight(50), untilPromoted], canary: { abortScaleDownDelaySeconds: 0 } });
      await app.deployed();
      await app.whenImage('2');
      await app.pausedAt(1);
      await app.command('abort');
      await app.settled();
      await app.hasPods({ 1: 1, 2: 1 });
      expect((await app.revision(2)).metadata.annotations?.[SCALE_DOWN_ANNOTATION]).toBeUndefined();
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'given a stable pod that is not ready, then the weight goes to 0 all the same',
    async () => {
      const app = await given({
        replicas: 4,
        steps: [setWeight(25), untilPromoted],
        canary: { abortScaleDownDelaySeconds: 4 },
      });
      await app.deployed();
      await app.whenImage('2');
      await app.pausedAt(1);
      await app.pods(1, 'unready', 1);
      await eventually('3 of 4', async () => (await app.revision(1)).status?.availableReplicas === 3);
      await app.command('abort');
      await app.hasWeights({});
      expect((await app.revision(1)).status?.availableReplicas).toBe(3);
      await eventually('the canary Service is home', async () => (await app.selected()).canary === 1);
      await app.pods(1, 'ready', 1);
      await app.settled();
      await app.went('abort-while-stable-is-not-whole');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'given a full promotion that waits for pods, then the abort wins',
    async () => {
      const app = await given({ replicas: 4, steps: [setWeight(25), untilPromoted, setWeight(50)] });
      await app.deployed();
      await app.when({ image: '2', readyAfter: '2s' });
      await app.pausedAt(1);
      await app.command('promote', { full: true });
      await app.hasPods({ 1: 4, 2: 4 });
      await app.command('abort');
      await app.degraded('RolloutAborted');
      await app.settled();
      await app.hasPods({ 1: 4 });
      expect(await app.outcome()).toBe('aborted');
      await app.went('abort-wins-over-promote-full');
    },
    TEST_TIMEOUT_MS,
  );
});

describe('when a rollout is aborted and retried', () => {
  test(
    'then it is Degraded, Paused, Healthy, and its Events tell the whole story in order',
    async () => {
      const app = await given({ steps: [setWeight(50), pause(3)] });
      await app.deployed();
      await app.whenImage('2');
      await app.pausedAt(1);
      await app.command('abort');
      await app.degraded('RolloutAborted');
      await app.settled();
      await app.command('retry');
      await app.pausedAt(1);
      expect(await app.outcome()).toBeUndefined();
      await app.hasPods({ 1: 1, 2: 1 });
      await app.healthy();
      await app.settled();
      await app.hasPods({ 2: 1 });
      await app.went('abort-retry-promote');
      expect((await app.events()).flatMap(({ reason, count }) => Array<string>(count).fill(reason))).toEqual([
        // The first deploy.
        'RolloutUpdated',
        'NewReplicaSetCreated',
        'ScalingReplicaSet',
        'SwitchService',
        'SwitchService',
        'RolloutCompleted',
        // The update, until it pauses.
        'RolloutUpdated',
        'NewReplicaSetCreated',
        'ScalingReplicaSet',
        'SwitchService',
        'CanaryMappingWeightUpdate',
        'RolloutStepCompleted',
        'RolloutPaused',
        // The abort.
        'RolloutAborted',
        'CanaryMappingWeightUpdate',
        'SwitchService',
        'ScalingReplicaSet',
        // The retry, until it pauses.
        'RolloutRetry',
        'ScalingReplicaSet',
        'SwitchService',
        'CanaryMappingWeightUpdate',
        'RolloutStepCompleted',
        'RolloutPaused',
        // The end.
        'RolloutStepCompleted',
        'RolloutResumed',
        'CanaryMappingWeightUpdate',
        'SwitchService',
        'RolloutCompleted',
        'ScalingReplicaSet',
      ]);
    },
    TEST_TIMEOUT_MS,
  );
});

describe('when a rollout is promoted', () => {
  test(
    'given a pause of a day, then it goes to the next step; aborted and retried, it goes all the way with full',
    async () => {
      const app = await given({ replicas: 2, steps: [pause(86_400), setWeight(50), untilPromoted, untilPromoted] });
      await app.deployed();
      await app.whenImage('2');
      await app.pausedAt(0);
      await app.hasRevision(2);
      await app.command('promote');
      await app.pausedAt(2);
      await app.command('abort');
      await app.degraded('RolloutAborted');
      expect((await app.post('promote', { full: true })).status).toBe(409);
      await app.settled();
      await app.command('retry');
      await app.pausedAt(0);
      await app.command('promote', { full: true });
      await app.healthy();
      await app.settled();
      await app.hasPods({ 2: 2 });
      expect(await app.outcome()).toBe('fastPromoted');
      await app.went('promote-full-after-abort');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'given a canary with a quarter of the traffic, then full scales it first, and moves the rest by weight',
    async () => {
      const app = await given({ replicas: 4, steps: [setWeight(25), untilPromoted, setWeight(50), untilPromoted] });
      await app.deployed();
      await app.whenImage('2');
      await app.pausedAt(1);
      await app.command('promote', { full: true });
      await app.healthy();
      await app.settled();
      expect(await app.outcome()).toBe('fastPromoted');
      await app.went('promote-full');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'given two who do it at once for the step that they saw, then it moves one step',
    async () => {
      const app = await given({ steps: [setWeight(10), untilPromoted, setWeight(20), untilPromoted] });
      await app.deployed();
      await app.whenImage('2');
      await app.pausedAt(1);
      const promote = (): Promise<Response> => app.post('promote', { expectedStep: 1 });
      const answers = await Promise.all([promote(), promote()]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
      await app.pausedAt(3);
      await app.hasWeights({ [canary]: 20 });
    },
    TEST_TIMEOUT_MS,
  );
});

describe('when a step is skipped', () => {
  test(
    'given a pause of a day, then the next step begins, and a second skip of the same step is stale',
    async () => {
      const app = await given({ steps: [pause(86_400), setWeight(20), untilPromoted] });
      await app.deployed();
      await app.whenImage('2');
      await app.pausedAt(0);
      await app.command('skip', { expectedStep: 0, actor: 'ana' });
      expect((await app.post('skip', { expectedStep: 0 })).status).toBe(409);
      await app.pausedAt(2);
      await app.hasWeights({ [canary]: 20 });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'given a weight that waits for pods which never come, then no traffic goes there, and the next step begins',
    async () => {
      const app = await given({ replicas: 2, steps: [setWeight(50), untilPromoted] });
      await app.deployed();
      await app.when({ image: 'bad', ready: 'never' });
      await app.hasPods({ 1: 2, 2: 1 });
      await app.command('skip', { expectedStep: 0 });
      await app.pausedAt(1);
      const weights = Object.values(await app.weights());
      expect(weights.every((weight) => weight === 0)).toBe(true);
    },
    TEST_TIMEOUT_MS,
  );
});
