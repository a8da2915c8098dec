import { describe, expect, test } from '@jest/globals';
import type { WorkloadSpec } from '../types.ts';
import { parseSpec } from './parse.ts';
import { errorsOf, PODS, podTemplate, REFERENCE, specWith } from './testing.ts';

const CANARY = 'spec.strategy.canary';

function workloadOf(spec: object, annotations?: Record<string, string>): WorkloadSpec | undefined {
  const parsed = parseSpec(spec, annotations);
  if (!parsed.ok) {
    throw new Error(parsed.errors.map(({ path, message }) => `${path} ${message}`).join('; '));
  }
  return parsed.spec.workload;
}

const DEFAULTS: WorkloadSpec = {
  replicas: 1,
  progressDeadlineSeconds: 600,
  progressDeadlineAbort: false,
  revisionHistoryLimit: 10,
  minPodsPerReplicaSet: 1,
  dynamicStableScale: false,
  maxUnavailable: { percent: 25 },
  scaleDownDelaySeconds: 30,
  abortScaleDownDelaySeconds: 30,
  gatewaySettleSeconds: 5,
};

describe('given a Rollout with a pod template', () => {
  test('when it says no more, then every default is filled in', () => {
    expect(workloadOf(specWith({}, PODS))).toEqual(DEFAULTS);
  });

  test.each<[string, object, object, Partial<WorkloadSpec>]>([
    ['replicas', {}, { replicas: 0 }, { replicas: 0 }],
    ['a deadline', {}, { progressDeadlineSeconds: 60 }, { progressDeadlineSeconds: 60 }],
    ['an abort at the deadline', {}, { progressDeadlineAbort: true }, { progressDeadlineAbort: true }],
    ['a history limit', {}, { revisionHistoryLimit: 0 }, { revisionHistoryLimit: 0 }],
    ['a restart', {}, { restartAt: '2026-11-02T15:04:05Z' }, { restartAtMs: Date.UTC(2026, 10, 2, 15, 4, 5) }],
    [
      'a restart elsewhere',
      {},
      { restartAt: '2026-11-02T17:04:05+02:00' },
      { restartAtMs: Date.UTC(2026, 10, 2, 15, 4, 5) },
    ],
    ['a rollback window', {}, { rollbackWindow: { revisions: 3 } }, { rollbackWindowRevisions: 3 }],
    ['a floor of pods', { minPodsPerReplicaSet: 2 }, {}, { minPodsPerReplicaSet: 2 }],
    [
      'enough pods',
      { replicaProgressThreshold: { type: 'Pods', value: 3 } },
      {},
      { replicaProgressThreshold: { pods: 3 } },
    ],
    [
      'enough percent',
      { replicaProgressThreshold: { type: 'Percent', value: 90 } },
      {},
      { replicaProgressThreshold: { percent: 90 } },
    ],
    ['a delay after a promotion', { scaleDownDelaySeconds: 0 }, {}, { scaleDownDelaySeconds: 0 }],
    ['a limit of old revisions', { scaleDownDelayRevisionLimit: 0 }, {}, { scaleDownDelayRevisionLimit: 0 }],
    ['a delay after an abort', { abortScaleDownDelaySeconds: 0 }, {}, { abortScaleDownDelaySeconds: 0 }],
    [
      'a delay after an abort while stable scales with the weight',
      { dynamicStableScale: true, abortScaleDownDelaySeconds: 45 },
      {},
      { dynamicStableScale: true, abortScaleDownDelaySeconds: 45 },
    ],
    ['pods that may be missing', { maxUnavailable: 2 }, {}, { maxUnavailable: { pods: 2 } }],
    ['a share that may be missing', { maxUnavailable: '100%' }, {}, { maxUnavailable: { percent: 100 } }],
    ['a surge, which changes nothing', { maxSurge: '150%', maxUnavailable: 0 }, {}, { maxUnavailable: { pods: 0 } }],
    [
      'metadata of its roles',
      { canaryMetadata: { labels: { role: 'canary' } }, stableMetadata: { annotations: { 'a.b/c': 'any text' } } },
      {},
      { canaryMetadata: { labels: { role: 'canary' } }, stableMetadata: { annotations: { 'a.b/c': 'any text' } } },
    ],
    [
      'an anti-affinity that must hold',
      { antiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: {} } },
      {},
      { antiAffinity: { kind: 'required' } },
    ],
    [
      'an anti-affinity that should hold',
      { antiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: { weight: 50 } } },
      {},
      { antiAffinity: { kind: 'preferred', weight: 50 } },
    ],
  ])('when it has %s, then a run is told so', (_name, canary, spec, expected) => {
    expect(workloadOf(specWith(canary, { ...PODS, ...spec }))).toEqual({ ...DEFAULTS, ...expected });
  });

  test('when stable scales with the weight and no delay after an abort is set, then none is made up', () => {
    expect(workloadOf(specWith({ dynamicStableScale: true }, PODS))).not.toHaveProperty('abortScaleDownDelaySeconds');
  });

  test('when an annotation says for how long pods outlive a Mapping write, then a run is told so', () => {
    const annotations = { 'weir.dev/gateway-settle-seconds': '0' };
    expect(workloadOf(specWith({}, PODS), annotations)).toEqual({ ...DEFAULTS, gatewaySettleSeconds: 0 });
  });

  test('when it is held by its manifest, then that is no part of the workload', () => {
    const parsed = parseSpec(specWith({}, { ...PODS, paused: true }));
    expect(parsed.ok && parsed.spec).toMatchObject({ paused: true, workload: DEFAULTS });
  });

  test('when the template has fields that Weir does not know, then they are left to the API server', () => {
    const template = podTemplate({
      pod: { restartPolicy: 'Always', priorityClassName: 'high', volumes: [{ name: 'x' }] },
    });
    const metadata = { ...template.metadata, creationTimestamp: null };
    expect(errorsOf(specWith({}, { ...PODS, template: { ...template, metadata } }))).toEqual([]);
  });
});

