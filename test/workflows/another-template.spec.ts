import { describe, expect, test } from '@jest/globals';
import type { Step } from '@weir/rollout';
import { FakeCluster } from '../support/fake-cluster.ts';
import { useRuns } from './given-run.ts';

const TEST_TIMEOUT_MS = 60_000;
const UNTIL_PROMOTED: Step = { kind: 'pause' };
const weight = (value: number): Step => ({ kind: 'setWeight', weight: value });
/** What precedes the first weight of an update whose pods come up at once. */
const PREPARED = ['app-canary -> v2', 'endpoints of app-canary', 'create'];

const given = useRuns();

describe('given an update in a pause, with another template', () => {
  test(
    'when a third one is applied, then the second loses its traffic first, and the third is tried from step 0',
    async () => {
      const cluster = FakeCluster.withUpdate([weight(60), UNTIL_PROMOTED]);
      await given(cluster, async ({ waitsAt, until }) => {
        await waitsAt(1);
        await cluster.apply({ revision: 'v3' });
        await until('v3 is tried', ({ revision, writtenWeight }) => revision.canary === 'v3' && writtenWeight === 60);
        expect(cluster.calls.slice(PREPARED.length + 2)).toEqual([
          'weight 0',
          'remove',
          'release',
          'v3: 3',
          'app-canary -> v3',
          'v2: 0',
          'endpoints of app-canary',
          'create',
          'weight 60',
        ]);
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when the stable one is applied again, then it is rolled back without a step, and Healthy',
    async () => {
      const cluster = FakeCluster.withUpdate([weight(60), UNTIL_PROMOTED]);
      await given(cluster, async ({ waitsAt, result }) => {
        await waitsAt(1);
        await cluster.apply({ revision: 'v1' });
        expect(await result()).toMatchObject({ outcome: 'rolledBack', reason: 'RolloutRolledBack' });
        expect(cluster.calls.slice(PREPARED.length + 2)).toEqual([
          'weight 0',
          'remove',
          'release',
          // It is the newest revision by number again.
          'v1: 4',
          'app-canary -> v1',
          'v2: 0',
        ]);
        expect(cluster.pods.revisions).toMatchObject([{ number: 3 }, { number: 2 }]);
        expect(cluster.reports.at(-1)?.status).toMatchObject({
          phase: 'Healthy',
          currentPodHash: 'v1',
          stableRS: 'v1',
          currentStepIndex: 2,
        });
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when the Rollout is deleted, then traffic goes home, and the pods are left to the garbage collector',
    async () => {
      const cluster = FakeCluster.withUpdate([weight(60), UNTIL_PROMOTED]);
      await given(cluster, async ({ waitsAt, result }) => {
        await waitsAt(1);
        cluster.changeRollout({ deleting: true });
        await cluster.apply({});
        expect(await result()).toMatchObject({ outcome: 'deleted' });
        expect(cluster.calls.slice(PREPARED.length + 2)).toEqual(['weight 0', 'remove', 'release']);
      });
    },
    TEST_TIMEOUT_MS,
  );
});
