import { describe, expect, test } from '@jest/globals';
import { POD_TEMPLATE_HASH_LABEL } from '@weir/rollout';
import { setTimeout as delay } from 'node:timers/promises';
import { useSandbox } from '../support/shared.ts';
import { eventually } from '../support/wait.ts';
import { setWeight, untilPromoted } from '../support/workload-app.ts';
import { useWorkloads, type PodObject, type WorkloadScenario } from '../support/workload-scenario.ts';

const TEST_TIMEOUT_MS = 90_000;
const STEPS = [setWeight(50), untilPromoted];
const used = useSandbox();
const given = useWorkloads(used);

/**
 * Deploys these images one after the other, each with a full promotion. No two ReplicaSets are of the same second: what
 * `rollbackWindow` counts as between two revisions goes by `creationTimestamp`, which has no fractions.
 */
async function deployedOneByOne(app: WorkloadScenario, images: readonly string[]): Promise<void> {
  await app.deployed();
  for (const image of images) {
    await inAnotherSecond(app);
    await app.whenImage(image);
    await app.pausedAt(1);
    await app.command('promote', { full: true });
    await app.healthy();
    await app.settled();
  }
}

async function inAnotherSecond(app: WorkloadScenario): Promise<void> {
  const created = [...(await app.revisions()).values()].map(({ metadata }) =>
    Date.parse(metadata.creationTimestamp ?? ''),
  );
  await delay(Math.max(0, Math.max(...created) + 1_000 - Date.now()));
}

const imageOf = async (app: WorkloadScenario, revision: number): Promise<unknown> => {
  const { spec } = (await app.revision(revision)) as {
    spec: { template?: { spec?: { containers?: readonly { image: string }[] } } };
  };
  return spec.template?.spec?.containers?.[0]?.image;
};

describe('given three revisions that were deployed one after the other', () => {
  test(
    'when the first is undone to, then it is a new revision with the old template, and goes by the steps',
    async () => {
      const app = await given({ steps: STEPS });
      await deployedOneByOne(app, ['2', '3']);
      await app.command('undo', { toRevision: 1, actor: 'ana' });
      await app.pausedAt(1);
      expect(await app.selected()).toEqual({ stable: 3, canary: 4 });
      await app.command('promote');
      await app.healthy();
      await app.settled();
      await app.hasPods({ 4: 1 });
      expect(await imageOf(app, 4)).toBe('someapp:1');
      expect(await app.outcome()).toBe('promoted');
      expect((await app.post('undo', { toRevision: 9 })).ok).toBe(false);
      await app.went('undo');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when the history keeps one, then the oldest ReplicaSet goes once it has no pods',
    async () => {
      const app = await given({ steps: STEPS, spec: { revisionHistoryLimit: 1 } });
      await deployedOneByOne(app, ['2', '3']);
      expect([...(await app.revisions()).keys()].sort()).toEqual([2, 3]);
    },
    TEST_TIMEOUT_MS,
  );
});

describe('given four revisions and a rollback window of two', () => {
  test(
    'when an image outside comes back, then it goes by the steps; when one inside does, then there are none',
    async () => {
      const app = await given({ steps: STEPS, spec: { rollbackWindow: { revisions: 2 } } });
      await deployedOneByOne(app, ['2', '3', '4']);
      await app.whenImage('1');
      await app.pausedAt(1);
      await app.whenImage('4');
      await app.healthy();
      await app.settled();
      expect(await app.outcome()).toBe('rolledBack');

      const before = (await app.course()).phases.length;
      await app.whenImage('2');
      await app.healthy();
      await app.settled();
      expect(await app.outcome()).toBe('rolledBack');
      expect((await app.course()).phases.slice(before)).not.toContain('Paused CanaryPauseStep');
      const { stable, canary } = await app.selected();
      expect(canary).toBe(stable);
      expect(await imageOf(app, stable ?? 0)).toBe('someapp:2');
    },
    TEST_TIMEOUT_MS,
  );
});

describe('given labels that follow the role of a revision', () => {
  const metadata = (canary: object, stable: object): object => ({
    canaryMetadata: { labels: canary },
    stableMetadata: { labels: stable },
  });

  const haveLabels = async (
    app: WorkloadScenario,
    revision: number,
    wanted: Readonly<Record<string, string>>,
  ): Promise<void> => {
    let seen: unknown;
    await eventually(`pods of revision ${revision} with ${JSON.stringify(wanted)}`, async () => {
      const pods: readonly PodObject[] = await app.podsOf(revision);
      const labels = pods.map(({ metadata: { labels: all = {} } }) => {
        const { app: _app, [POD_TEMPLATE_HASH_LABEL]: _hash, ...others } = all;
        return others;
      });
      seen = labels;
      return labels.length > 0 && labels.every((one) => JSON.stringify(one) === JSON.stringify(wanted));
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}; labels: ${JSON.stringify(seen)}`);
    });
  };

  test(
    'when an update is tried and promoted, then its pods change the label with the role; new labels take the place of old ones',
    async () => {
      const app = await given({
        replicas: 2,
        steps: STEPS,
        canary: metadata({ role: 'canary', trial: 'yes' }, { role: 'stable' }),
      });
      await app.deployed();
      await haveLabels(app, 1, { role: 'stable' });
      await app.whenImage('2');
      await app.pausedAt(1);
      await haveLabels(app, 2, { role: 'canary', trial: 'yes' });
      await haveLabels(app, 1, { role: 'stable' });

      await app.when({ canary: metadata({ role2: 'canary2' }, { role: 'stable' }) });
      await haveLabels(app, 2, { role2: 'canary2' });
      await app.pausedAt(1);
      await app.command('promote');
      await app.healthy();
      await haveLabels(app, 2, { role: 'stable' });

      await app.when({ canary: metadata({ role2: 'canary2' }, { role2: 'stable2' }) });
      await haveLabels(app, 2, { role2: 'stable2' });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when the new pods are to stay off the nodes of the old ones, then their template says so',
    async () => {
      const antiAffinity = { preferredDuringSchedulingIgnoredDuringExecution: { weight: 1 } };
      const app = await given({ steps: STEPS, canary: { antiAffinity } });
      const { currentPodHash } = await app.deployed();
      await app.whenImage('2');
      await app.pausedAt(1);
      const affinity = JSON.stringify((await app.revision(2)).spec.template);
      expect(affinity).toContain('podAntiAffinity');
      expect(affinity).toContain(`"key":"${POD_TEMPLATE_HASH_LABEL}"`);
      expect(affinity).toContain(currentPodHash);
    },
    TEST_TIMEOUT_MS,
  );
});
