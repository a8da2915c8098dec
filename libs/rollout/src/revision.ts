import { shortHash } from './hash.ts';

/** A Service's label selector. */
export type Selector = Readonly<Record<string, string>>;

/**
 * Traffic only: the revision is what the canary Service selects. The hash does not depend on the order of the labels.
 */
export function revisionOf(selector: Selector): string {
  return shortHash(JSON.stringify(sorted(selector)));
}

/**
 * The revision that a pod template is: its hash, whatever the order of its keys. An Argo controller hashes otherwise; where it
 * made a ReplicaSet for the same template, the label of that one counts.
 */
export function podTemplateHash(template: unknown): string {
  return shortHash(canonical(template));
}

/** JSON with the keys of every object in order. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

export function sameSelector(a: Selector, b: Selector): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(selector: Selector): [string, string][] {
  return Object.entries(selector).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
