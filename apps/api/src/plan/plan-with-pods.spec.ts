import { describe, expect, test } from '@jest/globals';
import type { ReplicaSetObject } from '@weir/activities';
import { MAPPING_APIS } from '@weir/mapping';
import { stepsHash } from '@weir/rollout';
import { parseSpec, type PodTemplate } from '@weir/rollout/manifest';
import {
  POD_SPEC,
  aManifestWithPods,
  aMapping,
  aReplicaSet,
  aRollout,
  type RolloutParts,
} from '../testing/builders.ts';
import type { PlanInput } from './plan-input.ts';
import { planRollout } from './plan-rollout.ts';

const HASH = 'rollouts-pod-template-hash';

interface Given {
  readonly canary?: object;
  readonly spec?: object;
  readonly rollout?: RolloutParts;
  /** With pods; the first is what the Services select. */
  readonly replicaSets?: readonly ReplicaSetObject[];
  readonly wanted?: string;
  readonly change?: Partial<PlanInput>;
}

/** A ReplicaSet with pods that are not all available. */
function running(number: number, hash: string, metadata: object = {}): ReplicaSetObject {
  const one = aReplicaSet(number, hash, metadata);
  return {
    ...one,
    spec: { ...one.spec, replicas: 4 },
    status: { replicas: 4, readyReplicas: 3, availableReplicas: 1 },
  };
}

function input({
  canary = {},
  spec = {},
  rollout = {},
  replicaSets = [],
  wanted = 'b',
  change = {},
}: Given): PlanInput {
  const manifest = aManifestWithPods(canary, spec)['spec'] as object;
  const parsed = parseSpec(manifest);
  if (!parsed.ok) {
    throw new Error(JSON.stringify(parsed.errors));
  }
  const selected = replicaSets[0]?.metadata.labels?.[HASH];
  const service = (name: string) => ({
    metadata: { name },
    spec: { selector: { app: 'someapp', ...(selected !== undefined && { [HASH]: selected }) } },
  });
  const template = POD_SPEC.template as PodTemplate;
  return {
    rollout: aRollout({ spec: manifest, ...rollout }),
    spec: parsed.spec,
    owner: { installation: 'uuid/weir', workflowId: 'rollout/local/default/someapp', runId: '?' },
    mappingApi: MAPPING_APIS[0],
    allMappings: [aMapping('stable-mapping')],
    stableService: service('someapp-stable'),
    canaryService: service('someapp-canary'),
    pods: { replicaSets, wanted: { source: { template, selector: POD_SPEC.selector }, podTemplateHash: wanted } },
    nowMs: 0,
    ...change,
  };
}

interface Body {
  readonly spec?: { weight?: number; replicas?: number; selector?: Record<string, string> };
  readonly metadata?: { readonly annotations?: Record<string, string | null> };
}

/** Each write in a line: what of it matters to a person. */
function written(given: Given): string[] {
  return planRollout(input(given)).writes.map(({ verb, kind, name, step, body }) => {
    const facts = kind === 'Rollout' ? [] : factsIn(body ?? {});
    return [`${verb} ${kind} ${name}`, ...facts, ...(step === null ? [] : [`in step ${step}`])].join(', ');
  });
}

function factsIn({ spec = {}, metadata: { annotations = {} } = {} }: Body): string[] {
  const { 'scale-down-deadline': deadline, 'rollout.argoproj.io/revision': number } = annotations;
  const facts: [string, string | number | null | undefined][] = [
    ['weight', spec.weight],
    ['replicas', spec.replicas],
    ['revision', number],
    ['until', deadline],
    ['selects', spec.selector?.[HASH]],
  ];
  return facts.flatMap(([what, value]) => (value === undefined ? [] : [`${what} ${value}`]));
}

const CANARY = 'Mapping stable-mapping0-canary';

const FIRST_DEPLOY = [
  'APPLY Rollout someapp',
  'POST ReplicaSet someapp-b, replicas 4, revision 1',
  'PATCH Service someapp-stable, selects b',
  'PATCH Service someapp-canary, selects b',
];

