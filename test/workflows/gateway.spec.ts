import { describe, expect, test } from '@jest/globals';
import { SIGNALS, UPDATES } from '@weir/contract';
import type { ServedReport, Step } from '@weir/rollout';
import { FakeCluster, finalFailure } from '../support/fake-cluster.ts';
import { useRuns, type Running } from './given-run.ts';

const TEST_TIMEOUT_MS = 60_000;
const UNTIL_PROMOTED: Step = { kind: 'pause' };
const weight = (value: number): Step => ({ kind: 'setWeight', weight: value });
const DRIFT = { uid: 'uid-1', generation: 1, mappings: true } as const;
const BEHIND: ServedReport = { state: 'notServed', weight: 0, message: 'b serves 0 %' };
const HOME = ['weight 0', 'remove', 'release'];

const given = useRuns();

/** A traffic-only rollout to 30 % and a pause, whose gateway can be asked. */
function asked(...says: readonly ServedReport[]): FakeCluster {
  const cluster = new FakeCluster([weight(30), UNTIL_PROMOTED]);
  cluster.observation = { ...cluster.observation, verifies: true };
  cluster.gateway.push(...says);
  return cluster;
}

/** Waits until the activity of that name has begun. */
function begins(cluster: FakeCluster, call: string): Promise<void> {
  return new Promise((resolve) => {
    const { before } = cluster;
    cluster.before = (now) => {
      if (now === call) {
        resolve();
      }
      return before(now);
    };
  });
}

describe('a gateway that can be asked', () => {
  test(
    'is asked after each weight, and before the stable Service is switched, and not for weight 0',
    async () => {
      const cluster = asked();
      await given(cluster, async ({ handle, waitsAt, result }) => {
        await waitsAt(1);
        await handle.signal(SIGNALS.promote);
        await result();
        const calls = ['create', 'weight 30', 'served 30?', 'weight 100', 'served 100?', 'switch', 'endpoints'];
        expect(cluster.calls).toEqual([...calls, 'remove', 'release']);
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'does not hold an abort that comes while it is waited for',
    async () => {
      const cluster = asked(BEHIND, BEHIND);
      const asking = begins(cluster, 'served 30?');
      await given(cluster, async ({ handle, result }) => {
        await asking;
        await handle.signal(SIGNALS.abort, { actor: 'ana' });
        expect(await result()).toMatchObject({ outcome: 'aborted', message: 'aborted by ana' });
        expect(cluster.calls).toEqual(['create', 'weight 30', 'served 30?', ...HOME]);
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'is not waited for by a skip that comes while it is asked',
    async () => {
      const cluster = asked(BEHIND);
      const asking = begins(cluster, 'served 30?');
      await given(cluster, async ({ handle, waitsAt }) => {
        await asking;
        await handle.executeUpdate(UPDATES.skip, { args: [{ actor: 'ana' }] });
        const run = await waitsAt(1);
        expect(run.served?.state).toBe('waived');
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'ends the run in its own words when it refuses a Mapping',
    async () => {
      const cluster = asked();
      cluster.before = (call) => {
        if (call === 'served 30?') {
          throw finalFailure({ reason: 'GatewayRefusedMapping', message: 'b: mismatched load_balancer' });
        }
      };
      await given(cluster, async ({ result }) => {
        expect(await result()).toEqual({
          outcome: 'aborted',
          reason: 'GatewayRefusedMapping',
          message: 'b: mismatched load_balancer',
        });
        expect(cluster.calls).toEqual(['create', 'weight 30', ...HOME]);
      });
    },
    TEST_TIMEOUT_MS,
  );
});

describe('a run that is told that its Mappings are not as they should be', () => {
  async function paused({ waitsAt, handle }: Running): Promise<void> {
    await waitsAt(1);
    await handle.signal(SIGNALS.specChanged, DRIFT);
  }

  test(
    'repairs them at once, without a look at the cluster, and goes on waiting',
    async () => {
      const cluster = new FakeCluster([weight(30), UNTIL_PROMOTED]);
      const edited = { mapping: 'app0-canary', what: 'canaryEdited', fields: ['spec.weight'] } as const;
      cluster.repaired = { repairs: [edited] };
      await given(cluster, async (running) => {
        await paused(running);
        const run = await running.until('a repair', ({ repairs }) => repairs?.count === 1);
        expect(run.stepIndex).toBe(1);
        expect(cluster.calls).toEqual(['create', 'weight 30', 'repair by policy repair']);
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'repairs while it waits for the gateway, and asks it again',
    async () => {
      const cluster = asked(BEHIND);
      const edited = { mapping: 'app0-canary', what: 'canaryEdited', fields: ['spec.weight'] } as const;
      cluster.repaired = { repairs: [edited] };
      const asking = begins(cluster, 'served 30?');
      await given(cluster, async ({ handle, waitsAt }) => {
        await asking;
        await handle.signal(SIGNALS.specChanged, DRIFT);
        await waitsAt(1);
        const repaired = ['create', 'weight 30', 'served 30?', 'repair by policy repair', 'served 30?'];
        expect(cluster.calls).toEqual(repaired);
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    "aborts in the name of whoever's order is found on one",
    async () => {
      const cluster = new FakeCluster([weight(30), UNTIL_PROMOTED]);
      cluster.repaired = { order: { actor: 'ana', at: '2026-01-01T00:00:00Z', key: 'k' } };
      await given(cluster, async (running) => {
        await paused(running);
        expect(await running.result()).toMatchObject({ outcome: 'aborted', message: 'aborted by ana' });
        expect(cluster.calls.slice(-3)).toEqual(HOME);
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'puts a Mapping back that a raise finds gone, and raises again',
    async () => {
      const cluster = new FakeCluster([weight(30)]);
      let isGone = true;
      cluster.before = (call) => {
        if (call === 'weight 30' && isGone) {
          isGone = false;
          throw finalFailure({ reason: 'CanaryMappingGone', message: 'it was deleted' });
        }
      };
      await given(cluster, async ({ result }) => {
        expect(await result()).toMatchObject({ outcome: 'promoted' });
        expect(cluster.calls.slice(0, 3)).toEqual(['create', 'repair by policy repair', 'weight 30']);
      });
    },
    TEST_TIMEOUT_MS,
  );
});

test(
  'canary Mappings of an Argo controller are taken over before the first is created',
  async () => {
    const cluster = new FakeCluster([weight(30)]);
    cluster.observation = { ...cluster.observation, adoptable: ['app-canary'] };
    await given(cluster, async ({ result }) => {
      expect(await result()).toMatchObject({ outcome: 'promoted' });
      expect(cluster.calls.slice(0, 2)).toEqual(['adopt app-canary', 'create']);
    });
  },
  TEST_TIMEOUT_MS,
);

test(
  'a run that is started to take home what another left looks once, removes it, and says who it is',
  async () => {
    const cluster = new FakeCluster([weight(30), UNTIL_PROMOTED]);
    const abort = { actor: 'the sweeper', reason: 'its run was terminated' };
    await given(
      cluster,
      async ({ result }) => {
        expect(await result()).toEqual({
          outcome: 'aborted',
          reason: 'RolloutAborted',
          message: 'aborted by the sweeper: its run was terminated',
        });
        expect(cluster.calls).toEqual(['remove', 'release']);
      },
      { input: { abort } },
    );
  },
  TEST_TIMEOUT_MS,
);
