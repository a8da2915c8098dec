import type { Finding } from './errors.ts';

/** The one key that JSON and YAML have and that maps of JavaScript lose when they are copied. */
const LOST = '__proto__';

/** Wherever a map has a key that would be left out of what is stored without a word. Without recursion: input may be deep. */
export function reservedKeyFindings(input: unknown): Finding[] {
  const found: Finding[] = [];
  const left: { readonly value: unknown; readonly path: readonly PropertyKey[] }[] = [{ value: input, path: [] }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { value, path } = next;
    if (typeof value !== 'object' || value === null) {
      continue;
    }
    if (!Array.isArray(value) && Object.hasOwn(value, LOST)) {
      found.push({ path: [...path, LOST], message: 'cannot be used as a key' });
    }
    for (const [key, inner] of Object.entries(value)) {
      left.push({ value: inner, path: [...path, Array.isArray(value) ? Number(key) : key] });
    }
  }
  return found;
}
