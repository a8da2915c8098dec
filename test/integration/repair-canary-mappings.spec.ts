import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { CanaryRolloutActivities, RepairCanaryMappingsInput } from '@weir/contract';
import { ROLLOUTS, type KubernetesObject } from '@weir/kubernetes';
import { INSTANCE_ID, INSTANCE_ID_LABEL, ORDER_ANNOTATION, type CanaryMapping } from '@weir/rollout';
import { MAPPINGS, mapping } from '../support/objects.ts';
import { Scenario } from '../support/scenario.ts';
import { useSandbox } from '../support/shared.ts';
import { activitiesWith, does } from './workbench.ts';

const TEST_TIMEOUT_MS = 60_000;
const STABLE = 'stable-mapping';
const CANARY = 'stable-mapping0-canary';
const ORDER = { actor: 'ana', reason: 'errors', at: '2026-01-01T00:00:00Z', key: 'abort:1' };
const used = useSandbox('--no-worker', '--no-api');

let activities: CanaryRolloutActivities;
let scenario: Scenario;
let input: RepairCanaryMappingsInput;

beforeAll(() => {
  activities = activitiesWith(used.cluster.kubernetes);
});

/** A canary Mapping at weight 30. */
beforeEach(async () => {
  scenario = await Scenario.given(used.cluster, { steps: [{ setWeight: 30 }] });
  const labels = { [INSTANCE_ID_LABEL]: INSTANCE_ID };
  const object: KubernetesObject = { ...scenario.manifest(), metadata: { name: scenario.name, labels } };
  const { metadata } = await scenario.create(ROLLOUTS, object);
  const ref = {
    rollout: scenario.ref,
    workflowId: scenario.workflowId,
    runId: 'run-1',
    uid: metadata.uid ?? '',
    mappingApiVersion: 'getambassador.io/v3alpha1',
    canaryService: 'someapp-canary',
    revision: 'abc',
  };
  const made = await does(activities.ensureCanaryMappings, { ...ref, stableMappings: [STABLE], sequence: 0 });
  const written = await does(activities.setCanaryWeight, { ...ref, weight: 30, sequence: 1, canaryMappings: made });
  const canaryMappings = written.canaryMappings.map((one) => ({ ...one, weight: 30 }));
  input = { ...ref, stableService: 'someapp-stable', canaryMappings, sequence: 2, policy: 'repair' };
}, TEST_TIMEOUT_MS);

const repair = (more: Partial<RepairCanaryMappingsInput> = {}) =>
  does(activities.repairCanaryMappings, { ...input, ...more });

const edit = (name: string, body: object, fieldManager = 'kubectl-edit') =>
  used.cluster.kubernetes.mergePatch({ resource: MAPPINGS, namespace: scenario.namespace, name }, body, {
    fieldManager,
  });

const canary = () => scenario.mapping(CANARY);

