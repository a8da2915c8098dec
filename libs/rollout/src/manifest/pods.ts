import { at, isRecord } from './unchecked.ts';

type StringMap = Readonly<Record<string, string>>;

/** A pod template as it is stored. Only what Weir looks at has a type; the API server knows the rest. */
export interface PodTemplate {
  readonly metadata?: {
    readonly labels?: StringMap;
    readonly annotations?: StringMap;
    readonly [field: string]: unknown;
  };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

export interface LabelSelectorRequirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: readonly string[];
}

/** Kubernetes' LabelSelector: all of it must hold. */
export interface LabelSelector {
  readonly matchLabels?: StringMap;
  readonly matchExpressions?: readonly LabelSelectorRequirement[];
}

/**
 * The pod template of a Rollout whose spec has passed validation: its own, else that of the object that `workloadRef` names.
 *
 * @param referenced the Deployment, ReplicaSet or PodTemplate as it was read; absent when there is none
 * @returns undefined for traffic only, and while the referenced object is missing
 */
export function templateOf(spec: unknown, referenced?: unknown): PodTemplate | undefined {
  // A PodTemplate has its template at the top.
  const template = at(spec, 'template') ?? at(referenced, 'spec', 'template') ?? at(referenced, 'template');
  return isRecord(template) ? template : undefined;
}

/** `spec.selector`, else that of the referenced object, as Argo takes it (a PodTemplate has none). */
export function selectorOf(spec: unknown, referenced?: unknown): LabelSelector | undefined {
  const selector = at(spec, 'selector') ?? at(referenced, 'spec', 'selector');
  return isRecord(selector) ? selector : undefined;
}

/**
 * A selector as the scale subresource has it in `status.selector`, and as the API server takes it in `labelSelector`:
 * `app=someapp,tier in (a,b)`. Sorted, so that equal selectors are equal texts.
 */
export function selectorText({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const labels = Object.entries(matchLabels).map(([key, value]) => ({ key, text: `${key}=${value}` }));
  const expressions = matchExpressions.map((requirement) => ({
    key: requirement.key,
    text: requirementText(requirement),
  }));
  return [...labels, ...expressions]
    .sort((a, b) => compare(a.key, b.key) || compare(a.text, b.text))
    .map(({ text }) => text)
    .join(',');
}

/** Whether pods with these labels are selected. */
export function selects({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: StringMap): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every((requirement) => holds(requirement, labels[requirement.key]))
  );
}

function requirementText({ key, operator, values = [] }: LabelSelectorRequirement): string {
  const list = `(${[...values].sort(compare).join(',')})`;
  switch (operator) {
    case 'In':
      return `${key} in ${list}`;
    case 'NotIn':
      return `${key} notin ${list}`;
    case 'Exists':
      return key;
    case 'DoesNotExist':
      return `!${key}`;
  }
}

/** Kubernetes' meaning: a pod without the label is `NotIn` whatever is listed. */
function holds({ operator, values = [] }: LabelSelectorRequirement, label: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return label !== undefined && values.includes(label);
    case 'NotIn':
      return label === undefined || !values.includes(label);
    case 'Exists':
      return label !== undefined;
    case 'DoesNotExist':
      return label === undefined;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
