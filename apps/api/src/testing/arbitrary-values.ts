import fc from 'fast-check';

/** Texts that mean something to JavaScript, to a URL, to a shell, to Temporal's query language, or to nobody. */
export const ODD_TEXTS: readonly string[] = [
  ...['', ' ', '.', '..', '../..', '/', '%', '%zz', '%00', '%2e%2e%2f', '*', '+', '?', '#', '&', '=', ';', '\\'],
  ...['A', 'a_b', 'a b', '-a', 'a-', 'a..b', "a' OR WorkflowId != '", '"', '`', '$(x)', '<b>', '{}', '[]'],
  ...['__proto__', 'constructor', 'toString', 'undefined', 'null', 'NaN', 'true', '0', '-1', '1e3', '0x10', '٣'],
  ...['\u0000', '\r\nx: y', '\u202e', '\ufeff', 'ß', '🚣', '\ud83d'],
  ...['a'.repeat(64), 'a'.repeat(254), 'a'.repeat(1_001), 'x'.repeat(5_000)],
];

const ODD_VALUES: readonly unknown[] = [
  ...[null, true, false, 0, -0, -1, 0.5, 101, 2 ** 31, 2 ** 53, 1e308, '25%', '1h30m', '2026-02-30T00:00:00Z'],
  ...[[], {}, [[]], [null], [{}], { setWeight: 10 }, { duration: '1s' }],
];

const key = fc.oneof(
  fc.constantFrom(...ODD_TEXTS),
  fc.constantFrom('metadata', 'spec', 'steps', 'pause', 'actor', 'reason', 'full'),
);

const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(...ODD_VALUES),
    fc.constantFrom(...ODD_TEXTS),
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((entries) => Object.fromEntries(entries) as unknown),
  ),
}));

/** Whatever JSON can be. */
export const anything: fc.Arbitrary<unknown> = anyValue;

type Parent = Record<string, unknown> | unknown[];

/** A place inside of a value: what holds it, under which key, and its path as the API writes one: `steps[1].pause`. */
export interface Place {
  readonly parent: Parent;
  readonly key: string;
  readonly path: string;
}

/** Each place inside of a value, the outer ones first. */
export function placesIn(value: unknown, at = ''): Place[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  const parent = value as Parent;
  return Object.entries(parent).flatMap(([key, inner]): Place[] => {
    const path = Array.isArray(parent) ? `${at}[${key}]` : at === '' ? key : `${at}.${key}`;
    return [{ parent, key, path }, ...placesIn(inner, path)];
  });
}

interface Mutation {
  readonly where: number;
  readonly how: 'drop' | 'replace' | 'nest' | 'add';
  readonly value: unknown;
  readonly key: string;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  where: fc.nat(),
  how: fc.constantFrom('drop', 'replace', 'replace', 'nest', 'add'),
  value: anyValue,
  key,
});

/** Unlike an assignment it makes of `__proto__` a key like any other, as JSON does. */
function put(parent: Parent, name: string, value: unknown): void {
  Object.defineProperty(parent, name, { value, writable: true, enumerable: true, configurable: true });
}

function mutate(value: unknown, { where, how, value: other, key: name }: Mutation): void {
  const places = placesIn(value);
  const place = places[where % Math.max(1, places.length)];
  if (place === undefined) {
    return;
  }
  const { parent, key: at } = place;
  switch (how) {
    case 'drop':
      Reflect.deleteProperty(parent, at);
      break;
    case 'replace':
      put(parent, at, structuredClone(other));
      break;
    case 'nest':
      put(parent, at, [Reflect.get(parent, at)]);
      break;
    case 'add':
      put(parent, name, structuredClone(other));
      break;
  }
}

/** One to three places of a value dropped, replaced, nested or added to. */
export function mutated(value: unknown): fc.Arbitrary<unknown> {
  return fc.array(mutation, { minLength: 1, maxLength: 3 }).map((mutations) => {
    const copy = structuredClone(value);
    mutations.forEach((one) => mutate(copy, one));
    return copy;
  });
}
