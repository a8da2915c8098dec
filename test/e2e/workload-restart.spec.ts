import { describe, expect, test } from '@jest/globals';
import type { KubernetesObject, Resource } from '@weir/kubernetes';
import { setTimeout as delay } from 'node:timers/promises';
import { useSandbox } from '../support/shared.ts';
import { eventually } from '../support/wait.ts';
import { APP_LABELS, setWeight, untilPromoted } from '../support/workload-app.ts';
import { useWorkloads, type WorkloadScenario } from '../support/workload-scenario.ts';

const TEST_TIMEOUT_MS = 90_000;
/** A budget that is lifted is noticed by asking again. */
const RESTART_TIMEOUT_MS = 45_000;
const PDBS: Resource = { group: 'policy', version: 'v1', plural: 'poddisruptionbudgets' };
const used = useSandbox();
const given = useWorkloads(used);

const namesOf = async (app: WorkloadScenario, revision: number): Promise<readonly string[]> =>
  (await app.podsOf(revision)).map(({ metadata }) => metadata.name);

/** No pod of the revision is one of those. */
async function areReplaced(app: WorkloadScenario, revision: number, old: readonly string[]): Promise<void> {
  await eventually(
    `all ${old.length} pods of revision ${revision} are replaced`,
    async () => {
      const names = await namesOf(app, revision);
      return names.length === old.length && names.every((name) => !old.includes(name));
    },
    RESTART_TIMEOUT_MS,
  );
}

describe('given an update that is paused at a quarter', () => {
  test(
    'when it is restarted, then every pod is replaced, one at a time, and the pause goes on',
    async () => {
      const app = await given({ replicas: 4, readyAfter: '500ms', steps: [setWeight(25), untilPromoted] });
      await app.deployed();
      await app.whenImage('2');
      await app.pausedAt(1);
      const [stable, canary] = [await namesOf(app, 1), await namesOf(app, 2)];
      const begin = (await app.trace()).length;
      await delay(1_000); // Times of creation are whole seconds.
      await app.command('restart', { actor: 'ana', reason: 'leaks memory' });
      await areReplaced(app, 1, stable);
      await areReplaced(app, 2, canary);
      await app.statusThat('the restart is over', ({ restartedAt }) => restartedAt !== undefined);
      await app.pausedAt(1);
      await app.hasPods({ 1: 4, 2: 1 });

      const available = (await app.trace())
        .slice(begin)
        .flatMap((one) => (one.kind === 'replicaSet' && one.revision === 1 ? [one.available] : []));
      expect(Math.min(...available)).toBe(3);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when a PodDisruptionBudget allows none to go, then none goes until it is lifted',
    async () => {
      const app = await given({
        replicas: 2,
        steps: [setWeight(50), untilPromoted],
        canary: { maxUnavailable: '100%' },
      });
      await app.deployed();
      await app.whenImage('2');
      await app.pausedAt(1);
      await app.create(PDBS, {
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: { name: 'all' },
        spec: { minAvailable: 3, selector: { matchLabels: APP_LABELS } },
      } as KubernetesObject);
      await eventually('the budget counts', async () => {
        const budget = await app.read<KubernetesObject & { status?: { currentHealthy?: number } }>(PDBS, 'all');
        return budget?.status?.currentHealthy === 3;
      });
      const [stable, canary] = [await namesOf(app, 1), await namesOf(app, 2)];
      await delay(1_000); // Times of creation are whole seconds.
      await app.command('restart');
      await delay(2_000);
      expect([await namesOf(app, 1), await namesOf(app, 2)]).toEqual([stable, canary]);

      await app.delete(PDBS, 'all');
      await areReplaced(app, 1, stable);
      await areReplaced(app, 2, canary);
    },
    TEST_TIMEOUT_MS,
  );
});

describe('given an app at rest', () => {
  test(
    'when it is restarted, then its pods are replaced and no revision is tried',
    async () => {
      const app = await given({ replicas: 2, steps: [setWeight(50), untilPromoted] });
      await app.deployed();
      const old = await namesOf(app, 1);
      await delay(1_000); // Times of creation are whole seconds.
      await app.command('restart');
      await areReplaced(app, 1, old);
      await app.healthy();
      await app.settled();
      expect((await app.revisions()).size).toBe(1);
      expect(await app.weights()).toEqual({});
    },
    TEST_TIMEOUT_MS,
  );
});