describe('given a Rollout with a workloadRef', () => {
  test.each<[string, string, object | undefined, WorkloadSpec['ref']]>([
    ['apps/v1', 'Deployment', undefined, { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a', scaleDown: 'never' }],
    ['apps/v1', 'ReplicaSet', undefined, { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'a', scaleDown: 'never' }],
    ['v1', 'PodTemplate', PODS.selector, { apiVersion: 'v1', kind: 'PodTemplate', name: 'a', scaleDown: 'never' }],
  ])('when it names a %s %s, then a run is told so', (apiVersion, kind, selector, ref) => {
    const spec = specWith({}, { workloadRef: { apiVersion, kind, name: 'a' }, ...(selector && { selector }) });
    expect(workloadOf(spec)).toEqual({ ...DEFAULTS, ref });
  });

  test.each(['never', 'onsuccess', 'progressively'] as const)(
    'when scaleDown is %s, then a run is told so',
    (scaleDown) => {
      const spec = specWith({}, { workloadRef: { ...REFERENCE.workloadRef, scaleDown } });
      expect(workloadOf(spec)?.ref?.scaleDown).toBe(scaleDown);
    },
  );

  test('when it has a selector of its own, then that is taken', () => {
    expect(errorsOf(specWith({}, { ...REFERENCE, selector: PODS.selector }))).toEqual([]);
  });
});

describe('given steps that size the canary', () => {
  test.each([
    [{ replicas: 0 }, { kind: 'setCanaryScale', replicas: 0 }],
    [{ weight: 25 }, { kind: 'setCanaryScale', weight: 25 }],
    [{ matchTrafficWeight: true }, { kind: 'setCanaryScale', matchTrafficWeight: true }],
  ])('when one is %j, then a run is told so', (setCanaryScale, step) => {
    const parsed = parseSpec(specWith({ steps: [{ setCanaryScale }] }, PODS));
    expect(parsed.ok && parsed.spec.steps).toEqual([step]);
  });
});

describe('given a Rollout without pods, which moves traffic only', () => {
  const MISSING =
    'needs pods, and both spec.template and spec.workloadRef are missing: give one of them, or leave this out';

  test.each([
    ['replicas', 3],
    ['selector', PODS.selector],
    ['minReadySeconds', 0],
    ['revisionHistoryLimit', 10],
    ['progressDeadlineSeconds', 600],
    ['progressDeadlineAbort', false],
    ['restartAt', '2026-11-02T15:04:05Z'],
    ['rollbackWindow', { revisions: 3 }],
  ])('when it has %s, then it is told what is missing', (field, value) => {
    expect(errorsOf(specWith({}, { [field]: value }))).toEqual([{ path: `spec.${field}`, message: MISSING }]);
  });

  test.each([
    ['maxSurge', '25%'],
    ['maxUnavailable', 1],
    ['minPodsPerReplicaSet', 1],
    ['replicaProgressThreshold', { type: 'Pods', value: 1 }],
    ['dynamicStableScale', false],
    ['scaleDownDelaySeconds', 30],
    ['scaleDownDelayRevisionLimit', 1],
    ['abortScaleDownDelaySeconds', 30],
    ['canaryMetadata', {}],
    ['stableMetadata', {}],
    ['antiAffinity', { requiredDuringSchedulingIgnoredDuringExecution: {} }],
  ])('when its strategy has %s, then it is told what is missing', (field, value) => {
    expect(errorsOf(specWith({ [field]: value }))).toEqual([{ path: `${CANARY}.${field}`, message: MISSING }]);
  });

  test('when a step sizes the canary, then it is told what is missing', () => {
    const steps = [{ setWeight: 10 }, { setCanaryScale: { replicas: 2 } }];
    expect(errorsOf(specWith({ steps }))).toEqual([{ path: `${CANARY}.steps[1].setCanaryScale`, message: MISSING }]);
  });
});
