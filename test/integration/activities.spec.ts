import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { MappingObject, RolloutObject } from '@weir/activities';
import type { CanaryRolloutActivities, MappingRunRef } from '@weir/contract';
import {
  KubernetesError,
  ROLLOUTS,
  type KubernetesClient,
  type KubernetesObject,
  type Resource,
} from '@weir/kubernetes';
import { FINALIZER, INSTANCE_ID, INSTANCE_ID_LABEL } from '@weir/rollout';
import { mapping } from '../support/objects.ts';
import { Scenario } from '../support/scenario.ts';
import { useSandbox } from '../support/shared.ts';
import { activitiesWith, attempts, does } from './workbench.ts';

const TEST_TIMEOUT_MS = 60_000;
const MAPPINGS: Resource = { group: 'getambassador.io', version: 'v2', plural: 'mappings' };
const canaryName = 'stable-mapping0-canary';
const used = useSandbox('--no-worker', '--no-api');

let activities: CanaryRolloutActivities;
let scenario: Scenario;
let ref: MappingRunRef;

beforeAll(() => {
  activities = activitiesWith(used.cluster.kubernetes);
});

beforeEach(async () => {
  scenario = await Scenario.given(used.cluster, { steps: [{ setWeight: 30 }] });
  const labels = { [INSTANCE_ID_LABEL]: INSTANCE_ID };
  const object: KubernetesObject = { ...scenario.manifest(), metadata: { name: scenario.name, labels } };
  const { metadata } = await scenario.create(ROLLOUTS, object);
  ref = {
    rollout: scenario.ref,
    workflowId: scenario.workflowId,
    runId: 'run-1',
    uid: metadata.uid ?? '',
    mappingApiVersion: 'getambassador.io/v3alpha1',
  };
}, TEST_TIMEOUT_MS);

function ensure(more: Partial<MappingRunRef> = {}) {
  return does(activities.ensureCanaryMappings, {
    ...ref,
    ...more,
    stableMappings: ['stable-mapping'],
    canaryService: 'someapp-canary',
    sequence: 0,
  });
}

function setWeight(
  weight: number,
  sequence: number,
  canaryMappings: Awaited<ReturnType<typeof ensure>>,
  more: Partial<MappingRunRef> = {},
) {
  return does(activities.setCanaryWeight, { ...ref, ...more, weight, sequence, canaryMappings });
}

const canary = () => scenario.mapping(canaryName);

