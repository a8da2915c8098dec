import { POD_TEMPLATE_HASH_LABEL } from '../names.ts';
import type { PodTemplate } from './pods.ts';
import type { PodMetadata } from '../types.ts';
import { at, isRecord, listAt } from './unchecked.ts';

type Tree = Readonly<Record<string, unknown>>;

/**
 * The pod template of a ReplicaSet as its user wrote it: without the label of its revision, the metadata of its role
 * (`canaryMetadata`, `stableMetadata`) and the term that keeps it off the nodes of another revision (`antiAffinity`). What it
 * still has besides are the API server's defaults. Pure.
 *
 * @param role - what its role put on it, as the ReplicaSet notes it
 */
export function writtenTemplate(
  { metadata = {}, spec = {}, ...template }: PodTemplate,
  role: PodMetadata = {},
): PodTemplate {
  const { creationTimestamp: _never, labels, annotations, ...others } = metadata;
  return {
    ...template,
    metadata: {
      ...others,
      ...orNothing('labels', without(labels, [POD_TEMPLATE_HASH_LABEL, ...Object.keys(role.labels ?? {})])),
      ...orNothing('annotations', without(annotations, Object.keys(role.annotations ?? {}))),
    },
    spec: withoutTerm(spec),
  };
}

function without(map: Tree = {}, keys: readonly string[]): Tree {
  return Object.fromEntries(Object.entries(map).filter(([key]) => !keys.includes(key)));
}

/** A member that is left out when it is empty, as the API server leaves it out. */
function orNothing(name: string, tree: Tree): Tree {
  return Object.keys(tree).length === 0 ? {} : { [name]: tree };
}

const TERMS = 'DuringSchedulingIgnoredDuringExecution';

function withoutTerm({ affinity, ...spec }: Tree): Tree {
  if (!isRecord(affinity)) {
    return affinity === undefined ? spec : { ...spec, affinity };
  }
  const { podAntiAffinity = {}, ...others } = affinity;
  const terms = Object.entries(podAntiAffinity as Tree).flatMap(([field, list]): [string, unknown][] => {
    const left = Array.isArray(list) && field.endsWith(TERMS) ? list.filter((term) => !isOurs(term)) : list;
    return Array.isArray(left) && left.length === 0 ? [] : [[field, left]];
  });
  const rest = { ...others, ...orNothing('podAntiAffinity', Object.fromEntries(terms)) };
  return { ...spec, ...orNothing('affinity', rest) };
}

/** Nobody else writes a term about revisions; a preferred one is inside of what weighs it. */
function isOurs(term: unknown): boolean {
  const { podAffinityTerm = term } = term as { readonly podAffinityTerm?: unknown };
  const expressions = listAt(podAffinityTerm, 'labelSelector', 'matchExpressions');
  return expressions.length === 1 && at(expressions[0], 'key') === POD_TEMPLATE_HASH_LABEL;
}
