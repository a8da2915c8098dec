import { describe, expect, test } from '@jest/globals';
import { errorsOf, PODS, podTemplate, REFERENCE, specWith } from './testing.ts';

const HASH = 'rollouts-pod-template-hash';

/** A name, what the spec has beside pods, and the one error that is due. */
type Case = [string, object, string, RegExp];

function refuses(specOf: (given: object) => object): (name: string, given: object, path: string, rule: RegExp) => void {
  return (_name, given, path, rule) => {
    expect(errorsOf(specOf(given))).toEqual([{ path, message: expect.stringMatching(rule) }]);
  };
}

describe('given a Rollout with a pod template', () => {
  const refused = refuses((given) => specWith({}, { ...PODS, ...given }));

  test.each<Case>([
    ['replicas below 0', { replicas: -1 }, 'spec.replicas', /pods, an integer from 0 to 2147483647/],
    ['half a pod', { replicas: 1.5 }, 'spec.replicas', /integer/],
    ['replicas past an int32', { replicas: 2 ** 31 }, 'spec.replicas', /2147483647/],
    ['replicas as text', { replicas: '3' }, 'spec.replicas', /integer/],
    ['minReadySeconds as a duration', { minReadySeconds: '10s' }, 'spec.minReadySeconds', /whole seconds/],
    ['a history limit below 0', { revisionHistoryLimit: -1 }, 'spec.revisionHistoryLimit', /from 0/],
    ['paused as text', { paused: 'yes' }, 'spec.paused', /true or false/],
    ['progressDeadlineAbort as text', { progressDeadlineAbort: 'no' }, 'spec.progressDeadlineAbort', /true or false/],
    [
      'a deadline that comes before a pod can be available',
      { progressDeadlineSeconds: 30, minReadySeconds: 30 },
      'spec.progressDeadlineSeconds',
      /^must be greater than minReadySeconds \(30\)$/,
    ],
    [
      'a default deadline that does',
      { minReadySeconds: 600 },
      'spec.progressDeadlineSeconds',
      /^is 600 by default, and must be greater than minReadySeconds \(600\)$/,
    ],
    ...['now', '2026-11-02', '2026-11-02 15:04:05Z', '2026-11-02T15:04Z', '2026-02-30T00:00:00Z', 5].map(
      (restartAt): Case => [`a restart at ${restartAt}`, { restartAt }, 'spec.restartAt', /RFC 3339/],
    ),
    ['a rollback window without a size', { rollbackWindow: {} }, 'spec.rollbackWindow.revisions', /is required/],
    ['a rollback window below 0', { rollbackWindow: { revisions: -1 } }, 'spec.rollbackWindow.revisions', /from 0/],
    ['a workloadRef too', REFERENCE, 'spec.workloadRef', /must be absent when there is a template/],
  ])('when it has %s, then it is refused', refused);

  test.each<Case>([
    ['is no object', { template: 'nginx' }, 'spec.template', /\{metadata, spec\}/],
    ['has no metadata', { template: { spec: podTemplate().spec } }, 'spec.template.metadata', /is required.*labels/],
    ['has no labels', { template: { ...podTemplate(), metadata: {} } }, 'spec.template.metadata.labels', /is required/],
    [
      'has no spec',
      { template: { metadata: podTemplate().metadata } },
      'spec.template.spec',
      /is required.*containers/,
    ],
    [
      'has no containers',
      { template: podTemplate({ pod: { containers: undefined } }) },
      'spec.template.spec.containers',
      /is required/,
    ],
    [
      'has an empty list of containers',
      { template: podTemplate({ pod: { containers: [] } }) },
      'spec.template.spec.containers',
      /at least one/,
    ],
    [
      'has a container without an image',
      { template: podTemplate({ pod: { containers: [{ name: 'a' }] } }) },
      'spec.template.spec.containers[0].image',
      /is required: must be the image/,
    ],
    [
      'has a container with an empty name',
      { template: podTemplate({ pod: { containers: [{ name: '', image: 'a' }] } }) },
      'spec.template.spec.containers[0].name',
      /must not be empty/,
    ],
    [
      'ends',
      { template: podTemplate({ pod: { restartPolicy: 'Never' } }) },
      'spec.template.spec.restartPolicy',
      /must be Always/,
    ],
    [
      'is not selected',
      { template: podTemplate({ labels: { app: 'other' } }) },
      'spec.template.metadata.labels',
      /must be selected by spec.selector \(app=someapp\)/,
    ],
    [
      'carries the hash of a revision',
      { template: podTemplate({ labels: { app: 'someapp', [HASH]: 'x' } }) },
      `spec.template.metadata.labels.${HASH}`,
      /leave it out/,
    ],
    [
      'has a label that Kubernetes would refuse',
      { template: podTemplate({ labels: { app: 'someapp', tier: '-' } }) },
      'spec.template.metadata.labels.tier',
      /beginning and ending/,
    ],
  ])('when the template %s, then it is refused', refused);

  test.each<Case>([
    ['is absent', { selector: undefined }, 'spec.selector', /is required with a template/],
    ['is empty', { selector: {} }, 'spec.selector', /must have matchLabels or matchExpressions/],
    ['has only empty parts', { selector: { matchLabels: {}, matchExpressions: [] } }, 'spec.selector', /must have/],
    ['is a map of labels', { selector: { app: 'someapp' } }, 'spec.selector.app', /is not a field/],
    [
      'names the hash of a revision',
      { selector: { matchLabels: { [HASH]: 'x' } } },
      `spec.selector.matchLabels.${HASH}`,
      /leave it out/,
    ],
    [
      'names it in an expression',
      { selector: { matchExpressions: [{ key: HASH, operator: 'Exists' }] } },
      'spec.selector.matchExpressions[0].key',
      /leave it out/,
    ],
    [
      'has a bad key',
      { selector: { matchLabels: { 'a b': 'c' } } },
      'spec.selector.matchLabels["a b"]',
      /key as Kubernetes takes it/,
    ],
    [
      'has a bad prefix',
      { selector: { matchLabels: { 'A/b': 'c' } } },
      'spec.selector.matchLabels["A/b"]',
      /key as Kubernetes takes it/,
    ],
    [
      'has an unknown operator',
      { selector: { matchExpressions: [{ key: 'app', operator: 'Gt', values: ['1'] }] } },
      'spec.selector.matchExpressions[0].operator',
      /one of In, NotIn, Exists, DoesNotExist/,
    ],
    [
      'compares with nothing',
      { selector: { matchExpressions: [{ key: 'app', operator: 'In' }] } },
      'spec.selector.matchExpressions[0].values',
      /must have at least one value with operator In/,
    ],
    [
      'compares where there is nothing to compare',
      { selector: { matchExpressions: [{ key: 'app', operator: 'Exists', values: ['a'] }] } },
      'spec.selector.matchExpressions[0].values',
      /must be absent with operator Exists/,
    ],
  ])('when the selector %s, then it is refused', refused);
});

