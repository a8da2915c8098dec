import {
  Lexer,
  isScalar,
  parseAllDocuments,
  type Document,
  type DocumentOptions,
  type ParseOptions,
  type SchemaOptions,
  type YAMLError,
} from 'yaml';
import type { RawBody } from '../http/body.ts';
import { excessOf } from './excess.ts';
import { offsetOfJsonError } from './json-place.ts';
import { MAX_ALIASES, findRefused } from './refused-yaml.ts';

/** A text as data, or why it is none, with the place where that shows. Lines and columns begin with 1. */
export type ReadDocument =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly message: string; readonly line?: number; readonly column?: number };

/** Reads a body as exactly one JSON value or YAML document. Pure; never throws, whatever the text is. */
export function readDocument({ format, text }: RawBody): ReadDocument {
  if (text.trim() === '') {
    return { ok: false, message: 'the body is empty' };
  }
  return format === 'json' ? readJson(text) : readYaml(text);
}

function readJson(text: string): ReadDocument {
  try {
    return unlessExcessive(JSON.parse(text));
  } catch (error) {
    const message = (error as SyntaxError).message.replace(/ (in JSON )?at position \d+.*$/, '');
    return { ok: false, message: `not JSON: ${message}`, ...placeOf(text, offsetOfJsonError(text)) };
  }
}

function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

/**
 * Tokens and escapes, more than any manifest has, and read within a second: the parser needs about 8 µs for each, and as
 * much for each of its errors.
 */
const MAX_YAML_TOKENS = 100_000;

/** The parser recurses, and ran out of stack. */
const TOO_DEEP = 'not taken: nested too deep';

const YAML_OPTIONS = {
  // A directive (%YAML 1.1) must not make dates of texts; a tag (!!binary, !!set) must not make what JSON does not have.
  schema: 'core',
  resolveKnownTags: false,
  merge: true,
  stringKeys: true,
  // Keys are compared below: the parser's own comparison takes minutes for a map of 60,000.
  uniqueKeys: false,
  // It quotes the whole line for each error, and takes minutes for a line of as many; the place is told below.
  prettyErrors: false,
  logLevel: 'silent',
} as const satisfies ParseOptions & DocumentOptions & SchemaOptions;

function readYaml(text: string): ReadDocument {
  if (hasMoreTokensThan(text, MAX_YAML_TOKENS)) {
    return { ok: false, message: `not taken: more than ${MAX_YAML_TOKENS} tokens and escapes of YAML` };
  }
  try {
    const all = parseAllDocuments(text, YAML_OPTIONS);
    return fromDocuments('empty' in all ? [] : all, text);
  } catch (error) {
    return { ok: false, message: reasonOf(error as Error) };
  }
}

/** What the parser throws, and does not put into the document. */
function reasonOf(error: Error): string {
  if (error instanceof RangeError) {
    return TOO_DEEP;
  }
  return error instanceof ReferenceError
    ? 'not taken: written out, the anchors of the document stand for too much'
    : `not YAML: ${error.message}`;
}

function hasMoreTokensThan(text: string, max: number): boolean {
  let count = 0;
  for (const token of new Lexer().lex(text)) {
    // A text in double quotes is one token, and each escape in it may be an error.
    count += token.startsWith('"') ? 1 + occurrences(token, '\\') : 1;
    if (count > max) {
      return true;
    }
  }
  return false;
}

function occurrences(text: string, of: string): number {
  let count = 0;
  for (let at = text.indexOf(of); at !== -1; at = text.indexOf(of, at + 1)) {
    count++;
  }
  return count;
}

function fromDocuments(documents: readonly Document.Parsed[], text: string): ReadDocument {
  const bad = documents.flatMap(({ errors, warnings }): YAMLError[] => [...errors, ...warnings])[0];
  if (bad !== undefined) {
    return { ok: false, message: messageOf(bad), ...placeOf(text, bad.pos[0]) };
  }
  const [document, second] = documents.filter(({ contents }) => !isNothing(contents));
  if (document === undefined) {
    return { ok: false, message: 'the body has no document' };
  }
  if (second !== undefined) {
    const message = 'the body has more than one document; send each Rollout to its own address';
    return { ok: false, message, ...placeOf(text, second.contents?.range[0] ?? 0) };
  }
  const refused = findRefused(document);
  if (refused !== undefined) {
    return { ok: false, message: refused.message, ...placeOf(text, refused.offset) };
  }
  return unlessExcessive(document.toJS({ maxAliasCount: MAX_ALIASES }));
}

function unlessExcessive(value: unknown): ReadDocument {
  const excess = excessOf(value);
  return excess === undefined ? { ok: true, value } : { ok: false, message: `not taken: ${excess}` };
}

function isNothing(contents: Document.Parsed['contents']): boolean {
  return contents === null || (isScalar(contents) && contents.value === null);
}

function messageOf({ message, code }: YAMLError): string {
  const [line = code] = message.split('\n', 1);
  return line.includes('call stack') ? TOO_DEEP : `not YAML: ${line}`;
}
