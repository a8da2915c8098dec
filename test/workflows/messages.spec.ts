import { describe, expect, test } from '@jest/globals';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { SIGNALS, UPDATES } from '@weir/contract';
import type { Step } from '@weir/rollout';
import { setTimeout as delay } from 'node:timers/promises';
import { FakeCluster } from '../support/fake-cluster.ts';
import { eventually } from '../support/wait.ts';
import { useRuns } from './given-run.ts';

const TEST_TIMEOUT_MS = 60_000;
const UNTIL_PROMOTED: Step = { kind: 'pause' };
const weight = (value: number): Step => ({ kind: 'setWeight', weight: value });
const pause = (durationMs: number): Step => ({ kind: 'pause', durationMs });

const given = useRuns();

describe('a signal', () => {
  test(
    'promote without a payload moves one step',
    async () => {
      const cluster = new FakeCluster([weight(10), UNTIL_PROMOTED, weight(20), UNTIL_PROMOTED]);
      await given(cluster, async ({ handle, waitsAt, result }) => {
        await waitsAt(1);
        await handle.signal(SIGNALS.promote);
        await waitsAt(3);
        await handle.signal(SIGNALS.promote, { full: true, actor: 'ana' });
        expect(await result()).toMatchObject({
          outcome: 'fastPromoted',
          message: 'revision new is stable: promoted in full',
        });
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'promote under one key twice moves one step',
    async () => {
      const cluster = new FakeCluster([weight(10), UNTIL_PROMOTED, UNTIL_PROMOTED]);
      await given(cluster, async ({ handle, waitsAt, state }) => {
        await waitsAt(1);
        await handle.signal(SIGNALS.promote, { idempotencyKey: 'k' });
        await handle.signal(SIGNALS.promote, { idempotencyKey: 'k' });
        await waitsAt(2);
        await handle.signal(SIGNALS.abort);
        await handle.result();
        expect((await state()).stepIndex).toBe(2);
      });
    },
    TEST_TIMEOUT_MS,
  );

  test.each([[{ full: 'yes' }], ['soon'], [42], [{ expectedStep: '1' }], [[]]])(
    'promote with the payload %j is ignored',
    async (payload) => {
      const cluster = new FakeCluster([weight(10), UNTIL_PROMOTED]);
      await given(cluster, async ({ handle, waitsAt, state, result }) => {
        await waitsAt(1);
        await handle.signal(SIGNALS.promote, payload);
        expect(await state()).toMatchObject({ stage: 'stepping', stepIndex: 1 });
        await handle.signal(SIGNALS.abort, { actor: 'ana', reason: 'enough' });
        expect(await result()).toMatchObject({ outcome: 'aborted', message: 'aborted by ana: enough' });
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'abort overtakes a write that does not get through',
    async () => {
      const cluster = new FakeCluster([weight(30), UNTIL_PROMOTED]);
      cluster.before = (call) => {
        if (call === 'weight 30') {
          throw ApplicationFailure.retryable('the API server is down', 'Kubernetes.unavailable');
        }
      };
      await given(cluster, async ({ handle, state, result }) => {
        await eventually('the write is under way', async () => (await state()).intendedWeight === 30);
        await handle.signal(SIGNALS.abort);
        expect(await result()).toMatchObject({ outcome: 'aborted' });
        expect(cluster.calls).toEqual(['create', 'weight 0', 'remove', 'release']);
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'pause holds a rollout past the deadline, and resume lets it go on at once',
    async () => {
      const cluster = new FakeCluster([weight(30), pause(500), weight(60)]);
      await given(cluster, async ({ handle, waitsAt, state, result }) => {
        await waitsAt(1);
        await handle.signal(SIGNALS.pause, { actor: 'ana' });
        await delay(1_000);
        expect(await state()).toMatchObject({ stepIndex: 1, held: { actor: 'ana' } });
        await handle.signal(SIGNALS.resume);
        expect(await result()).toMatchObject({ outcome: 'promoted' });
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'skip without a payload ends a pause, and the weight of a step that waits for its pods comes with them',
    async () => {
      const cluster = FakeCluster.withUpdate([UNTIL_PROMOTED, weight(25), weight(50), UNTIL_PROMOTED]);
      cluster.pods.comeUpAtOnce = false;
      await given(cluster, async ({ handle, waitsAt, until }) => {
        await waitsAt(0);
        await handle.signal(SIGNALS.skip);
        await waitsAt(1);
        await handle.signal(SIGNALS.skip, { actor: 'ana', reason: 'one pod says nothing' });
        const { stepRecords } = await waitsAt(2);
        expect(stepRecords.map(({ by }) => by)).toEqual([
          { actor: 'a Temporal client' },
          { actor: 'ana', reason: 'one pod says nothing' },
          undefined,
        ]);
        await eventually('two pods are asked for', async () => cluster.calls.includes('v2: 2'));
        cluster.pods.follow(true);
        await cluster.tellOfPods();
        await until('weight 50', ({ writtenWeight, stepIndex }) => writtenWeight === 50 && stepIndex === 3);
        expect(cluster.calls.filter((call) => call.startsWith('weight'))).toEqual(['weight 50']);
      });
    },
    TEST_TIMEOUT_MS,
  );
});

describe('an update', () => {
  const commands = ['promote', 'skip'] as const;
  test.each(commands)(
    '%s is refused with the code and the reason, and leaves no trace',
    async (command) => {
      const cluster = new FakeCluster([weight(30), UNTIL_PROMOTED]);
      await given(cluster, async ({ handle, waitsAt, result }) => {
        await waitsAt(1);
        const refused = handle.executeUpdate(UPDATES[command], { args: [{ expectedStep: 0 }] });
        await expect(refused).rejects.toThrow(WorkflowUpdateFailedError);
        await expect(refused).rejects.toMatchObject({
          cause: {
            type: 'CommandRefused',
            details: [{ code: 'StaleStep', message: 'expectedStep is 0, but the rollout is at step 1' }],
          },
        });
        const { events } = await handle.fetchHistory();
        expect(events?.some(({ workflowExecutionUpdateAcceptedEventAttributes: accepted }) => accepted)).toBe(false);
        const answer = await handle.executeUpdate(UPDATES[command], { args: [{ expectedStep: 1 }] });
        expect(answer).toMatchObject({ stepIndex: 2, phase: 'Progressing' });
        expect(await result()).toMatchObject({ outcome: 'promoted' });
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'skip under one key twice ends one step',
    async () => {
      const cluster = FakeCluster.withUpdate([UNTIL_PROMOTED, UNTIL_PROMOTED, UNTIL_PROMOTED]);
      await given(cluster, async ({ handle, waitsAt }) => {
        await waitsAt(0);
        const args: [object] = [{ idempotencyKey: 'k', expectedStep: 0 }];
        const first = await handle.executeUpdate(UPDATES.skip, { args });
        const second = await handle.executeUpdate(UPDATES.skip, { args });
        expect([first, second]).toMatchObject([{ stepIndex: 1 }, { stepIndex: 1 }]);
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'skip is refused in a first deploy, which has no steps',
    async () => {
      const cluster = FakeCluster.withPods([]);
      cluster.pods.comeUpAtOnce = false;
      await given(cluster, async ({ handle, until }) => {
        await until('pods are awaited', ({ stage }) => stage === 'deploying');
        const refused = handle.executeUpdate(UPDATES.skip);
        await expect(refused).rejects.toMatchObject({ cause: { details: [{ code: 'NotWaiting' }] } });
      });
    },
    TEST_TIMEOUT_MS,
  );
});
