import fc from 'fast-check';

/** A route of the API, as its OpenAPI document has it. */
interface Route {
  readonly method: string;
  readonly path: string;
  readonly takesBody: boolean;
  /** Names of its query parameters. */
  readonly query: readonly string[];
}

interface OpenApi {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          { readonly requestBody?: unknown; readonly parameters?: readonly { in: string; name: string }[] }
        >
      >
    >
  >;
}

/** The routes that a running API says it has. */
export async function routesOf(apiUrl: string): Promise<Route[]> {
  const { paths } = (await (await fetch(`${apiUrl}/openapi.json`)).json()) as OpenApi;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { requestBody, parameters = [] }]) => ({
      method: method.toUpperCase(),
      path,
      takesBody: requestBody !== undefined,
      query: parameters.filter((one) => one.in === 'query').map(({ name }) => name),
    })),
  );
}

/** A request with mistakes, and the Rollout that it is about. */
export interface FuzzedRequest {
  readonly method: string;
  /** From the root of the API. */
  readonly path: string;
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What a fuzzed request may be about. */
export interface Target {
  readonly namespace: string;
  readonly name: string;
  /** Right manifests for that name. */
  readonly manifests: readonly object[];
}

const ODD_TEXTS = [
  ...['', ' ', '.', '..', '%', '*', 'A', 'a_b', '-a', "a' OR WorkflowId != '", '__proto__', 'constructor', 'null'],
  ...['\u0000', '\u202e', '🚣', 'a'.repeat(64), 'a'.repeat(254), 'x'.repeat(3_000)],
];
const ODD_VALUES: readonly unknown[] = [
  ...[
    null,
    true,
    0,
    -1,
    0.5,
    101,
    2 ** 31,
    1e308,
    '25%',
    '1h30m',
    [],
    {},
    [[]],
    [null],
    { setWeight: 10 },
    { a: [{}] },
  ],
  ...ODD_TEXTS,
];
const oddText = fc.constantFrom(...ODD_TEXTS);
const anything = fc.oneof(fc.constantFrom(...ODD_VALUES), fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<unknown>);

type Parent = Record<string, unknown> | unknown[];

function placesIn(value: unknown): [parent: Parent, key: string][] {
  const isParent = typeof value === 'object' && value !== null;
  return isParent
    ? Object.entries(value).flatMap(([key, inner]): [Parent, string][] => [[value as Parent, key], ...placesIn(inner)])
    : [];
}

/** One or two places of a value dropped, replaced, nested in a list, or beside a key that is not known. */
function mutated(value: unknown): fc.Arbitrary<unknown> {
  const change = fc.record({
    where: fc.nat(),
    how: fc.constantFrom('drop', 'replace', 'replace', 'nest', 'add'),
    other: anything,
    key: oddText,
  });
  return fc.array(change, { minLength: 1, maxLength: 2 }).map((changes) => {
    const copy = structuredClone(value);
    for (const { where, how, other, key } of changes) {
      const places = placesIn(copy);
      const [parent, at] = places[where % Math.max(1, places.length)] ?? [{}, ''];
      if (how === 'drop') {
        Reflect.deleteProperty(parent, at);
      } else {
        const wrong: unknown = how === 'nest' ? [Reflect.get(parent, at)] : structuredClone(other);
        Reflect.set(parent, how === 'add' ? key : at, wrong);
      }
    }
    return copy;
  });
}

function mostly<T>(right: fc.Arbitrary<T>, wrong: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ arbitrary: right, weight: 6 }, { arbitrary: wrong, weight: 1 });
}

const COMMAND = { actor: 'ada', reason: 'a test', expectedStep: 1, full: false, toRevision: 1 };

/** Headers that a client could send, and that would make another request of it. */
const oddHeaders = fc.dictionary(
  fc.constantFrom('content-type', 'content-encoding', 'origin', 'accept', 'idempotency-key', 'x-http-method-override'),
  fc.constantFrom(
    'text/plain',
    'gzip',
    'https://evil.example',
    'application/yaml',
    'k'.repeat(300),
    'DELETE',
    ';',
    'a b',
  ),
  { minKeys: 1, maxKeys: 2, noNullPrototype: true },
);

/** A request to that route about that target. */
export function requestTo(
  { method, path, takesBody, query }: Route,
  { namespace, name, manifests }: Target,
): fc.Arbitrary<FuzzedRequest> {
  const inPath = (right: string) => mostly(fc.constant(right), oddText).map(encodeURIComponent);
  const values = fc.record({
    namespace: inPath(namespace),
    name: inPath(name),
    runId: mostly(fc.uuid({ version: 4 }), oddText).map(encodeURIComponent),
  });
  const filled = values.map((given) =>
    path.replace(/\{(\w+)\}/g, (_, key: string) => given[key as keyof typeof given] ?? key),
  );
  const pair = fc.tuple(
    mostly(fc.constantFrom(...query, 'nothing'), oddText),
    fc.constantFrom('true', 'false', '1', '0', '', 'Paused', namespace, 'e30', 'x'.repeat(5_000)),
  );
  const search = mostly(
    fc.constant(''),
    fc.array(pair, { minLength: 1, maxLength: 2 }).map((pairs) => `?${new URLSearchParams(pairs).toString()}`),
  );
  const right = method === 'PUT' ? manifests : [{}, { actor: COMMAND.actor }, COMMAND];
  const body = fc.oneof(
    { arbitrary: fc.constantFrom(...right).chain(mutated), weight: 6 },
    { arbitrary: fc.constantFrom(...right), weight: 2 },
    { arbitrary: anything, weight: 1 },
  );
  const text = mostly(
    body.map((value) => JSON.stringify(value)),
    fc.string({ unit: 'grapheme', maxLength: 50 }),
  );
  return fc
    .record({
      filled,
      search,
      more: mostly(fc.constant({}), oddHeaders),
      text: takesBody ? mostly<string | undefined>(text, fc.constant(undefined)) : fc.constant(undefined),
    })
    .map(({ filled: to, search: asked, more, text: sent }) => ({
      method,
      name,
      path: to + asked,
      headers: { connection: 'close', ...(sent !== undefined && { 'content-type': 'application/json' }), ...more },
      ...(sent !== undefined && { body: sent }),
    }));
}