describe('given a Rollout with a workloadRef', () => {
  const refused = refuses((given) => {
    const { selector, ...ref } = given as { selector?: object };
    return specWith({}, { workloadRef: { ...REFERENCE.workloadRef, ...ref }, ...(selector && { selector }) });
  });

  test.each<Case>([
    [
      'a kind without a pod template',
      { kind: 'Service' },
      'spec.workloadRef.kind',
      /one of Deployment, ReplicaSet, PodTemplate/,
    ],
    ['no kind', { kind: undefined }, 'spec.workloadRef.kind', /is required/],
    ['no name', { name: undefined }, 'spec.workloadRef.name', /is required/],
    ['a bad name', { name: 'A_b' }, 'spec.workloadRef.name', /DNS subdomain/],
    [
      'an API version of old',
      { apiVersion: 'extensions/v1beta1' },
      'spec.workloadRef.apiVersion',
      /must be apps\/v1, or v1/,
    ],
    [
      'the API version of another kind',
      { apiVersion: 'v1' },
      'spec.workloadRef.apiVersion',
      /must be apps\/v1 for a Deployment/,
    ],
    [
      'an unknown scaleDown',
      { scaleDown: 'onSuccess' },
      'spec.workloadRef.scaleDown',
      /one of never, onsuccess, progressively/,
    ],
    [
      'a scaleDown of what cannot be scaled down',
      { kind: 'ReplicaSet', scaleDown: 'onsuccess' },
      'spec.workloadRef.scaleDown',
      /only a Deployment is scaled down, not a ReplicaSet/,
    ],
    [
      'a PodTemplate and no selector',
      { apiVersion: 'v1', kind: 'PodTemplate' },
      'spec.selector',
      /is required with a workloadRef to a PodTemplate/,
    ],
    ['an empty selector', { selector: {} }, 'spec.selector', /must have matchLabels/],
  ])('when it has %s, then it is refused', refused);
});
