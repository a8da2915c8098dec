import { describe, expect, test } from '@jest/globals';
import { ApplicationFailure, type Payload, type PayloadCodec } from '@temporalio/common';
import { SIGNALS } from '@weir/contract';
import type { Run, Step } from '@weir/rollout';
import { FakeCluster } from '../support/fake-cluster.ts';
import { warnings } from '../support/temporal.ts';
import { eventually } from '../support/wait.ts';
import { useRuns, type Running } from './given-run.ts';

const TEST_TIMEOUT_MS = 60_000;
const UNTIL_PROMOTED: Step = { kind: 'pause' };
const weight = (value: number): Step => ({ kind: 'setWeight', weight: value });
const CHANGE = { uid: 'uid-1', generation: 1 };

const given = useRuns();

/** Runs `then` when the worker is about to tell the server that the workflow has ended: what it decides on is decided. */
function atTheEnd(then: () => Promise<void>): PayloadCodec {
  let isOver = false;
  return {
    encode: async (payloads: Payload[]) => {
      const isResult = payloads.some(({ data }) =>
        Buffer.from(data ?? [])
          .toString()
          .startsWith('{"outcome":'),
      );
      if (isResult && !isOver) {
        isOver = true;
        await then();
      }
      return payloads;
    },
    decode: async (payloads) => payloads,
  };
}

function failing(): never {
  throw ApplicationFailure.retryable('more than one PodDisruptionBudget', 'Kubernetes.unavailable');
}

