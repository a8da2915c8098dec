import { shortHash } from './hash.ts';

/** A Service's label selector. */
export type Selector = Readonly<Record<string, string>>;

/**
 * Traffic only: the revision is what the canary Service selects. The hash does not depend on the order of the labels.
 */
export function revisionOf(selector: Selector): string {
  return shortHash(JSON.stringify(sorted(selector)));
}

export function sameSelector(a: Selector, b: Selector): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(selector: Selector): [string, string][] {
  return Object.entries(selector).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
