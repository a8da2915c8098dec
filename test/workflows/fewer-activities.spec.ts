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

describe('given an update whose steps have no pauses', () => {
  test(
    'then an activity goes on to what comes next where it can, and the status is written where its phase changes, and at the end',
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
    'then the Events of one report are one a reason, and none is left out',
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
