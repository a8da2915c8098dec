import { BODY_LIMIT_BYTES } from '../http/framework-problems.ts';

/** No manifest is as deep; from some 1,000 levels on, readers and writers of JSON and YAML run out of stack. */
const MAX_DEPTH = 100;
/** No manifest has as many, and the rules over a manifest look at them within a second. */
const MAX_VALUES = 100_000;

/** A value and where it is: a list of places would be a copy for each level. */
interface Node {
  readonly value: unknown;
  readonly depth: number;
  readonly key: string;
  readonly parent: Node | undefined;
}

/**
 * What is in the way of going on with data that was read: more of it than a manifest can be, or a value that would be stored as
 * another one. What anchors stand for counts each time. Pure, and without recursion.
 */
export function excessOf(data: unknown): string | undefined {
  const left: Node[] = [{ value: data, depth: 0, key: '', parent: undefined }];
  let values = 0;
  let characters = 0;
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    const { value, depth } = node;
    values++;
    characters += typeof value === 'string' ? value.length : 0;
    if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) {
        characters += Array.isArray(value) ? 0 : key.length;
        left.push({ value: inner, depth: depth + 1, key, parent: node });
      }
    }
    const excess = tooMuch(depth, values, characters) ?? lossOf(node);
    if (excess !== undefined) {
      return excess;
    }
  }
  return undefined;
}

function tooMuch(depth: number, values: number, characters: number): string | undefined {
  if (depth > MAX_DEPTH) {
    return `nested too deep: more than ${MAX_DEPTH} levels`;
  }
  if (values > MAX_VALUES) {
    return `more than ${MAX_VALUES} values`;
  }
  // A body is no longer than this by itself.
  return characters > BODY_LIMIT_BYTES ? 'written out, the anchors of the document stand for too much' : undefined;
}

/** JSON has no NaN (it would become null), JavaScript no larger integers (they would be rounded), UTF-8 no half characters. */
function lossOf(node: Node): string | undefined {
  const { value } = node;
  if (typeof value === 'string') {
    return value.isWellFormed() ? undefined : `the text at ${placeOf(node)} has half of a surrogate pair`;
  }
  if (typeof value !== 'number') {
    return undefined;
  }
  const isKept = Number.isSafeInteger(value) || (Number.isFinite(value) && !Number.isInteger(value));
  return isKept ? undefined : `the number ${value} at ${placeOf(node)} cannot be kept as it is written`;
}

/** `spec.steps.0.setWeight` */
function placeOf(node: Node): string {
  const keys: string[] = [];
  for (let one: Node | undefined = node; one?.parent !== undefined; one = one.parent) {
    keys.unshift(one.key);
  }
  return keys.length === 0 ? 'the top' : keys.join('.');
}
