import { PODS, ROLLOUTS, type KubernetesObject, type Resource } from '@weir/kubernetes';
import { POD_TEMPLATE_HASH_LABEL, RUN_ANNOTATION } from '@weir/rollout';
import type { Application } from '../support/application.ts';
import { MAPPINGS, REPLICA_SETS, SERVICES } from '../support/objects.ts';

/** The objects of a namespace as one flat record: `Service someapp-stable.spec.selector.app` → `someapp`. */
export type Objects = Readonly<Record<string, unknown>>;

/** Which objects are compared. Kubernetes Events are not: a fault may be told of. */
const KINDS: readonly (readonly [string, Resource])[] = [
  ['Rollout', ROLLOUTS],
  ['Mapping', MAPPINGS],
  ['Service', SERVICES],
  ['ReplicaSet', REPLICA_SETS],
];

/**
 * Fields that two undisturbed runs do not have in common, by the last part of their path. docs/reliability.md lists them with
 * the reason of each.
 */
const LEFT_OUT: ReadonlySet<string> = new Set([
  ...['uid', 'resourceVersion', 'creationTimestamp', 'managedFields'],
  ...['clusterIP', 'clusterIPs'],
]);
/** How often a ReplicaSet was scaled is no part of where it ends; of a Rollout and of a Mapping it is. */
const LEFT_OUT_OF_REPLICA_SETS: ReadonlySet<string> = new Set(['generation', 'observedGeneration']);

/** Larger numbers are milliseconds since 1970: this one was in 2001. */
const EPOCH_MS = 1e12;
const REPLACED: readonly (readonly [RegExp, string])[] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uid>'],
  [/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z/g, '<time>'],
];

export async function finalObjects(app: Application): Promise<Objects> {
  const kinds = await Promise.all(KINDS.map(async ([kind, resource]) => ({ kind, items: await app.list(resource) })));
  return normalised(kinds, await app.list(PODS, POD_TEMPLATE_HASH_LABEL), app.namespace);
}

interface ObjectsOfKind {
  readonly kind: string;
  readonly items: readonly KubernetesObject[];
}

/**
 * What is compared of the objects of a namespace.
 *
 * @param pods - of revisions: only how many there are of each
 */
export function normalised(
  kinds: readonly ObjectsOfKind[],
  pods: readonly KubernetesObject[],
  namespace: string,
): Objects {
  const leaves = kinds.flatMap(({ kind, items }) =>
    items.flatMap((item) => flat(`${kind} ${item.metadata.name}`, item)),
  );
  const counts = Map.groupBy(pods.filter(isStaying), ({ metadata }) => metadata.labels?.[POD_TEMPLATE_HASH_LABEL]);
  return Object.fromEntries([
    ...leaves.map(([path, value]) => [path, normal(value, namespace)]),
    ...[...counts].map(([hash, some]) => [`Pods of ${hash}`, some.length]),
  ]) as Objects;
}

/** Without what the last run noted on the Rollout about itself; its status stays. */
export function withoutRunNote(objects: Objects): Objects {
  return Object.fromEntries(Object.entries(objects).filter(([path]) => !path.includes(`.${RUN_ANNOTATION}.`)));
}

/** Sentences about what is not the same. */
export function differences(expected: Objects, actual: Objects): string[] {
  const paths = [...new Set([...Object.keys(expected), ...Object.keys(actual)])].toSorted();
  return paths
    .filter((path) => expected[path] !== actual[path])
    .map((path) => `${path} is ${JSON.stringify(actual[path])} instead of ${JSON.stringify(expected[path])}`);
}

function isStaying({ metadata }: KubernetesObject): boolean {
  return metadata.deletionTimestamp === undefined;
}

/** Leaves by path, of annotations that hold JSON too. */
function flat(path: string, value: unknown): (readonly [string, unknown])[] {
  const found = typeof value === 'string' && value.startsWith('{') ? (JSON.parse(value) as object) : value;
  if (typeof found !== 'object' || found === null) {
    return [[path, found]];
  }
  const entries = Array.isArray(found)
    ? found.map((one, index) => [keyOf(one, index), one] as const)
    : Object.entries(found);
  return entries.filter(([key]) => !isLeftOut(path, key)).flatMap(([key, one]) => flat(`${path}.${key}`, one));
}

/** Conditions, containers and ports have no order of their own. */
function keyOf(item: unknown, index: number): string {
  const { type, name } = (item ?? {}) as { readonly type?: string; readonly name?: string };
  return type ?? name ?? String(index);
}

function isLeftOut(path: string, key: string): boolean {
  return LEFT_OUT.has(key) || (path.startsWith('ReplicaSet ') && LEFT_OUT_OF_REPLICA_SETS.has(key));
}

function normal(value: unknown, namespace: string): unknown {
  if (typeof value === 'number') {
    return value > EPOCH_MS ? '<time>' : value;
  }
  return typeof value === 'string'
    ? REPLACED.reduce((text, [what, by]) => text.replaceAll(what, by), value.replaceAll(namespace, '<namespace>'))
    : value;
}
