import { describe, expect, test } from '@jest/globals';
import { errorsOf, PODS, specWith } from './testing.ts';

const CANARY = 'spec.strategy.canary';
const HASH = 'rollouts-pod-template-hash';

/** A name, what the strategy has, and the one error that is due. */
type Case = [string, object, string, RegExp];

function refused(_name: string, canary: object, path: string, rule: RegExp): void {
  expect(errorsOf(specWith(canary, PODS))).toEqual([{ path, message: expect.stringMatching(rule) }]);
}

describe('given a strategy for pods', () => {
  test.each<Case>([
    ...[-1, 1.5, '5', '25 %', '-5%', null].map((maxUnavailable): Case => [
      `maxUnavailable ${JSON.stringify(maxUnavailable)}`,
      { maxUnavailable },
      `${CANARY}.maxUnavailable`,
      /pods as an integer.*or a percentage of spec.replicas/,
    ]),
    ['more than all unavailable', { maxUnavailable: '101%' }, `${CANARY}.maxUnavailable`, /at most "100%"/],
    ['a surge as text', { maxSurge: '2' }, `${CANARY}.maxSurge`, /percentage/],
    ['neither surge nor unavailable', { maxSurge: '0%', maxUnavailable: 0 }, `${CANARY}.maxSurge`, /must not be 0/],
    [
      'two ways to keep old pods',
      { dynamicStableScale: true, scaleDownDelaySeconds: 0 },
      `${CANARY}.dynamicStableScale`,
      /must not be true together with scaleDownDelaySeconds/,
    ],
    ['a delay as a duration', { scaleDownDelaySeconds: '30s' }, `${CANARY}.scaleDownDelaySeconds`, /whole seconds/],
    ['a delay below 0', { abortScaleDownDelaySeconds: -1 }, `${CANARY}.abortScaleDownDelaySeconds`, /from 0/],
    ['a limit below 0', { scaleDownDelayRevisionLimit: -1 }, `${CANARY}.scaleDownDelayRevisionLimit`, /from 0/],
    ['a floor below 0', { minPodsPerReplicaSet: -1 }, `${CANARY}.minPodsPerReplicaSet`, /from 0/],
    [
      'an unknown threshold',
      { replicaProgressThreshold: { type: 'Pod', value: 1 } },
      `${CANARY}.replicaProgressThreshold.type`,
      /Percent or Pods/,
    ],
    [
      'a threshold of nothing',
      { replicaProgressThreshold: { type: 'Pods', value: 0 } },
      `${CANARY}.replicaProgressThreshold.value`,
      /from 1/,
    ],
    [
      'a threshold over 100 %',
      { replicaProgressThreshold: { type: 'Percent', value: 101 } },
      `${CANARY}.replicaProgressThreshold.value`,
      /1 to 100/,
    ],
    ['no anti-affinity', { antiAffinity: {} }, `${CANARY}.antiAffinity`, /exactly one/],
    [
      'two anti-affinities',
      {
        antiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {},
          preferredDuringSchedulingIgnoredDuringExecution: { weight: 1 },
        },
      },
      `${CANARY}.antiAffinity`,
      /exactly one/,
    ],
    [
      'an anti-affinity of no weight',
      { antiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: { weight: 0 } } },
      `${CANARY}.antiAffinity.preferredDuringSchedulingIgnoredDuringExecution.weight`,
      /from 1 to 100/,
    ],
    [
      'a role label that is selected',
      { canaryMetadata: { labels: { app: 'someapp' } } },
      `${CANARY}.canaryMetadata.labels.app`,
      /must not be a label of spec.selector/,
    ],
    [
      'a role label that is the hash',
      { stableMetadata: { labels: { [HASH]: 'x' } } },
      `${CANARY}.stableMetadata.labels.${HASH}`,
      /leave it out/,
    ],
    [
      'a bad key of an annotation',
      { stableMetadata: { annotations: { 'a b': '' } } },
      `${CANARY}.stableMetadata.annotations["a b"]`,
      /key as Kubernetes/,
    ],
    ['metadata of another sort', { canaryMetadata: { name: 'x' } }, `${CANARY}.canaryMetadata.name`, /is not a field/],
  ])('when it has %s, then it is refused', refused);

  test.each<Case>([
    ['sizes the canary in two ways', { replicas: 1, weight: 10 }, '', /exactly one.*it has replicas and weight/],
    ['sizes the canary in none', {}, '', /exactly one of replicas, weight, matchTrafficWeight; it has none/],
    ['does not match the weight', { matchTrafficWeight: false }, '.matchTrafficWeight', /must be true/],
    ['has pods below 0', { replicas: -1 }, '.replicas', /from 0/],
    ['has a weight over 100', { weight: 101 }, '.weight', /from 0 to 100/],
  ])('when a setCanaryScale %s, then it is refused', (name, setCanaryScale, field, rule) => {
    refused(name, { steps: [{ setCanaryScale }] }, `${CANARY}.steps[0].setCanaryScale${field}`, rule);
  });
});

describe('given a setCanaryScale of no pods', () => {
  const none = { setCanaryScale: { replicas: 0 } };
  const noShare = { setCanaryScale: { weight: 0 } };

  test.each([
    [
      'a weight is set',
      [none, { setWeight: 10 }],
      ['steps[1].setWeight must be 0 while the setCanaryScale of steps[0]'],
    ],
    ['the share is 0', [{ pause: {} }, noShare, { setWeight: 10 }], ['steps[2].setWeight must be 0 while']],
    [
      'there is a weight already',
      [{ setWeight: 10 }, none],
      ['steps[1].setCanaryScale must leave a pod to the canary, which has 10 %'],
    ],
    [
      'it lasts',
      [none, { setWeight: 10 }, { pause: {} }, { setWeight: 20 }],
      ['steps[1].setWeight', 'steps[3].setWeight'],
    ],
  ])('when %s, then it is refused, because no pod would ever come', (_name, steps, expected) => {
    const errors = errorsOf(specWith({ steps }, PODS)).map(({ path, message }) => `${path} ${message}`);
    expect(errors).toEqual(expected.map((start) => expect.stringContaining(`${CANARY}.${start}`)));
  });

  test.each([
    ['the weight is 0', [none, { setWeight: 0 }, { pause: {} }]],
    ['pods come before the weight', [none, { setCanaryScale: { replicas: 1 } }, { setWeight: 10 }]],
    ['pods follow the weight again', [noShare, { setCanaryScale: { matchTrafficWeight: true } }, { setWeight: 10 }]],
    ['the weight went to 0 before', [{ setWeight: 10 }, { setWeight: 0 }, none]],
  ])('when %s, then it is taken', (_name, steps) => {
    expect(errorsOf(specWith({ steps }, PODS))).toEqual([]);
  });
});
