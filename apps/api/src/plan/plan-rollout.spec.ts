import { describe, expect, test } from '@jest/globals';
import { MAPPING_APIS } from '@weir/mapping';
import { parseSpec } from '@weir/rollout/manifest';
import { aManifest, aMapping, aRollout } from '../testing/builders.ts';
import type { PlanInput } from './plan-input.ts';
import { planRollout } from './plan-rollout.ts';

function specOf(canary: object) {
  const parsed = parseSpec(aManifest(canary)['spec']);
  if (!parsed.ok) {
    throw new Error(JSON.stringify(parsed.errors));
  }
  return parsed.spec;
}

function input(change: Partial<PlanInput> = {}, canary: object = {}): PlanInput {
  const service = (name: string, version: string) => ({
    metadata: { name },
    spec: { selector: { app: 'someapp', version } },
  });
  return {
    rollout: aRollout(),
    spec: specOf(canary),
    owner: { installation: 'uuid/weir', workflowId: 'rollout/local/default/someapp', runId: '?' },
    mappingApi: MAPPING_APIS[0],
    allMappings: [aMapping('stable-mapping')],
    stableService: service('someapp-stable', 'v1'),
    canaryService: service('someapp-canary', 'v2'),
    nowMs: 0,
    ...change,
  };
}

function written(plan: ReturnType<typeof planRollout>): string[] {
  return plan.writes.map(({ verb, kind, name, step, body }) => {
    const weight = (body as { spec?: { weight?: number } } | null)?.spec?.weight;
    return `${verb} ${kind} ${name}${weight === undefined ? '' : ` weight ${weight}`}${step === null ? '' : ` in step ${step}`}`;
  });
}

const CANARY = 'Mapping stable-mapping0-canary';

describe('the plan of a Rollout', () => {
  test('has every step with the weight before and after', () => {
    const rest = { canaryReplicas: null, durationSeconds: null };
    const shares = (canary: number) => [{ mapping: 'stable-mapping', canary, stable: 100 - canary }];
    expect(planRollout(input()).steps).toEqual([
      { ...rest, index: 0, what: 'setWeight 30', weightBefore: 0, weightAfter: 30, shares: shares(30) },
      {
        ...rest,
        index: 1,
        what: 'pause 1m',
        weightBefore: 30,
        weightAfter: 30,
        durationSeconds: 60,
        shares: shares(30),
      },
      { ...rest, index: 2, what: 'setWeight 60', weightBefore: 30, weightAfter: 60, shares: shares(60) },
      { ...rest, index: 3, what: 'pause until promoted', weightBefore: 60, weightAfter: 60, shares: shares(60) },
    ]);
  });

  const ABORTED_BY_HAND = [{ type: 'Progressing', reason: 'RolloutAborted' }];
  const WHOLE = [
    'APPLY Rollout someapp',
    'PATCH Rollout someapp',
    `POST ${CANARY} weight 0`,
    `PATCH ${CANARY} weight 30 in step 0`,
    `PATCH ${CANARY} weight 60 in step 2`,
    `PATCH ${CANARY} weight 100`,
    'PATCH Service someapp-stable',
    `DELETE ${CANARY}`,
    'PATCH Rollout someapp',
  ];

  test.each<[string, PlanInput, string, string[]]>([
    ['all the way', input(), 'promoted', WHOLE],
    [
      'without a finalizer when it is there already',
      input({ rollout: aRollout({ metadata: { finalizers: ['weir.dev/canary-mappings'] } }) }),
      'promoted',
      WHOLE.filter((_, index) => index !== 1),
    ],
    [
      'without a second write of the same weight',
      input({}, { steps: [{ setWeight: 100 }] }),
      'promoted',
      [...WHOLE.slice(0, 3), `PATCH ${CANARY} weight 100 in step 0`, ...WHOLE.slice(6)],
    ],
    ['without steps', input({}, { steps: [] }), 'promoted', [...WHOLE.slice(0, 3), ...WHOLE.slice(5)]],
    [
      'nothing when both Services select the same pods',
      input({ canaryService: input().stableService }),
      'nothingToDo',
      WHOLE.slice(0, 1),
    ],
    ['nothing after the Rollout when the Mapping is missing', input({ allMappings: [] }), 'aborted', WHOLE.slice(0, 1)],
    [
      'nothing when the revision was aborted before',
      input({
        rollout: aRollout({
          status: { abort: true, observedGeneration: '1', currentPodHash: revisionV2(), conditions: ABORTED_BY_HAND },
        }),
      }),
      'aborted',
      WHOLE.slice(0, 1),
    ],
  ])('writes %s', (_, given, outcome, writes) => {
    const plan = planRollout(given);
    expect([plan.outcome, written(plan)]).toEqual([outcome, writes]);
  });

  test('writes every Mapping in every step', () => {
    const two = input(
      { allMappings: [aMapping('stable-mapping'), aMapping('second', { prefix: '/second/' })] },
      { trafficRouting: { ambassador: { mappings: ['stable-mapping', 'second'] } }, steps: [{ setWeight: 5 }] },
    );
    expect(written(planRollout(two)).filter((write) => write.includes('second'))).toEqual([
      'POST Mapping second0-canary weight 0',
      'PATCH Mapping second0-canary weight 5 in step 0',
      'PATCH Mapping second0-canary weight 100',
      'DELETE Mapping second0-canary',
    ]);
  });

  test('shows the canary Mapping whole, as it would be created', () => {
    const post = planRollout(input()).writes.find(({ verb }) => verb === 'POST');
    expect(post?.body).toMatchObject({
      apiVersion: 'getambassador.io/v3alpha1',
      kind: 'Mapping',
      metadata: { name: 'stable-mapping0-canary', namespace: 'default', labels: { team: 'shop' } },
      spec: { prefix: '/someapp/', service: 'someapp-canary:80', weight: 0 },
    });
  });

  test.each<[string, Partial<PlanInput>, string[]]>([
    ['a Mapping that is missing', { allMappings: [] }, ['AmbassadorMappingNotFound']],
    ['a Service that is missing', { canaryService: undefined }, ['ServiceNotFound']],
    [
      'a Service without a selector',
      { canaryService: { metadata: { name: 'x' }, spec: {} } },
      ['ServiceWithoutSelector'],
    ],
    ['a cluster without Mappings', { mappingApi: undefined }, ['ApiNotServed']],
    [
      'a Mapping that has a weight',
      { allMappings: [aMapping('stable-mapping', { weight: 10 })] },
      ['AmbassadorMappingConfigError'],
    ],
    [
      'a canary Mapping of somebody else',
      { allMappings: [aMapping('stable-mapping'), aMapping('stable-mapping0-canary')] },
      ['CanaryMappingNotOurs'],
    ],
  ])('names as a problem %s', (_, change, reasons) => {
    expect(planRollout(input(change)).problems.map(({ reason }) => reason)).toEqual(reasons);
  });
});

