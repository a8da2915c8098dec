import fc from 'fast-check';
import { stringify } from 'yaml';
import { ODD_TEXTS, anything, mutated } from './arbitrary-values.ts';

/** Of JSON Schema, what says which values are right. */
interface Schema {
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly type?: string;
  readonly examples?: readonly string[];
}

export interface Parameter {
  readonly in: 'path' | 'query' | 'header';
  readonly name: string;
  readonly schema: Schema;
}

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';

/** A route of the OpenAPI document. */
export interface Operation {
  /** `PUT /v1/namespaces/{namespace}/rollouts/{name}` */
  readonly title: string;
  readonly method: Method;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** Examples of its body; none: it takes no body. */
  readonly examples: readonly unknown[];
  /** Types of body that it takes. */
  readonly types: readonly string[];
  /** Statuses that are documented. */
  readonly statuses: readonly number[];
}

interface Documented {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly examples?: Readonly<Record<string, { value: unknown }>> }>>;
  };
  readonly responses: Readonly<Record<string, unknown>>;
}

export interface OpenApiPaths {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Documented>>>>;
}

/** Every route of an OpenAPI document. */
export function operationsOf({ paths }: OpenApiPaths): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([name, { parameters = [], requestBody, responses }]): Operation => {
      const method = name.toUpperCase() as Method;
      const content = requestBody?.content ?? {};
      const examples = Object.values(content).flatMap(({ examples: some = {} }) => Object.values(some));
      return {
        title: `${method} ${path}`,
        method,
        path,
        parameters,
        examples: examples.map(({ value }) => value),
        types: Object.keys(content),
        statuses: Object.keys(responses).map(Number),
      };
    }),
  );
}

/** A request as it is injected. */
export interface FuzzedRequest {
  readonly method: Method;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

const oddText = fc.oneof(fc.constantFrom(...ODD_TEXTS), fc.string({ unit: 'binary', maxLength: 20 }));
const encoded = oddText.map((text) => encodeURIComponent(text.toWellFormed()));
/** As a client that does not encode would write it, but for what no client can put into a request line. */
const raw = oddText.map((text) => text.replace(/[^\x21-\x7e]/g, ''));
const oddInUrl = fc.oneof(encoded, encoded, raw);

function rightValue({ schema: { enum: some, type, examples } }: Parameter): fc.Arbitrary<string> {
  const numbers = type === 'integer' ? ['1', '20'] : [];
  const known = [...(some ?? []), ...(examples ?? []), ...numbers];
  return fc.constantFrom(...(known.length === 0 ? ['k1'] : known));
}

/** Mostly right: a request that is wrong in one place gets further than one that is wrong everywhere. */
function mostly<T>(right: fc.Arbitrary<T>, wrong: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ arbitrary: right, weight: 7 }, { arbitrary: wrong, weight: 1 });
}

function pathOf({ path, parameters }: Operation): fc.Arbitrary<string> {
  const values = parameters
    .filter((one) => one.in === 'path')
    .map((one) => mostly(rightValue(one), oddInUrl).map((value) => [`{${one.name}}`, value] as const));
  return fc.tuple(...values).map((all) => all.reduce((text, [name, value]) => text.replace(name, () => value), path));
}

function queryOf({ parameters }: Operation): fc.Arbitrary<string> {
  const known = parameters.filter((one) => one.in === 'query');
  const right = known.map((one) => rightValue(one).map((value) => `${one.name}=${value}`));
  const wrong = [...known.map(({ name }) => fc.constant(name)), encoded].map((name) =>
    fc.tuple(name, oddInUrl).map(([left, value]) => `${left}=${value}`),
  );
  const pairs = (some: readonly fc.Arbitrary<string>[], maxLength: number) =>
    some.length === 0 ? fc.constant([]) : fc.uniqueArray(fc.oneof(...some), { maxLength });
  return mostly(fc.tuple(pairs(right, 3), pairs([], 0)), fc.tuple(pairs(right, 2), pairs([...wrong, raw], 3))).map(
    (both) => {
      const text = both.flat().join('&');
      return text === '' ? '' : `?${text}`;
    },
  );
}

const TYPES = [
  'text/plain',
  'application/xml',
  'application/json; charset=utf-16',
  'multipart/form-data',
  '/',
  '',
  '\t',
];
const YAML_IN_JSON = ['application/yaml', 'text/x-yaml; a=b', 'application/json'];

function headersOf({ parameters, types }: Operation): fc.Arbitrary<Record<string, string>> {
  const headers = parameters.filter((one) => one.in === 'header').map(({ name }) => name.toLowerCase());
  const odd = fc.constantFrom(
    ...['origin', 'host', 'accept', 'content-encoding', 'content-length', 'transfer-encoding', 'expect', 'range'],
    ...['x-http-method-override', 'x-forwarded-host', 'if-match', 'authorization', 'cookie', ...headers],
  );
  const type = fc.constantFrom(...(types.length === 0 ? ['application/json'] : types));
  const others = mostly(
    fc.constant({}),
    fc.dictionary(odd, oddText, { minKeys: 1, maxKeys: 2, noNullPrototype: true }),
  );
  const right = fc.tuple(...headers.map((name) => fc.option(fc.constant([name, 'k1'] as const), { nil: undefined })));
  return fc
    .tuple(mostly(type, fc.constantFrom(...TYPES, ...YAML_IN_JSON)), right, others)
    .map(([contentType, known, more]) => ({
      host: 'localhost',
      'content-type': contentType,
      ...Object.fromEntries(known.filter((one) => one !== undefined)),
      ...more,
    }));
}

/** JSON is YAML, too. */
const text = (value: unknown): fc.Arbitrary<string> =>
  mostly(fc.constant(JSON.stringify(value)), fc.constant(stringify(value)));

function bodyOf({ examples }: Operation): fc.Arbitrary<string | Buffer | undefined> {
  const rubbish = fc.oneof(
    anything.map((value) => JSON.stringify(value)),
    fc.string({ unit: 'binary', maxLength: 100 }),
    fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
  );
  if (examples.length === 0) {
    return mostly<string | Buffer | undefined>(fc.constant(undefined), rubbish);
  }
  const example = fc.constantFrom(...examples);
  return fc.oneof(
    { arbitrary: example.chain(text), weight: 2 },
    { arbitrary: example.chain(mutated).chain(text), weight: 4 },
    { arbitrary: rubbish, weight: 2 },
    { arbitrary: fc.constant(undefined), weight: 1 },
  );
}

/** A request to that route, with mistakes. */
export function requestTo(operation: Operation): fc.Arbitrary<FuzzedRequest> {
  return fc
    .record({
      path: pathOf(operation),
      query: queryOf(operation),
      headers: headersOf(operation),
      body: bodyOf(operation),
    })
    .map(({ path, query, headers, body }) => ({
      method: operation.method,
      url: path + query,
      headers,
      ...(body !== undefined && { body }),
    }));
}