describe('ensureCanaryMappings', () => {
  test(
    'creates at weight 0, and a second time changes nothing',
    async () => {
      const [first] = await ensure();
      const [second] = await ensure();
      expect(second).toEqual(first);
      expect(await canary()).toMatchObject({
        spec: { weight: 0, service: 'someapp-canary:80' },
        metadata: { generation: 1 },
      });
      expect((await scenario.rollout())?.metadata.finalizers).toEqual([FINALIZER]);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'keeps the finalizers of others',
    async () => {
      await scenario.patch(ROLLOUTS, scenario.name, { metadata: { finalizers: ['example.com/theirs'] } });
      await ensure();
      expect((await scenario.rollout())?.metadata.finalizers).toEqual(['example.com/theirs', FINALIZER]);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'makes anew what an earlier run left behind',
    async () => {
      await setWeight(30, 1, await ensure());
      await ensure({ runId: 'run-2' });
      expect(await canary()).toMatchObject({ spec: { weight: 0 }, metadata: { generation: 1 } });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    "does not touch somebody else's Mapping",
    async () => {
      await scenario.create(MAPPINGS, mapping(canaryName, { weight: 7 }));
      await expect(ensure()).rejects.toMatchObject({
        type: 'CannotProceed',
        details: [{ reason: 'CanaryMappingNotOurs' }],
      });
      expect((await canary())?.metadata.generation).toBe(1);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'refuses for a Rollout that was replaced by another of its name',
    async () => {
      await expect(ensure({ uid: '00000000-0000-0000-0000-000000000000' })).rejects.toMatchObject({
        details: [{ reason: 'RolloutDeleted' }],
      });
      expect(await canary()).toBeUndefined();
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'tries again when the API server says 409 and the Rollout is still there',
    async () => {
      const busy = Object.create(used.cluster.kubernetes, {
        apply: { value: () => Promise.reject(new KubernetesError('conflict', 'too many write at once', 409)) },
      }) as KubernetesClient;
      const held = activitiesWith(busy);
      const ensuring = attempts(held.ensureCanaryMappings, {
        ...ref,
        stableMappings: [],
        canaryService: 'x',
        sequence: 0,
      });
      await expect(ensuring).rejects.toMatchObject({ type: 'Kubernetes.conflict', nonRetryable: false });
      await ensure();
      const releasing = attempts(held.releaseRollout, ref);
      await expect(releasing).rejects.toMatchObject({ type: 'Kubernetes.conflict', nonRetryable: false });
      await does(activities.releaseRollout, ref);
      expect((await scenario.read(ROLLOUTS, scenario.name))?.metadata.finalizers ?? []).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );
});

describe('setCanaryWeight', () => {
  test(
    'writes once, however often it is tried',
    async () => {
      const created = await ensure();
      const first = await setWeight(30, 1, created);
      // The answer was lost: the retry knows the resourceVersion from before.
      const again = await setWeight(30, 1, created);
      expect(again.canaryMappings).toEqual(first.canaryMappings);
      expect(first.writtenAtMs).toBeUndefined();
      expect(Math.abs((again.writtenAtMs ?? 0) - Date.now())).toBeLessThan(2_000);
      expect(await canary()).toMatchObject({ spec: { weight: 30 }, metadata: { generation: 2 } });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'that lands late does not raise a weight again after an abort',
    async () => {
      const created = await ensure();
      await setWeight(0, 2, created);
      await expect(setWeight(30, 1, created)).rejects.toMatchObject({ details: [{ reason: 'WeightSuperseded' }] });
      expect((await canary())?.spec.weight).toBe(0);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'of a run that is over does not raise the weight of the next',
    async () => {
      const created = await ensure();
      await ensure({ runId: 'run-2' });
      await setWeight(10, 1, created, { runId: 'run-2' });
      await expect(setWeight(90, 9, created)).rejects.toMatchObject({ details: [{ reason: 'WeightSuperseded' }] });
      expect((await canary())?.spec.weight).toBe(10);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'goes on over an edit by hand',
    async () => {
      const created = await ensure();
      await scenario.patch(MAPPINGS, canaryName, { spec: { timeout_ms: 5000 } });
      await setWeight(30, 1, created);
      expect((await canary())?.spec).toMatchObject({ weight: 30, timeout_ms: 5000 });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'raises nothing that is gone, and takes nothing from it for weight 0',
    async () => {
      const created = await ensure();
      await scenario.delete(MAPPINGS, canaryName);
      await expect(setWeight(30, 1, created)).rejects.toMatchObject({ details: [{ reason: 'CanaryMappingGone' }] });
      await setWeight(0, 2, created);
    },
    TEST_TIMEOUT_MS,
  );
});

describe('removeCanaryMappings', () => {
  test(
    'takes away all of the Rollout, also when a label was taken off, and nothing else',
    async () => {
      await setWeight(30, 1, await ensure());
      await scenario.patch(MAPPINGS, canaryName, { metadata: { labels: { 'weir.dev/rollout': null } } });
      await scenario.create(MAPPINGS, mapping('theirs', {}, { 'weir.dev/rollout': scenario.name }));
      expect(await does(activities.removeCanaryMappings, { ...ref, names: [canaryName] })).toEqual({
        removed: [canaryName],
      });
      expect(await canary()).toBeUndefined();
      expect(await scenario.mapping('theirs')).toBeDefined();
      expect(await does(activities.removeCanaryMappings, { ...ref, names: [canaryName] })).toEqual({ removed: [] });
    },
    TEST_TIMEOUT_MS,
  );

  test.each(['with the uid', 'without it'])(
    "takes the finalizer and the brake's order off, %s",
    async (how) => {
      await ensure();
      const order = { metadata: { annotations: { 'weir.dev/order': '{}' } } };
      await scenario.patch(ROLLOUTS, scenario.name, order);
      const input = {
        ...ref,
        names: [canaryName],
        release: true,
        ...(how === 'with the uid' && { uid: ref.uid }),
      } as const;
      for (const removed of [[canaryName], []]) {
        expect(await does(activities.removeCanaryMappings, input)).toEqual({ removed, released: true });
        const { finalizers = [], annotations = {} } = (await scenario.rollout())?.metadata ?? {};
        expect({ finalizers, annotations }).toEqual({ finalizers: [], annotations: {} });
      }
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'makes no Rollout of one that is gone, and leaves another of its name alone',
    async () => {
      const gone = { ...ref, uid: '00000000-0000-0000-0000-000000000000', names: [], release: true } as const;
      await ensure();
      expect(await does(activities.removeCanaryMappings, gone)).toMatchObject({ released: true });
      expect((await scenario.rollout())?.metadata.finalizers).toEqual([FINALIZER]);
      const nobody = { ...gone, rollout: { ...ref.rollout, name: 'nobody' } };
      expect(await does(activities.removeCanaryMappings, nobody)).toEqual({ removed: [], released: true });
      expect(await scenario.read(ROLLOUTS, 'nobody')).toBeUndefined();
    },
    TEST_TIMEOUT_MS,
  );
});

describe('reportStatus', () => {
  const report = (atMs: number, message: string) => ({
    ...ref,
    atMs,
    status: {
      phase: 'Paused' as const,
      message,
      observedGeneration: '1',
      currentStepIndex: 0,
      currentPodHash: 'new',
      stableRS: 'old',
      conditions: [],
    },
    summary: { weight: { intended: 0, written: 0 } },
    events: [],
  });

  test(
    'that lands late gives way to a newer one',
    async () => {
      await does(activities.reportStatus, report(2_000, 'newer'));
      await does(activities.reportStatus, report(1_000, 'older'));
      expect((await scenario.status())?.message).toBe('newer');
      await does(activities.reportStatus, report(3_000, 'newest'));
      expect((await scenario.status())?.message).toBe('newest');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'takes the word of a watch that is behind for what it was, and reads again',
    async () => {
      const behind = await scenario.read<RolloutObject>(ROLLOUTS, scenario.name);
      const watching = activitiesWith(used.cluster.kubernetes, {
        rollout: (uid) => (uid === behind?.metadata.uid ? behind : undefined),
      });
      await does(watching.reportStatus, report(2_000, 'newer'));
      expect((await scenario.status())?.message).toBe('newer');
      await does(watching.reportStatus, report(1_000, 'older'));
      expect((await scenario.status())?.message).toBe('newer');
      await does(watching.reportStatus, report(3_000, 'newest'));
      expect((await scenario.status())?.message).toBe('newest');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'writes nothing to another Rollout of the same name',
    async () => {
      await does(activities.reportStatus, { ...report(1_000, 'm'), uid: '00000000-0000-0000-0000-000000000000' });
      expect(await scenario.status()).toBeUndefined();
    },
    TEST_TIMEOUT_MS,
  );
});

describe('observeRollout', () => {
  test(
    'prefers v3alpha1 where the cluster serves both versions',
    async () => {
      expect(await does(activities.observeRollout, ref)).toMatchObject({
        problems: [],
        mappingApiVersion: 'getambassador.io/v3alpha1',
        rollout: { generation: 1, owned: true, deleting: false },
      });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'uses the version that the operator insists on',
    async () => {
      const v2 = activitiesWith(used.cluster.kubernetes, {}, { mappingApiVersion: 'getambassador.io/v2' });
      const observation = await does(v2.observeRollout, ref);
      expect(observation).toMatchObject({ mappingApiVersion: 'getambassador.io/v2' });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'finds a Mapping of another namespace that shares the traffic',
    async () => {
      const other = await Scenario.given(used.cluster, { steps: [], mappings: [] });
      await other.create(MAPPINGS, mapping('foreign', { prefix: `/${scenario.namespace}/stable-mapping`, weight: 10 }));
      const { problems } = await does(activities.observeRollout, ref);
      expect(problems.map(({ reason }) => reason)).toEqual(['AmbassadorMappingShared']);
    },
    TEST_TIMEOUT_MS,
  );

  describe('where a watch knows the Mappings', () => {
    const V3: Resource = { ...MAPPINGS, version: 'v3alpha1' };
    const knows = (...seen: readonly (MappingObject | undefined)[]) =>
      activitiesWith(used.cluster.kubernetes, { mappings: () => seen.filter((one) => one !== undefined) });
    const read = (name: string) => scenario.read<MappingObject>(V3, name);

    test(
      'believes that nobody else is on the route',
      async () => {
        const stable = await read('stable-mapping');
        await scenario.create(MAPPINGS, mapping('unseen', { prefix: `/${scenario.namespace}/stable-mapping` }));
        expect((await does(activities.observeRollout, ref)).problems).toHaveLength(1);
        expect((await does(knows(stable).observeRollout, ref)).problems).toEqual([]);
      },
      TEST_TIMEOUT_MS,
    );

    test(
      'reads for itself what would stand in the way',
      async () => {
        expect((await does(knows().observeRollout, ref)).problems).toEqual([]);
        const gone = mapping('gone', { prefix: `/${scenario.namespace}/stable-mapping` }) as unknown as MappingObject;
        expect((await does(knows(await read('stable-mapping'), gone).observeRollout, ref)).problems).toEqual([]);
      },
      TEST_TIMEOUT_MS,
    );

    test(
      'reads for itself which canary Mappings are its own',
      async () => {
        const stable = await read('stable-mapping');
        await setWeight(30, 1, await ensure());
        const { canaryMappings } = await does(knows(stable).observeRollout, ref);
        expect(canaryMappings).toMatchObject([{ name: canaryName, weight: 30 }]);
        const deleted = await canary();
        await does(activities.removeCanaryMappings, { ...ref, names: [canaryName] });
        const observation = await does(knows(stable, deleted as MappingObject | undefined).observeRollout, ref);
        expect(observation).not.toHaveProperty('canaryMappings');
      },
      TEST_TIMEOUT_MS,
    );
  });

  test(
    'reads a Rollout that no validation has seen',
    async () => {
      await scenario.patch(ROLLOUTS, scenario.name, { spec: { template: {} } });
      const { problems } = await does(activities.observeRollout, ref);
      const message = [
        'spec.template.metadata is required: must be {labels: …}, the labels of the pods',
        'spec.template.spec is required: must be the spec of a pod: {containers: […]}',
        'spec.selector is required with a template: must be {matchLabels: …}',
      ].join('; ');
      expect(problems).toEqual([{ reason: 'InvalidSpec', message }]);
    },
    TEST_TIMEOUT_MS,
  );
});