describe('the shares of a plan', () => {
  const OTHER = aMapping('other', { service: 'other:80', weight: 50 });
  const VIP = { hostname: 'x', mappingSelector: { matchLabels: { team: 'shop' } } };
  const hosts = [{ metadata: { name: 'vip' }, spec: VIP }];

  test.each<[string, Partial<PlanInput>, object[]]>([
    [
      'are what the gateway makes of other Mappings on the route: those come first, and the rest gets nothing',
      { allMappings: [aMapping('stable-mapping'), OTHER] },
      [{ mapping: 'stable-mapping', canary: 50, stable: 0 }],
    ],
    [
      'are by the labels of the Hosts, where no Mapping names a host',
      { hosts, allMappings: [aMapping('stable-mapping')] },
      [{ mapping: 'stable-mapping', canary: 60, stable: 40 }],
    ],
    ['are not there without the stable Mapping', { allMappings: [] }, []],
    [
      'are not there where its service cannot be read',
      { allMappings: [aMapping('stable-mapping', { service: '::' })] },
      [],
    ],
    ['are not there in a cluster without Mappings', { mappingApi: undefined }, []],
  ])('%s', (_, change, shares) => {
    expect(planRollout(input(change)).steps[2]?.shares).toEqual(shares);
  });
});

describe('a plan beside a canary Mapping that an Argo controller left', () => {
  const LEFT = aMapping('stable-mapping-canary', { service: 'someapp-canary:80', weight: 30 });
  const allMappings = [aMapping('stable-mapping'), LEFT];

  test('names it as a problem', () => {
    const { outcome, problems } = planRollout(input({ allMappings }));
    expect([outcome, problems.map(({ reason }) => reason)]).toEqual(['aborted', ['ArgoCanaryMappingLeft']]);
  });

  test('takes it over before anything else when that is wanted, and then has the route to itself', () => {
    const plan = planRollout(input({ allMappings, spec: { ...input().spec, adopt: true } }));
    expect([plan.outcome, plan.problems]).toEqual(['promoted', []]);
    expect(written(plan).slice(0, 4)).toEqual([
      'APPLY Rollout someapp',
      'PATCH Mapping stable-mapping-canary weight 0',
      'DELETE Mapping stable-mapping-canary',
      'PATCH Rollout someapp',
    ]);
    expect(plan.steps[0]?.shares).toEqual([{ mapping: 'stable-mapping', canary: 30, stable: 70 }]);
  });
});

function revisionV2(): string {
  const plan = planRollout(input());
  return /revision (\w+)/.exec(plan.message)?.[1] ?? '';
}
