import { isScalar, visit, type Document } from 'yaml';

/** How often anchors may be used, each use counted with what it stands for: nested ones explode otherwise. */
export const MAX_ALIASES = 100;

export interface Refused {
  readonly message: string;
  readonly offset: number;
}

/** The first key that a map has twice, or the first alias that is one too many. */
export function findRefused(document: Document.Parsed): Refused | undefined {
  let refused: Refused | undefined;
  let aliases = 0;
  visit(document, {
    Alias: (_, alias, parents) => {
      const { range, source } = alias;
      const offset = range?.[0] ?? 0;
      const target = alias.resolve(document);
      if (target === undefined || parents.includes(target)) {
        const how = target === undefined ? 'used before it is set' : 'used inside of itself';
        refused = { message: `not taken: the anchor ${source} is ${how}`, offset };
        return visit.BREAK;
      }
      if (++aliases > MAX_ALIASES) {
        refused = { message: `not taken: anchors are used more than ${MAX_ALIASES} times`, offset };
        return visit.BREAK;
      }
      return undefined;
    },
    Map: (_, { items }) => {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        const name = isScalar(key) ? key.value : key;
        if (seen.has(name)) {
          const offset = isScalar(key) ? (key.range?.[0] ?? 0) : 0;
          refused = { message: `not YAML: the key ${String(name)} is there twice in one map`, offset };
          return visit.BREAK;
        }
        seen.add(name);
      }
      return undefined;
    },
  });
  return refused;
}
