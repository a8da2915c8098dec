import { Lexer, isScalar, parseAllDocuments, type Document, type YAMLError } from 'yaml';
import type { RawBody } from '../http/body.ts';
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
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch (error) {
    const message = (error as SyntaxError).message.replace(/ (in JSON )?at position \d+.*$/, '');
    return { ok: false, message: `not JSON: ${message}`, ...placeOf(text, offsetOfJsonError(text)) };
  }
}

function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

/** More than any manifest has, and read within a second: the parser needs about 8 µs for each. */
const MAX_YAML_TOKENS = 100_000;

function readYaml(text: string): ReadDocument {
  if (hasMoreTokensThan(text, MAX_YAML_TOKENS)) {
    return { ok: false, message: `not taken: more than ${MAX_YAML_TOKENS} tokens of YAML` };
  }
  try {
    // Keys are compared below: the parser's own comparison takes minutes for a map of 60,000.
    const all = parseAllDocuments(text, { merge: true, uniqueKeys: false, stringKeys: true, logLevel: 'silent' });
    return fromDocuments('empty' in all ? [] : all, text);
  } catch (error) {
    return { ok: false, message: `not YAML: ${(error as Error).message}` };
  }
}

function hasMoreTokensThan(text: string, max: number): boolean {
  let count = 0;
  for (const _ of new Lexer().lex(text)) {
    if (++count > max) {
      return true;
    }
  }
  return false;
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
  try {
    return { ok: true, value: document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown };
  } catch {
    return { ok: false, message: 'not taken: written out, the anchors of the document stand for too much' };
  }
}

function isNothing(contents: Document.Parsed['contents']): boolean {
  return contents === null || (isScalar(contents) && contents.value === null);
}

function messageOf({ message, code }: YAMLError): string {
  const [line = code] = message.split('\n', 1);
  return line.includes('call stack')
    ? 'not taken: nested too deep'
    : `not YAML: ${line.replace(/ at line \d+, column \d+:?$/, '')}`;
}