const UPDATE = [
  'APPLY Rollout someapp',
  'POST ReplicaSet someapp-b, replicas 2, revision 2, in step 0',
  'PATCH Service someapp-canary, selects b, in step 0',
  'PATCH Rollout someapp',
  `POST ${CANARY}, weight 0`,
  `PATCH ${CANARY}, weight 30, in step 0`,
  'PATCH ReplicaSet someapp-b, replicas 3, in step 2',
  `PATCH ${CANARY}, weight 60, in step 2`,
  'PATCH ReplicaSet someapp-b, replicas 4',
  `PATCH ${CANARY}, weight 100`,
  'PATCH Service someapp-stable, selects b',
  `DELETE ${CANARY}`,
  'PATCH Rollout someapp',
  'PATCH ReplicaSet someapp-a, replicas 4, until <30 s after this write>',
  'PATCH ReplicaSet someapp-a, replicas 0, until null',
];

describe('the plan of a Rollout with pods', () => {
  test.each<[string, Given, string, string[]]>([
    ['a first deploy: all pods, then both Services, and no canary Mapping', {}, 'promoted', FIRST_DEPLOY],
    [
      'a first deploy that says no replicas: the default is written, for autoscalers to find',
      { spec: { replicas: undefined } },
      'promoted',
      ['APPLY Rollout someapp', 'PATCH Rollout someapp', ...FIRST_DEPLOY.slice(1)].map((line) =>
        line.replace('replicas 4', 'replicas 1'),
      ),
    ],
    ['an update', { replicaSets: [running(1, 'a')] }, 'promoted', UPDATE],
    [
      'a first deploy whatever the Mappings are, because none is touched',
      { change: { allMappings: [] } },
      'promoted',
      FIRST_DEPLOY,
    ],
    [
      'an update without its Mapping: nothing',
      { replicaSets: [running(1, 'a')], change: { allMappings: [] } },
      'aborted',
      UPDATE.slice(0, 1),
    ],
    [
      'what is stable already: nothing',
      { replicaSets: [running(1, 'a')], wanted: 'a' },
      'nothingToDo',
      UPDATE.slice(0, 1),
    ],
    [
      'what is stable already, in another size',
      { replicaSets: [running(1, 'a')], wanted: 'a', spec: { replicas: 6 } },
      'nothingToDo',
      [...UPDATE.slice(0, 1), 'PATCH ReplicaSet someapp-a, replicas 6'],
    ],
    [
      'an update to an older revision, which becomes the newest',
      { replicaSets: [running(2, 'a'), aReplicaSet(1, 'b')] },
      'promoted',
      UPDATE.with(1, 'PATCH ReplicaSet someapp-b, replicas 2, revision 3, in step 0'),
    ],
    [
      'nothing, when what workloadRef names is not there',
      { change: { pods: { replicaSets: [] } } },
      'aborted',
      FIRST_DEPLOY.slice(0, 1),
    ],
  ])('writes for %s', (_, given, outcome, writes) => {
    expect([planRollout(input(given)).outcome, written(given)]).toEqual([outcome, writes]);
  });

  test('has the pods of each step', () => {
    expect(planRollout(input({})).steps.map(({ what, canaryReplicas }) => [what, canaryReplicas])).toEqual([
      ['setWeight 30', 2],
      ['pause 1m', 2],
      ['setWeight 60', 3],
      ['pause until promoted', 3],
    ]);
  });

  test('shows the ReplicaSet whole, as it would be created', () => {
    const canary = { canaryMetadata: { labels: { role: 'canary' } } };
    const { writes } = planRollout(input({ replicaSets: [running(1, 'a')], canary, spec: { minReadySeconds: 9 } }));
    expect(writes.find(({ verb, kind }) => verb === 'POST' && kind === 'ReplicaSet')?.body).toMatchObject({
      metadata: { name: 'someapp-b', ownerReferences: [{ kind: 'Rollout', uid: 'uid-1', controller: true }] },
      spec: {
        minReadySeconds: 9,
        selector: { matchLabels: { app: 'someapp', [HASH]: 'b' } },
        template: {
          metadata: { labels: { app: 'someapp', role: 'canary', [HASH]: 'b' } },
          spec: { containers: [{ image: 'someapp:2' }] },
        },
      },
    });
  });

  test('takes pods away after the gateway has settled, and forgets what is beyond the history', () => {
    const replicaSets = [running(3, 'a'), aReplicaSet(2, 'old'), aReplicaSet(1, 'older')];
    const spec = { revisionHistoryLimit: 1 };
    const canary = { scaleDownDelaySeconds: 0 };
    const lines = written({ replicaSets, canary, spec });
    expect(lines).toContain('DELETE ReplicaSet someapp-older');
    expect(lines.slice(-2)).toEqual(['PATCH ReplicaSet someapp-a, replicas 0', 'DELETE ReplicaSet someapp-old']);
  });

  test('has the metadata of the roles on ReplicaSets and on pods that are there', () => {
    const canary = { canaryMetadata: { labels: { role: 'canary' } }, stableMetadata: { labels: { role: 'stable' } } };
    const lines = written({ replicaSets: [running(1, 'a')], canary });
    expect(lines).toContain('PATCH Pod <each pod of someapp-a>, in step 0');
    const { writes } = planRollout(input({ replicaSets: [running(1, 'a')], canary }));
    const last = writes.findLast(({ kind }) => kind === 'Pod');
    expect(last).toMatchObject({
      name: '<each pod of someapp-b>',
      body: { metadata: { labels: { role: 'stable' }, annotations: {} } },
    });
  });

  test('restarts pods that are older than wanted', () => {
    const spec = { restartAt: '2026-11-23T10:00:00Z' };
    const change = { nowMs: Date.parse('2026-11-23T10:00:01Z') };
    expect(written({ replicaSets: [running(1, 'a')], wanted: 'a', spec, change })).toContain(
      'POST Eviction <each pod that is older than 2026-11-23T10:00:00.000Z>',
    );
  });

  test('scales the Deployment down that the pods are taken over from', () => {
    const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'someapp', scaleDown: 'onsuccess' };
    const spec = { template: undefined, workloadRef };
    const source = {
      template: POD_SPEC.template as PodTemplate,
      selector: POD_SPEC.selector,
      referenced: { generation: 1, replicas: 4 },
    };
    const pods = { replicaSets: [], wanted: { source, podTemplateHash: 'b' } };
    expect(written({ spec, change: { pods } })).toEqual([...FIRST_DEPLOY, 'PATCH Deployment someapp, replicas 0']);
  });

  test('goes on over spec.paused, and says so', () => {
    const plan = planRollout(input({ replicaSets: [running(1, 'a')], spec: { paused: true } }));
    expect(plan.outcome).toBe('promoted');
    expect(plan.warnings).toEqual([{ path: 'spec.paused', message: expect.stringContaining('once it is false') }]);
  });

  test('skips the steps of a rollback within the window', () => {
    const dated = (day: number) => ({ creationTimestamp: `2026-11-0${day}T00:00:00Z` });
    const older = aReplicaSet(1, 'b');
    const replicaSets = [
      running(2, 'a', { ...aReplicaSet(2, 'a').metadata, ...dated(2) }),
      { ...older, metadata: { ...older.metadata, ...dated(1) } },
    ];
    const given = { replicaSets, spec: { rollbackWindow: { revisions: 2 } } };
    expect(planRollout(input(given)).outcome).toBe('rolledBack');
    expect(written(given).filter((line) => line.includes('weight'))).toEqual([
      `POST ${CANARY}, weight 0`,
      `PATCH ${CANARY}, weight 100`,
    ]);
  });

  test('leaves a person’s abort alone when other things than pods and steps change', () => {
    const plan = planRollout(input({ replicaSets: [running(1, 'a')] }));
    const status = {
      phase: 'Degraded',
      abort: true,
      observedGeneration: '1',
      currentPodHash: 'b',
      currentStepHash: stepsHash(input({}).spec.steps),
      conditions: [{ type: 'Progressing', reason: 'RolloutAborted' }],
    };
    const again = planRollout(input({ replicaSets: [running(1, 'a')], rollout: { generation: 2, status } }));
    expect([plan.outcome, again.outcome]).toEqual(['promoted', 'aborted']);
  });

  test.each<[string, Given, string[]]>([
    ['a Mapping that is missing', { change: { allMappings: [] } }, ['AmbassadorMappingNotFound']],
    ['a template that is missing', { change: { pods: { replicaSets: [] } } }, ['WorkloadNotFound']],
    ['nothing', {}, []],
  ])('names as a problem %s', (_, given, reasons) => {
    expect(planRollout(input(given)).problems.map(({ reason }) => reason)).toEqual(reasons);
  });
});
