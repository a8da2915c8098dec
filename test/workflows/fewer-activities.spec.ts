import { describe, expect, test } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import type { Step } from '@weir/rollout';
import { FakeCluster } from '../support/fake-cluster.ts';
import { eventually } from '../support/wait.ts';
import { useRuns } from './given-run.ts';

const TEST_TIMEOUT_MS = 60_000;
const STEPS: readonly Step[] = [20, 40, 60, 80].map((weight) => ({ kind: 'setWeight', weight }));
/** Longer than a run gathers what it reports. */
const LONG_MS = 7_000;

const given = useRuns();

async function activitiesOf(handle: WorkflowHandle): Promise<string[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap((event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? []);
}

describe('given an update', () => {
  test(
    'when its steps have no pauses, then an activity goes on to what comes next where it can, and there are three reports',
    async () => {
      const cluster = FakeCluster.withUpdate(STEPS, { replicas: 1 });
      cluster.goesAhead = true;
      await given(cluster, async ({ handle, result }) => {
        expect(await result()).toMatchObject({ outcome: 'promoted' });
        const activities = await activitiesOf(handle);
        expect(activities.filter((name) => name !== 'reportStatus')).toEqual([
          'observeRollout',
          'scaleReplicaSets',
          'pointServices',
          'ensureCanaryMappings',
          ...Array.from({ length: 5 }, () => 'setCanaryWeight'),
          'pointServices',
          'removeCanaryMappings',
          'scaleReplicaSets',
          'scaleReplicaSets',
        ]);
        expect(cluster.calls).toContain('release');
        // That it has begun, that it is done, and that the old pods are gone.
        expect(cluster.reports.map(({ status }) => status.phase)).toEqual(['Progressing', 'Healthy', 'Healthy']);
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when its steps have no pauses, then the Events of one report are one a reason, and none is left out',
    async () => {
      const cluster = FakeCluster.withUpdate(STEPS);
      cluster.goesAhead = true;
      await given(cluster, async ({ result }) => {
        await result();
        const weights = cluster.reports
          .flatMap(({ events }) => events)
          .filter(({ reason }) => reason === 'CanaryMappingWeightUpdate');
        expect(weights.map(({ message }) => message).join('; ')).toBe(
          [20, 40, 60, 80, 100].map((weight) => `canary weight ${weight}`).join('; '),
        );
        expect(weights.reduce((sum, { count = 1 }) => sum + count, 0)).toBe(5);
        expect(weights.length).toBeLessThan(5);
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when it has pauses, then each is reported where it begins, and not what lies between two',
    async () => {
      const pauses = STEPS.slice(0, 3).flatMap((step): Step[] => [step, { kind: 'pause', durationMs: 400 }]);
      const cluster = FakeCluster.withUpdate(pauses);
      cluster.goesAhead = true;
      await given(cluster, async ({ result }) => {
        await result();
        const places = cluster.reports.map(({ status }) => `${status.phase} at step ${status.currentStepIndex}`);
        expect(places.slice(0, 5)).toEqual([
          'Progressing at step 0',
          'Paused at step 1',
          'Paused at step 3',
          'Paused at step 5',
          'Healthy at step 6',
        ]);
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when a weight takes long to write, then the status says in the meantime how far the run is',
    async () => {
      const cluster = FakeCluster.withUpdate(STEPS);
      cluster.goesAhead = true;
      let sinceMs: number | undefined;
      cluster.before = (call) => {
        if (call === 'weight 60' && Date.now() - (sinceMs ??= Date.now()) < LONG_MS) {
          throw new Error('the API server does not answer');
        }
      };
      await given(cluster, async ({ result }) => {
        await eventually('reported at weight 40', async () =>
          cluster.reports.some(({ status }) => status.canary?.weights?.canary.weight === 40),
        );
        expect(cluster.calls).not.toContain('weight 60');
        expect(await result()).toMatchObject({ outcome: 'promoted' });
      });
    },
    TEST_TIMEOUT_MS,
  );
});