describe('repairCanaryMappings', () => {
  test.each<[string, object, string, string | undefined]>([
    ['weight', { spec: { weight: 90 } }, 'spec.weight', 'kubectl-edit'],
    ['service', { spec: { service: 'elsewhere' } }, 'spec.service', 'kubectl-edit'],
    ['timeout that nobody asked for', { spec: { timeout_ms: 1 } }, 'spec.timeout_ms', 'kubectl-edit'],
    ['label', { metadata: { labels: { host: 'other' } } }, 'metadata.labels.host', 'kubectl-edit'],
    // Who takes a field off owns nothing, so the API server knows nobody.
    [
      'missing label',
      { metadata: { labels: { 'weir.dev/rollout': null } } },
      'metadata.labels.weir.dev/rollout',
      undefined,
    ],
    [
      'missing owner',
      { metadata: { annotations: { 'weir.dev/owner': null } } },
      'metadata.annotations.weir.dev/owner',
      undefined,
    ],
  ])(
    'puts back a canary Mapping that was given another %s, and says who did it',
    async (_what, body, field, manager) => {
      const before = await canary();
      await edit(CANARY, body);
      const { repairs, canaryMappings } = await repair();
      expect(repairs).toEqual([
        { mapping: CANARY, what: 'canaryEdited', fields: [field], ...(manager && { manager }) },
      ]);
      const after = await canary();
      expect(after?.spec).toEqual(before?.spec);
      expect(after?.metadata.labels).toEqual(before?.metadata.labels);
      expect(after?.metadata.annotations).toEqual({ ...before?.metadata.annotations, 'weir.dev/sequence': '2' });
      expect(canaryMappings[0]?.resourceVersion).toBe(after?.metadata.resourceVersion);
      expect((await repair()).repairs).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'puts back a canary Mapping that was deleted, at its weight and with its owner',
    async () => {
      const before = await canary();
      await scenario.delete(MAPPINGS, CANARY);
      const { repairs } = await repair();
      expect(repairs).toEqual([{ mapping: CANARY, what: 'canaryDeleted', fields: [] }]);
      const after = await canary();
      expect(after?.spec).toEqual(before?.spec);
      expect(after?.metadata.ownerReferences).toEqual(before?.metadata.ownerReferences);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'carries a change of the stable Mapping over in one write: fields that came, changed and went',
    async () => {
      await edit(STABLE, { spec: { timeout_ms: 5, headers: { a: '1', b: '1' } } }, 'helm');
      await repair();
      const { generation = 0 } = (await canary())?.metadata ?? {};
      const circuit_breakers = [{ max_connections: 1 }];
      await edit(STABLE, { spec: { timeout_ms: null, headers: { a: null, b: '2' }, circuit_breakers } }, 'helm');
      const { repairs } = await repair();
      expect(repairs).toMatchObject([
        { what: 'stableEdited', manager: 'helm', fields: ['spec.circuit_breakers', 'spec.headers', 'spec.timeout_ms'] },
      ]);
      const [after, stable] = await Promise.all([canary(), scenario.mapping(STABLE)]);
      expect(after?.spec).toEqual({ ...stable?.spec, service: 'someapp-canary:80', weight: 30 });
      expect(after?.metadata.generation).toBe(generation + 1);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'carries labels over, but not those by which GitOps tools track what is theirs',
    async () => {
      const labels = { host: 'api', 'app.kubernetes.io/instance': 'argo' };
      await edit(STABLE, { metadata: { labels } }, 'argocd-controller');
      const { repairs } = await repair();
      expect(repairs).toMatchObject([{ what: 'stableEdited', fields: ['metadata.labels.host'] }]);
      expect((await canary())?.metadata.labels).toEqual({ host: 'api', 'weir.dev/rollout': scenario.name });
    },
    TEST_TIMEOUT_MS,
  );

  test.each<[string, object, string]>([
    ['a weight', { weight: 50 }, 'has a weight'],
    ['a redirect', { host_redirect: true }, 'is a redirect'],
    ['a shadow', { shadow: true }, 'is a shadow'],
    ['another service', { service: 'elsewhere' }, 'not the stable Service'],
  ])(
    'gives up for a stable Mapping that has become or got %s',
    async (_what, spec, message) => {
      await edit(STABLE, { spec }, 'helm');
      const details = [
        {
          reason: 'AmbassadorMappingConfigError',
          message: expect.stringMatching(`${message}.*changed by helm`),
          diverted: [CANARY],
        },
      ];
      await expect(repair()).rejects.toMatchObject({ type: 'CannotProceed', details });
      // Until it is deleted: a lower weight would leave requests that match no route beside a stable Mapping with a weight.
      expect((await canary())?.spec).toMatchObject({ service: 'someapp-stable:80', weight: 30 });
      expect((await canary())?.spec).not.toHaveProperty('host_redirect');
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'points the canary at the stable Service while the stable Mapping is gone, and back when it is there again',
    async () => {
      const stable = await scenario.mapping(STABLE);
      await scenario.delete(MAPPINGS, STABLE);
      const gone = await repair();
      expect(gone).toMatchObject({ missingStable: [STABLE], repairs: [{ mapping: STABLE, what: 'stableGone' }] });
      expect((await canary())?.spec).toMatchObject({ service: 'someapp-stable:80', weight: 30 });
      expect((await repair()).repairs).toEqual([]);
      await scenario.create(MAPPINGS, mapping(STABLE, stable?.spec));
      const back = await repair();
      expect(back).toMatchObject({ missingStable: [], repairs: [{ mapping: STABLE, what: 'stableBack' }] });
      expect((await canary())?.spec).toMatchObject({ service: 'someapp-canary:80', weight: 30 });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'does nothing for a pair of Mappings that are both gone, and says so',
    async () => {
      await Promise.all([scenario.delete(MAPPINGS, STABLE), scenario.delete(MAPPINGS, CANARY)]);
      expect(await repair()).toMatchObject({ missingStable: [STABLE], repairs: [] });
      expect(await canary()).toBeUndefined();
    },
    TEST_TIMEOUT_MS,
  );

  test.each<[string, () => Promise<unknown>, string]>([
    ['edited', () => edit(CANARY, { spec: { weight: 90 } }), 'spec.weight'],
    ['deleted', () => scenario.delete(MAPPINGS, CANARY), 'it was deleted'],
    ['left behind by a changed stable Mapping', () => edit(STABLE, { spec: { timeout_ms: 5 } }), 'spec.timeout_ms'],
  ])(
    'writes nothing under the policy abort for a canary Mapping that was %s',
    async (_what, change, message) => {
      await change();
      const before = await canary();
      await expect(repair({ policy: 'abort' })).rejects.toMatchObject({
        details: [{ reason: 'MappingDrifted', message: expect.stringContaining(message) }],
      });
      expect(await canary()).toEqual(before);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    "repairs nothing over the brake's order, and hands it on",
    async () => {
      await edit(CANARY, {
        spec: { weight: 0 },
        metadata: { annotations: { [ORDER_ANNOTATION]: JSON.stringify(ORDER) } },
      });
      expect(await repair()).toMatchObject({ order: ORDER, repairs: [] });
      expect((await canary())?.spec.weight).toBe(0);
    },
    TEST_TIMEOUT_MS,
  );

  test.each([
    ['an attempt that comes late', { sequence: 0 }],
    ['a workflow that was reset', { runId: 'run-0' }],
  ])(
    'does not let %s raise a weight',
    async (_who, more) => {
      await edit(CANARY, { spec: { weight: 10 } });
      await expect(repair(more)).rejects.toMatchObject({ details: [{ reason: 'WeightSuperseded' }] });
      expect((await canary())?.spec.weight).toBe(10);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    "does not touch a Mapping of the canary's name that somebody else has put in its place",
    async () => {
      await scenario.delete(MAPPINGS, CANARY);
      await scenario.create(MAPPINGS, mapping(CANARY, { weight: 7 }));
      await expect(repair()).rejects.toMatchObject({ details: [{ reason: 'CanaryMappingNotOurs' }] });
      expect((await canary())?.spec.weight).toBe(7);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'brings each of several back to its own weight',
    async () => {
      await scenario.create(MAPPINGS, mapping('other', { prefix: `/${scenario.namespace}/other` }));
      const [other] = await does(activities.ensureCanaryMappings, { ...input, stableMappings: ['other'], sequence: 2 });
      const canaryMappings: CanaryMapping[] = [...input.canaryMappings, { ...(other as CanaryMapping), weight: 0 }];
      await Promise.all([edit(CANARY, { spec: { weight: 50 } }), edit('other0-canary', { spec: { weight: 50 } })]);
      const { repairs } = await repair({ canaryMappings, sequence: 3 });
      expect(repairs).toHaveLength(2);
      expect((await canary())?.spec.weight).toBe(30);
      expect((await scenario.mapping('other0-canary'))?.spec.weight).toBe(0);
    },
    TEST_TIMEOUT_MS,
  );
});

describe("the brake's order", () => {
  const braked = () =>
    edit(CANARY, {
      spec: { weight: 0 },
      metadata: { annotations: { [ORDER_ANNOTATION]: JSON.stringify(ORDER), 'weir.dev/weight': '0' } },
    });
  const aborts = { details: [{ reason: 'RolloutAborted', message: 'aborted by ana: errors', by: { actor: 'ana' } }] };

  test(
    'on a canary Mapping ends a raise that was on its way, in the name of who gave it',
    async () => {
      await braked();
      const raise = does(activities.setCanaryWeight, { ...input, weight: 60, sequence: 2 });
      await expect(raise).rejects.toMatchObject(aborts);
      expect((await canary())?.spec.weight).toBe(0);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'does not keep weight 0 from being written',
    async () => {
      await braked();
      await does(activities.setCanaryWeight, { ...input, weight: 0, sequence: 2 });
      expect((await canary())?.spec.weight).toBe(0);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'on the Rollout ends a creation, and goes with the finalizer at the end of the run',
    async () => {
      await scenario.delete(MAPPINGS, CANARY);
      await scenario.patch(ROLLOUTS, scenario.name, {
        metadata: { annotations: { [ORDER_ANNOTATION]: JSON.stringify(ORDER) } },
      });
      const creation = does(activities.ensureCanaryMappings, { ...input, stableMappings: [STABLE], sequence: 0 });
      await expect(creation).rejects.toMatchObject(aborts);
      expect((await canary())?.spec.weight).toBe(0);
      await does(activities.removeCanaryMappings, { ...input, names: [CANARY] });
      await does(activities.releaseRollout, input);
      expect((await scenario.rollout())?.metadata).not.toHaveProperty(['annotations', ORDER_ANNOTATION]);
      expect((await scenario.rollout())?.metadata.finalizers).toBeUndefined();
    },
    TEST_TIMEOUT_MS,
  );
});

describe('adoptCanaryMappings', () => {
  const ARGO = 'stable-mapping-canary';

  test(
    'takes a canary Mapping of Argo Rollouts home, says which weight it had, and a second time does nothing',
    async () => {
      const spec = { prefix: `/${scenario.namespace}/${STABLE}`, service: 'someapp-canary:80', weight: 25 };
      await scenario.create(MAPPINGS, mapping(ARGO, spec));
      const adopt = () => does(activities.adoptCanaryMappings, { ...input, names: [ARGO] });
      expect(await adopt()).toEqual([{ name: ARGO, stableName: STABLE, weight: 25 }]);
      expect(await scenario.mapping(ARGO)).toBeUndefined();
      expect(await adopt()).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'leaves one alone that belongs to a Weir by now',
    async () => {
      expect(await does(activities.adoptCanaryMappings, { ...input, names: [CANARY] })).toEqual([]);
      expect((await canary())?.spec.weight).toBe(30);
    },
    TEST_TIMEOUT_MS,
  );
});