describe('news of pods', () => {
  const wrong: [string, object][] = [
    ['that are no list', { revisions: 'v2' }],
    ['that are no objects', { revisions: ['v2'] }],
    ['without a count', { revisions: [{ hash: 'v2', name: 'v2', number: 2, createdAtMs: 1, resourceVersion: '9' }] }],
    ['of no object', { uid: undefined, revisions: [] }],
  ];
  test.each(wrong)(
    '%s are ignored and logged',
    async (_what, change) => {
      const cluster = FakeCluster.withUpdate([weight(50), UNTIL_PROMOTED]);
      await given(cluster, async ({ handle, waitsAt, state }) => {
        const before = await waitsAt(1);
        await handle.signal(SIGNALS.specChanged, { ...CHANGE, ...change });
        expect(await state()).toEqual(before);
        await eventually('a warning', async () => warnings.some((text) => text.startsWith('specChanged is ignored')));
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'that are older than what the run knows change nothing',
    async () => {
      const cluster = FakeCluster.withUpdate([weight(50), UNTIL_PROMOTED]);
      await given(cluster, async ({ handle, waitsAt, until }) => {
        const { workload } = await waitsAt(1);
        const revisions = cluster.pods.revisions.map((one) => ({ ...one, available: 0, resourceVersion: '1' }));
        await handle.signal(SIGNALS.specChanged, { ...CHANGE, revisions });
        await handle.signal(SIGNALS.pause);
        expect((await until('held', ({ held }) => held !== undefined)).workload).toEqual(workload);
        expect(cluster.calls).not.toContain('weight 0');
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'that come while the run looks for the first time are not lost',
    async () => {
      const cluster = FakeCluster.withUpdate([weight(50), UNTIL_PROMOTED]);
      cluster.pods.comeUpAtOnce = false;
      cluster.pods.scale({ targets: [{ podTemplateHash: 'v2', replicas: 2 }], wanted: 'v2' });
      const { observeRollout } = cluster.activities;
      cluster.activities.observeRollout = async (input) => {
        const seen = await observeRollout(input);
        if (cluster.pods.follow(true)) {
          await cluster.tellOfPods();
        }
        return seen;
      };
      await given(cluster, async ({ waitsAt }) => {
        expect(await waitsAt(1)).toMatchObject({ writtenWeight: 50 });
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'in the very moment of closing keep the run open',
    async () => {
      const cluster = FakeCluster.withUpdate([], { scaleDownDelaySeconds: 0 });
      const codec = atTheEnd(async () => {
        cluster.pods.lose('v2');
        await cluster.tellOfPods();
      });
      const worker = { dataConverter: { payloadCodecs: [codec] } };
      const body = async ({ until, result }: Running): Promise<void> => {
        await until('pods are awaited', ({ stage, workload }) => {
          return (
            stage === 'settling' && workload?.revisions.some(({ hash, ready }) => hash === 'v2' && ready === 0) === true
          );
        });
        await eventually('said so', async () => cluster.reports.at(-1)?.status.phase === 'Progressing');
        cluster.pods.follow(true);
        await cluster.tellOfPods();
        expect(await result()).toMatchObject({ outcome: 'promoted' });
        expect(cluster.reports.at(-1)?.status).toMatchObject({ phase: 'Healthy', availableReplicas: 4 });
      };
      await given(cluster, body, { worker });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'that come and go for long let the history begin anew, in the middle of a pause',
    async () => {
      const cluster = FakeCluster.withUpdate([weight(50), UNTIL_PROMOTED]);
      const body = async ({ handle, waitsAt }: Running): Promise<void> => {
        const { stepRecords } = await waitsAt(1);
        const { runId } = await handle.describe();
        await eventually('another execution', async () => {
          cluster.pods.lose('v1');
          await cluster.tellOfPods();
          cluster.pods.follow(true);
          await cluster.tellOfPods();
          return (await handle.describe()).runId !== runId;
        });
        expect(await waitsAt(1)).toMatchObject({ stepRecords, writtenWeight: 50 });
        expect(cluster.calls.at(-1)).toBe('weight 50');
      };
      await given(cluster, body, { input: { continueAsNewAfterEvents: 100 } });
    },
    TEST_TIMEOUT_MS,
  );
});

describe('another template', () => {
  const isTried = ({ revision, stepIndex }: Run): boolean => revision.canary === 'v3' && stepIndex === 1;
  const third = { revision: 'v3', steps: [weight(50), UNTIL_PROMOTED] };

  test(
    'that comes with the last report is tried by the next run',
    async () => {
      const cluster = FakeCluster.withUpdate([], { scaleDownDelaySeconds: 0 });
      let isTold = false;
      cluster.before = async (call) => {
        if (call === 'report' && cluster.calls.includes('v1: 0') && !isTold) {
          isTold = true;
          await cluster.apply(third);
        }
      };
      await given(cluster, async ({ until }) => {
        await until('v3 is tried', isTried);
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'that comes in the very moment of closing is tried by the next run',
    async () => {
      const cluster = FakeCluster.withUpdate([], { scaleDownDelaySeconds: 0 });
      const worker = { dataConverter: { payloadCodecs: [atTheEnd(() => cluster.apply(third))] } };
      await given(cluster, async ({ until }) => void (await until('v3 is tried', isTried)), { worker });
    },
    TEST_TIMEOUT_MS,
  );

  test.each([
    ['a restart', 'restart 1', { restartAtMs: 1 }],
    ['new labels', 'label v1', { stableMetadata: { labels: { role: 'stable' } } }],
  ])(
    'is tried although %s cannot be done',
    async (_what, stuck, workload) => {
      const cluster = FakeCluster.withUpdate([weight(50), UNTIL_PROMOTED]);
      let tries = 0;
      cluster.before = (call) => {
        if (call === stuck) {
          tries++;
          failing();
        }
      };
      await given(cluster, async ({ waitsAt, until }) => {
        await waitsAt(1);
        await cluster.apply({ workload });
        await eventually('it is stuck', async () => tries > 1);
        await cluster.apply({ revision: 'v3', workload: { restartAtMs: 0, stableMetadata: {} } });
        await until('v3 is wanted', ({ revision }) => revision.canary === 'v3');
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'is deployed although a Service of the first one never came',
    async () => {
      const cluster = FakeCluster.withPods([]);
      let tries = 0;
      cluster.before = (call) => {
        if (call.includes('app-stable -> v1')) {
          tries++;
          failing();
        }
      };
      await given(cluster, async ({ result }) => {
        await eventually('it is stuck', async () => tries > 1);
        await cluster.apply({ revision: 'v2', stableService: 'app' });
        expect(await result()).toMatchObject({
          outcome: 'promoted',
          message: 'revision 2 is stable: the first deploy',
        });
      });
    },
    TEST_TIMEOUT_MS,
  );
});

describe('a canary that loses its pods', () => {
  test(
    'loses its traffic although a restart cannot be done',
    async () => {
      const cluster = FakeCluster.withUpdate([weight(50), UNTIL_PROMOTED]);
      let tries = 0;
      cluster.before = (call) => {
        if (call === 'restart 1') {
          tries++;
          failing();
        }
      };
      await given(cluster, async ({ waitsAt }) => {
        await waitsAt(1);
        await cluster.apply({ workload: { restartAtMs: 1 } });
        await eventually('it is stuck', async () => tries > 1);
        cluster.pods.lose('v2');
        await cluster.tellOfPods();
        await eventually('weight 0', async () => cluster.calls.includes('weight 0'));
      });
    },
    TEST_TIMEOUT_MS,
  );
});
