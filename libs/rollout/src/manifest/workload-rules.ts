import { MAX_INT32 } from './amount.ts';
import type { Finding } from './errors.ts';
import { selects, selectorText } from './pods.ts';
import { at, isRecord, listAt, stringsAt } from './unchecked.ts';
import { selector as selectorSchema } from './workload-schema.ts';

/** Argo's default. */
export const DEFAULT_PROGRESS_DEADLINE_SECONDS = 600;

const SPEC_FIELDS = [
  'replicas',
  'selector',
  'minReadySeconds',
  'revisionHistoryLimit',
  'progressDeadlineSeconds',
  'progressDeadlineAbort',
  'restartAt',
  'rollbackWindow',
];
const CANARY_FIELDS = [
  'maxSurge',
  'maxUnavailable',
  'minPodsPerReplicaSet',
  'replicaProgressThreshold',
  'dynamicStableScale',
  'scaleDownDelaySeconds',
  'scaleDownDelayRevisionLimit',
  'abortScaleDownDelaySeconds',
  'canaryMetadata',
  'stableMetadata',
  'antiAffinity',
];

/** What must hold between the fields that say which pods there are. */
export function workloadFindings(spec: unknown): Finding[] {
  const hasTemplate = at(spec, 'template') !== undefined;
  const hasRef = at(spec, 'workloadRef') !== undefined;
  if (!hasTemplate && !hasRef) {
    return withoutPods(spec);
  }
  const both = {
    path: ['workloadRef'],
    message: 'must be absent when there is a template: pods come from one of the two',
  };
  return [
    ...(hasTemplate && hasRef ? [both] : []),
    ...selectorFindings(spec, hasTemplate),
    ...roleMetadataFindings(spec),
    ...deadlineFindings(spec),
  ];
}

/** Traffic only: what is about pods would do nothing, and its author meant it to do something. */
function withoutPods(spec: unknown): Finding[] {
  const message =
    'needs pods, and both spec.template and spec.workloadRef are missing: give one of them, or leave this out';
  const present = (path: readonly string[]): Finding[] => (at(spec, ...path) === undefined ? [] : [{ path, message }]);
  const steps = listAt(spec, 'strategy', 'canary', 'steps').flatMap((step, index): Finding[] =>
    at(step, 'setCanaryScale') === undefined
      ? []
      : [{ path: ['strategy', 'canary', 'steps', index, 'setCanaryScale'], message }],
  );
  return [
    ...SPEC_FIELDS.flatMap((field) => present([field])),
    ...CANARY_FIELDS.flatMap((field) => present(['strategy', 'canary', field])),
    ...steps,
  ];
}

function selectorFindings(spec: unknown, hasTemplate: boolean): Finding[] {
  const selector = at(spec, 'selector');
  if (selector === undefined) {
    const why = hasTemplate
      ? 'with a template'
      : at(spec, 'workloadRef', 'kind') === 'PodTemplate'
        ? 'with a workloadRef to a PodTemplate, which has none of its own'
        : undefined;
    return why === undefined ? [] : [{ path: ['selector'], message: `is required ${why}: must be {matchLabels: …}` }];
  }
  const labels = at(spec, 'template', 'metadata', 'labels');
  const parsed = selectorSchema.safeParse(selector);
  return isRecord(labels) && parsed.success && !selects(parsed.data, stringsAt(labels))
    ? [
        {
          path: ['template', 'metadata', 'labels'],
          message: `must be selected by spec.selector (${selectorText(parsed.data)})`,
        },
      ]
    : [];
}

/** A pod whose selected label changes, or goes with its role, is no longer its ReplicaSet's. */
function roleMetadataFindings(spec: unknown): Finding[] {
  const selected = new Set(selectedKeys(at(spec, 'selector')));
  return ['canaryMetadata', 'stableMetadata'].flatMap((field) => {
    const path = ['strategy', 'canary', field, 'labels'];
    return Object.keys(stringsAt(spec, ...path))
      .filter((key) => selected.has(key))
      .map((key) => ({
        path: [...path, key],
        message: 'must not be a label of spec.selector: a pod that loses it leaves its ReplicaSet',
      }));
  });
}

function selectedKeys(selector: unknown): string[] {
  const expressions = listAt(selector, 'matchExpressions').map((expression) => at(expression, 'key'));
  return [...Object.keys(stringsAt(selector, 'matchLabels')), ...expressions.filter((key) => typeof key === 'string')];
}

/** As Argo has it. Out of range is for the schema to say. */
function deadlineFindings(spec: unknown): Finding[] {
  const ready = at(spec, 'minReadySeconds') ?? 0;
  const given = at(spec, 'progressDeadlineSeconds');
  const deadline = given ?? DEFAULT_PROGRESS_DEADLINE_SECONDS;
  if (!isSeconds(ready) || !isSeconds(deadline) || deadline > ready) {
    return [];
  }
  const by = given === undefined ? `is ${deadline} by default, and ` : '';
  return [{ path: ['progressDeadlineSeconds'], message: `${by}must be greater than minReadySeconds (${ready})` }];
}

function isSeconds(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_INT32;
}
