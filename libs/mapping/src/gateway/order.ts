import type { ReadMapping } from './read-mapping.ts';
import type { ValueMatch } from './types.ts';

/**
 * The order in which Mappings are processed: by `<name>.<namespace>.1`. So `app-canary` comes before `app`, and
 * `app0-canary` after it (facts/mapping.md 1b).
 */
export function inProcessingOrder(mappings: readonly ReadMapping[]): ReadMapping[] {
  return mappings.toSorted((a, b) => (a.rkey < b.rkey ? -1 : a.rkey > b.rkey ? 1 : 0));
}

/**
 * The order in which requests are matched: higher precedence first, then the longer prefix, the longer header matches, the
 * longer query parameters; then the later by name, so that the order is always the same.
 *
 * @param groups - in processing order
 */
export function inMatchingOrder<T extends { readonly first: ReadMapping }>(groups: readonly T[]): T[] {
  return groups
    .map((group) => ({ group, rank: rankOf(group.first) }))
    .toSorted((a, b) => compare(a.rank, b.rank))
    .toReversed()
    .map(({ group }) => group);
}

type Rank = readonly (string | number)[];

function rankOf({ precedence, match: { path, headers, query } }: ReadMapping): Rank {
  return [
    precedence,
    path.length,
    lengthOf(headers),
    lengthOf(query),
    path,
    ...[...headers, ...query].map(({ name, value = '*' }) => `${name}-${value}`),
  ];
}

function lengthOf(matches: readonly ValueMatch[]): number {
  return matches.reduce((sum, { name, value = '*', regex }) => sum + name.length + value.length + (regex ? 1 : 0), 0);
}

function compare(a: Rank, b: Rank): number {
  for (const [index, one] of a.entries()) {
    const other = b[index];
    if (other === undefined) {
      return 1;
    }
    if (one !== other) {
      return one < other ? -1 : 1;
    }
  }
  return a.length - b.length;
}
