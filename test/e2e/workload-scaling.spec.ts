import { describe, expect, test } from '@jest/globals';
import { ROLLOUTS, type KubernetesObject } from '@weir/kubernetes';
import { SCALE_DOWN_ANNOTATION } from '@weir/rollout';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { useSandbox } from '../support/shared.ts';
import { eventually } from '../support/wait.ts';
import { setWeight, untilPromoted } from '../support/workload-app.ts';
import { useWorkloads, type WorkloadScenario } from '../support/workload-scenario.ts';

const TEST_TIMEOUT_MS = 60_000;
const used = useSandbox();
const given = useWorkloads(used);

interface Scale extends KubernetesObject {
  readonly spec: { readonly replicas: number };
  readonly status: { readonly replicas: number; readonly selector: string };
}

const scaleOf = (app: WorkloadScenario): Promise<Scale> =>
  used.cluster.kubernetes.get<Scale>({
    resource: ROLLOUTS,
    namespace: app.namespace,
    name: app.name,
    subresource: 'scale',
  });

describe('given a canary that is sized apart from its weight', () => {
  test(
    'then it has 0, 1, 1, 3 and 2 pods as the steps say, and stable has four all the time',
    async () => {
      const app = await given({
        replicas: 4,
        steps: [
          untilPromoted,
          { setCanaryScale: { weight: 25 } },
          untilPromoted,
          setWeight(50),
          untilPromoted,
          { setCanaryScale: { replicas: 3 } },
          untilPromoted,
          { setCanaryScale: { matchTrafficWeight: true } },
          untilPromoted,
        ],
      });
      await app.deployed();
      await app.whenImage('2');
      await app.hasRevision(2);
      for (const [step, pods] of [
        [0, 0],
        [2, 1],
        [4, 1],
        [6, 3],
        [8, 2],
      ] as const) {
        await app.pausedAt(step);
        await app.hasPods({ 1: 4, 2: pods });
        await app.command('promote');
      }
      await app.healthy();
      await app.settled();
      await app.hasPods({ 2: 4 });
      await app.went('set-canary-scale');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'by a floor of pods, then a small weight gets that many',
    async () => {
      const app = await given({
        replicas: 4,
        steps: [setWeight(10), untilPromoted],
        canary: { minPodsPerReplicaSet: 2 },
      });
      await app.deployed();
      await app.whenImage('2');
      await app.pausedAt(1);
      await app.hasPods({ 1: 4, 2: 2 });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'by a threshold of half, then the weight is raised when half of its pods are available',
    async () => {
      const app = await given({
        replicas: 4,
        steps: [setWeight(50), untilPromoted],
        canary: { replicaProgressThreshold: { type: 'Percent', value: 50 } },
      });
      await app.deployed();
      await app.when({ image: '2', ready: 'never' });
      await app.hasPods({ 1: 4, 2: 2 });
      expect(Object.values(await app.weights()).every((weight) => weight === 0)).toBe(true);
      await app.pods(2, 'ready', 1);
      await app.pausedAt(1);
      await app.hasWeights({ 'app0-canary': 50 });
    },
    TEST_TIMEOUT_MS,
  );
});

describe('given an autoscaler', () => {
  test(
    'when it scales an update up and down in a pause, then the canary keeps its share, and the manifest does not undo it',
    async () => {
      const app = await given({ replicas: 4, steps: [setWeight(25), untilPromoted] });
      await app.deployed();
      expect(await scaleOf(app)).toMatchObject({
        spec: { replicas: 4 },
        status: { replicas: 4, selector: 'app=someapp' },
      });
      await app.whenImage('2');
      await app.pausedAt(1);
      await app.hasPods({ 1: 4, 2: 1 });
      await app.scaled(8);
      await app.hasPods({ 1: 8, 2: 2 });
      await app.scaled(4);
      await app.hasPods({ 1: 4, 2: 1 });
      await app.pausedAt(1);

      await app.scaled(6);
      await app.whenImage('3');
      await app.pausedAt(1);
      await app.hasPods({ 1: 6, 3: 2 });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when it scales an update whose canary is not ready, then both revisions follow',
    async () => {
      const app = await given({ replicas: 4, steps: [setWeight(50), untilPromoted] });
      await app.deployed();
      await app.when({ image: '2', ready: 'crash' });
      await app.hasPods({ 1: 4, 2: 2 });
      await app.scaled(8);
      await app.hasPods({ 1: 8, 2: 4 });
      await app.scaled(4);
      await app.hasPods({ 1: 4, 2: 2 });
      expect((await app.status())?.phase).toBe('Progressing');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when it scales an app that is at rest, then its pods follow, and no revision is tried',
    async () => {
      const app = await given({ replicas: 2, steps: [setWeight(50), untilPromoted] });
      await app.deployed();
      await app.scaled(3);
      await app.hasPods({ 1: 3 });
      await app.healthy();
      await app.settled();
      expect(await app.outcome()).toBe('nothingToDo');
      await app.went('scaling-at-rest');
    },
    TEST_TIMEOUT_MS,
  );
});

describe('given old pods that wait out a long delay', () => {
  const DELAYED = { scaleDownDelaySeconds: 3_600, scaleDownDelayRevisionLimit: 1 };

  type Deadlines = Readonly<Record<number, { readonly pods: number; readonly waits: boolean }>>;

  /** Healthy comes first, and then the deadlines of what serves no longer. */
  const haveDeadlines = async (app: WorkloadScenario, wanted: Deadlines): Promise<void> => {
    await eventually(`deadlines ${JSON.stringify(wanted)}`, async () => {
      const seen = [...(await app.revisions())].map(([number, { metadata, spec }]) => [
        number,
        { pods: spec.replicas ?? 1, waits: metadata.annotations?.[SCALE_DOWN_ANNOTATION] !== undefined },
      ]);
      return isDeepStrictEqual(Object.fromEntries(seen), wanted);
    });
  };

  test(
    'when a third image comes, then only the newest old one waits; when the second comes back, it waits no longer',
    async () => {
      const app = await given({ canary: DELAYED });
      await app.deployed();
      await app.whenImage('2');
      await app.healthy();
      await app.hasPods({ 1: 1, 2: 1 });
      await haveDeadlines(app, { 1: { pods: 1, waits: true }, 2: { pods: 1, waits: false } });

      await app.whenImage('3');
      await app.healthy();
      await app.hasPods({ 2: 1, 3: 1 });
      await haveDeadlines(app, {
        1: { pods: 0, waits: false },
        2: { pods: 1, waits: true },
        3: { pods: 1, waits: false },
      });

      await app.whenImage('2');
      await app.healthy();
      await app.hasPods({ 3: 1, 4: 1 });
      await haveDeadlines(app, {
        1: { pods: 0, waits: false },
        3: { pods: 1, waits: true },
        4: { pods: 1, waits: false },
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'when the progress deadline passes meanwhile, then it stays Healthy',
    async () => {
      const app = await given({ canary: DELAYED, spec: { progressDeadlineSeconds: 2 } });
      await app.deployed();
      await app.whenImage('2');
      await app.healthy();
      await delay(3_000); // Longer than the progress deadline.
      const { phases } = await app.course();
      expect(phases.at(-1)).toBe('Healthy');
      expect(phases.filter((phase) => phase.startsWith('Degraded'))).toEqual([]);
      await app.hasPods({ 1: 1, 2: 1 });
    },
    TEST_TIMEOUT_MS,
  );
});
