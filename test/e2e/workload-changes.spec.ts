import { describe, expect, test } from '@jest/globals';
import { ROLLOUTS } from '@weir/kubernetes';
import { useSandbox } from '../support/shared.ts';
import type { Trace } from '../support/trace/snapshot.ts';
import { eventually } from '../support/wait.ts';
import { setWeight, untilPromoted, type App } from '../support/workload-app.ts';
import { useWorkloads, type WorkloadScenario } from '../support/workload-scenario.ts';

const TEST_TIMEOUT_MS = 60_000;
const canary = 'app0-canary';
const used = useSandbox();
const given = useWorkloads(used);

/** Revision 2 has a quarter of the traffic and one of four pods, until somebody promotes it. */
async function pausedAtAQuarter(app: App = {}): Promise<WorkloadScenario> {
  const scenario = await given({ replicas: 4, steps: [setWeight(25), untilPromoted], ...app });
  await scenario.deployed();
  await scenario.whenImage('2');
  await scenario.pausedAt(1);
  return scenario;
}

describe('given an update that is paused at a quarter', () => {
  test(
    'when a third image comes, then all traffic goes home before the third is tried from step 0, and the second goes',
    async () => {
      const app = await pausedAtAQuarter({ replicas: 3 });
      // Later than the second may go: it goes when it takes nothing any more, and not before.
      await app.when({ image: '3', readyAfter: '2s' });
      await app.pausedAt(1);
      await app.hasPods({ 1: 3, 3: 1 });
      expect(await app.selected()).toEqual({ stable: 1, canary: 3 });
      await app.command('promote');
      await app.healthy();
      await app.settled();
      await app.hasPods({ 3: 3 });
      expect(await app.outcome()).toBe('promoted');
      expect((await app.events()).map(({ reason }) => reason)).toContain('RolloutSuperseded');
      await app.went('third-image-in-a-pause');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when the first image comes back, then it is rolled back at once, without steps',
    async () => {
      const app = await pausedAtAQuarter();
      await app.whenImage('1');
      const status = await app.healthy();
      expect(status).toMatchObject({ currentStepIndex: 2 });
      await app.settled();
      expect(await app.outcome()).toBe('rolledBack');
      expect(status.stableRS).toBe(status.currentPodHash);
      await app.went('back-to-stable');
      const revisions = [...(await app.revisions()).values()];
      expect(revisions.map(({ spec }) => spec.replicas).sort()).toEqual([0, 4]);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when only its steps change, then it starts over with the new ones',
    async () => {
      const app = await pausedAtAQuarter();
      await app.when({ steps: [setWeight(50), untilPromoted] });
      await app.pausedAt(1);
      await app.hasWeights({ [canary]: 50 });
      await app.hasPods({ 1: 4, 2: 2 });
      await app.command('abort');
      await app.settled();
      await app.went('new-steps-in-a-pause');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when only its number of pods changes, then both revisions are scaled, and the pause goes on',
    async () => {
      const app = await pausedAtAQuarter();
      await app.when({ replicas: 8 });
      await app.hasPods({ 1: 8, 2: 2 });
      await app.pausedAt(1);
      await app.hasWeights({ [canary]: 25 });
      await app.when({ replicas: 4 });
      await app.hasPods({ 1: 4, 2: 1 });
      await app.pausedAt(1);
      await app.command('promote');
      await app.healthy();
      await app.settled();
      await app.went('new-size-in-a-pause');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when a Mapping is added to its list, then that gets a canary at the same weight, and the pause goes on',
    async () => {
      const app = await pausedAtAQuarter();
      await app.hasMapping('beta');
      await app.when({ mappings: ['app', 'beta'] });
      await app.hasWeights({ [canary]: 25, 'beta0-canary': 25 });
      await app.pausedAt(1);
      await app.command('promote');
      await app.healthy();
      await app.settled();
      await app.went('mapping-added-in-a-pause');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when a Mapping is taken off its list, then its canary goes, and the others stay where they are',
    async () => {
      const app = await pausedAtAQuarter({ mappings: ['app', 'beta'] });
      await app.when({ mappings: ['app'] });
      await app.hasWeights({ [canary]: 25 });
      await app.pausedAt(1);
      await app.command('promote');
      await app.healthy();
      await app.settled();
      await app.went('mapping-removed-in-a-pause');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when the Rollout is deleted, then traffic goes home first, and the pods go after it',
    async () => {
      const app = await pausedAtAQuarter();
      await app.delete(ROLLOUTS, app.name);
      await eventually('the Rollout is gone', async () => (await app.rollout()) === undefined);
      await app.settled();
      await eventually('its ReplicaSets are gone', async () => (await app.revisions()).size === 0);
      await app.went('deleted-in-a-pause');

      const goneAt = (trace: Trace, kind: 'mapping' | 'replicaSet'): number[] =>
        trace.flatMap((one) =>
          (one.kind === 'mapping' && one.kind === kind && one.weight === 'gone') ||
          (one.kind === 'replicaSet' && one.kind === kind && one.replicas === 'gone')
            ? [one.resourceVersion]
            : [],
        );
      const trace = await app.trace();
      expect(Math.max(...goneAt(trace, 'mapping'))).toBeLessThan(Math.min(...goneAt(trace, 'replicaSet')));
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when its last canary pod is no longer ready, then the weight goes to 0, and comes back with the pod',
    async () => {
      const app = await pausedAtAQuarter();
      await app.pods(2, 'unready', 1);
      await app.hasWeights({ [canary]: 0 });
      await app.pods(2, 'ready', 1);
      await app.hasWeights({ [canary]: 25 });
      await app.pausedAt(1);
      await app.command('promote');
      await app.healthy();
      await app.settled();
      await app.went('canary-pods-come-and-go');
    },
    TEST_TIMEOUT_MS,
  );
});

describe('given a canary that has a pod and no traffic', () => {
  test(
    'when a third image comes, then its pod comes up and it pauses: it is never stuck',
    async () => {
      const app = await given({ steps: [{ setCanaryScale: { replicas: 1 } }, setWeight(0), untilPromoted] });
      await app.deployed();
      await app.whenImage('2');
      await app.pausedAt(2);
      await app.hasPods({ 1: 1, 2: 1 });
      await app.whenImage('3');
      await app.pausedAt(2);
      await app.hasPods({ 1: 1, 3: 1 });
    },
    TEST_TIMEOUT_MS,
  );
});

describe('given an aborted update', () => {
  test(
    'when only its number of pods changes, then it stays aborted; when a third image comes, then that is tried',
    async () => {
      const app = await pausedAtAQuarter();
      await app.command('abort');
      await app.settled();
      await app.when({ replicas: 2 });
      await app.hasPods({ 1: 2 });
      expect(await app.degraded('RolloutAborted')).toMatchObject({ abort: true });
      await app.settled();
      await app.whenImage('3');
      await app.pausedAt(1);
      await app.hasPods({ 1: 2, 3: 1 });
    },
    TEST_TIMEOUT_MS,
  );
});
