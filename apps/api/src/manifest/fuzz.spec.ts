import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { KubernetesError } from '@weir/kubernetes';
import { parseManifest } from '@weir/rollout/manifest';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { PROBLEM_MEDIA_TYPE } from '../http/problem.filter.ts';
import { aManifest, aManifestWithPods, aRollout, POD_SPEC } from '../testing/builders.ts';
import { aServer } from '../testing/server.ts';
import { readDocument } from './read-document.ts';

const RUNS = 1_000;
const GROWN_RUNS = 25;
const TARGET = { namespace: 'default', name: 'someapp' };

/** The most that a body may cost. It is about a second at the worst; a machine that does other things too is slower. */
const BOUND_MS = 8_000;
/**
 * What {@link GROWN_CHARACTERS} may cost the thread that reads them, which answers nobody meanwhile: 1.3 s at the worst on two slow cores,
 * whatever else the machine does. Of the whole process, whose other threads collect garbage, it is up to twice that.
 */
const GROWN_CPU_MS = 2_000;
const GROWN_CHARACTERS = 50_000;

const words = (text: string): string[] => text.split(' ');

const SCALARS = words(
  'a b spec << __proto__ constructor 1 0x1f .inf .nan -0 1e999 ~ null yes 2026-11-23 "a" "\\u0000" "\\ud800" "\\x " \'',
);
const MARKS = words('- ? : , { } [ ] # | >- |9 @ ` % \\ \\x \\u ! !x !!str !!map !!binary !!set !<tag:x> &a &b *a *b');
const CHARACTERS = [' ', '  ', '    ', '\n', '\r\n', '\t', '\u0000', '\u0085', '\u2028', '\ufeff', '\ud800'];
const LINES = [
  '\n---\n',
  '\n...\n',
  '%YAML 1.1\n',
  '%YAML 9.9\n',
  '%TAG ! tag:x:\n',
  '<<: *a',
  'a: "',
  "- '",
  'a: |\n ',
];

/** What YAML is made of, and what is known to confuse its readers. */
const PIECES = [...SCALARS, ...MARKS, ...MARKS.map((mark) => `${mark} `), ...CHARACTERS, ...LINES];

const MANIFEST = stringify(aManifest());

const yaml = fc.array(fc.constantFrom(...PIECES), { maxLength: 60, size: 'max' }).map((pieces) => pieces.join(''));
const json = fc.oneof(
  fc.json(),
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '"a"', '1', '-', 'null', '\\', ' ', '\n'))
    .map((one) => one.join('')),
);

/** A few pieces over and over, after another one: where a reader is quadratic, this is how it shows. */
const grown = fc
  .record({
    first: fc.constantFrom('', ...PIECES),
    again: fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 3 }),
    last: fc.constantFrom('', ...PIECES),
  })
  .map(({ first, again, last }) => {
    const unit = again.join('');
    return `${first}${unit.repeat(Math.ceil(GROWN_CHARACTERS / unit.length))}${last}`;
  });

/** A valid manifest as text, in which some characters were taken out or put in. */
const edited = fc
  .array(fc.record({ at: fc.nat(), cut: fc.nat({ max: 12 }), piece: fc.constantFrom('', ...PIECES) }), {
    minLength: 1,
    maxLength: 5,
  })
  .map((edits) =>
    edits.reduce((text, { at, cut, piece }) => {
      const from = at % text.length;
      return `${text.slice(0, from)}${piece}${text.slice(from + cut)} `;
    }, MANIFEST),
  );

/** Only what JSON can be: nobody behind the reader expects a Date, a Map, or a number that is none. */
function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) {
    return value.every(isPlain);
  }
  if (typeof value === 'object' && value !== null) {
    return Object.getPrototypeOf(value) === Object.getPrototypeOf({}) && Object.values(value).every(isPlain);
  }
  return value === null || ['boolean', 'string'].includes(typeof value) || Number.isFinite(value);
}

function expectRead(format: 'json' | 'yaml', text: string): void {
  const read = readDocument({ format, text });
  expect(Object.keys(Object.prototype)).toEqual([]);
  if (read.ok) {
    expect(isPlain(read.value)).toBe(true);
    parseManifest(read.value, TARGET);
    return;
  }
  expect(read.message).toMatch(/\S/);
  const lines = text.split('\n');
  expect(read.line ?? 1).toBeGreaterThanOrEqual(1);
  expect(read.line ?? 1).toBeLessThanOrEqual(lines.length);
  expect(read.column ?? 1).toBeGreaterThanOrEqual(1);
  expect(read.column ?? 1).toBeLessThanOrEqual(text.length + 1);
}

describe('whatever a body is, it is read or refused with a place', () => {
  test.each<[string, 'json' | 'yaml', fc.Arbitrary<string>]>([
    ['pieces of YAML', 'yaml', yaml],
    ['any text as YAML', 'yaml', fc.string({ unit: 'binary', maxLength: 200 })],
    ['a manifest that was edited', 'yaml', edited],
    ['JSON, whole and broken', 'json', json],
  ])('%s', (_, format, text) => {
    fc.assert(
      fc.property(text, (given) => expectRead(format, given)),
      { numRuns: RUNS },
    );
  });

  test('pieces that are repeated are read in time', () => {
    fc.assert(
      fc.property(grown, (text) => {
        const before = process.threadCpuUsage();
        expectRead('yaml', text);
        expect(process.threadCpuUsage(before).user / 1_000).toBeLessThan(GROWN_CPU_MS);
      }),
      // A counterexample is short as it is, and smaller ones are not slower.
      { numRuns: GROWN_RUNS, endOnFailure: true },
    );
  });
});

const times = (count: number, text: string, join = ''): string => Array.from({ length: count }, () => text).join(join);
const numbered = (count: number, of: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => of(index)).join('');
const LAUGHS = numbered(9, (level) => `l${level + 1}: &l${level + 1} [${times(9, `*l${level}`, ',')}]\n`);
const NESTED = 100_000;

/** Each at most as large as a body may be, and made to take time, memory or stack. */
const HOSTILE: readonly (readonly [string, 'json' | 'yaml', string | Uint8Array])[] = [
  ['a billion laughs', 'yaml', `l0: &l0 [x,x,x,x,x,x,x,x,x]\n${LAUGHS}`],
  ['a billion laughs of maps', 'yaml', `l0: &l0 {x: x}\n${LAUGHS.replaceAll('[', '{a: [').replaceAll(']', ']}')}`],
  [
    'merge keys of merge keys',
    'yaml',
    `l0: &l0 {a: 1}\n${numbered(40, (n) => `l${n + 1}: &l${n + 1} {<<: [*l${n}, *l${n}]}\n`)}`,
  ],
  ['a merge key of itself', 'yaml', 'a: &a\n  <<: *a\n'],
  ['a merge key of a text', 'yaml', `${MANIFEST}\nx: {<<: text}\n`],
  ['anchors without end', 'yaml', numbered(90_000, (n) => `- &a${n} x\n`)],
  ['aliases without end', 'yaml', `a: &a x\nb: [${times(200_000, '*a', ',')}]`],
  ['open brackets', 'yaml', times(1_000_000, '[')],
  ['open maps', 'yaml', times(300_000, '{a: ')],
  ['closed brackets', 'yaml', times(45_000, '[') + times(45_000, ']')],
  ['a stair of maps', 'yaml', numbered(1_300, (n) => `${' '.repeat(n)}a:\n`)],
  ['a stair of lists', 'yaml', `${times(500_000, '- ')}x`],
  ['questions', 'yaml', times(500_000, '? ')],
  ['colons', 'yaml', times(1_000_000, ':')],
  ['tags', 'yaml', times(500_000, '! ')],
  ['quotes that stay open', 'yaml', `a: "${times(999_000, 'x')}`],
  ['quotes in quotes', 'yaml', times(1_000_000, '"')],
  ['escapes', 'yaml', `a: "${times(300_000, '\\x')}"`],
  ['a text block without end', 'yaml', `a: |\n${times(400_000, ' \n')}`],
  ['empty lines', 'yaml', times(1_000_000, '\n')],
  ['comments', 'yaml', times(500_000, '#\n')],
  ['documents', 'yaml', times(200_000, '---\na\n')],
  ['directives', 'yaml', times(80_000, '%YAML 1.1\n')],
  ['a key of half a megabyte', 'yaml', `${times(500_000, 'k')}: 1`],
  ['thousands of keys, the last one twice', 'yaml', `${numbered(20_000, (n) => `k${n}: 1\n`)}k19999: 2\n`],
  ['thousands of merge keys', 'yaml', `a: &a {x: 1}\nb:\n${times(90, '  <<: *a\n')}`],
  ['two manifests', 'yaml', `${MANIFEST}---\n${MANIFEST}`],
  ['a key twice', 'yaml', `${MANIFEST}kind: Rollout\n`],
  ['a tag of another program', 'yaml', `${MANIFEST}x: !!python/object/apply:os.system [x]\n`],
  ['a number of many digits', 'yaml', `a: ${times(900_000, '9')}`],
  [
    'bytes that are not UTF-8',
    'yaml',
    Uint8Array.from([...new TextEncoder().encode(MANIFEST), 0xff, 0xfe, 0xc0, 0x80]),
  ],
  ['UTF-16', 'yaml', Buffer.from(`\ufeff${MANIFEST}`, 'utf16le')],
  ['a byte order mark in the middle', 'yaml', `kind: Rollout\n\ufeff${MANIFEST}`],
  ['brackets', 'json', times(500_000, '[') + times(500_000, ']')],
  ['maps', 'json', times(150_000, '{"a":') + '1' + times(150_000, '}')],
  ['a template that is too deep', 'json', deepTemplate()],
  ['a text that stays open', 'json', `{"a": "${times(999_000, '\\"')}`],
  ['a number of many digits', 'json', times(1_000_000, '9')],
  ['commas', 'json', `[${times(500_000, ',')}]`],
  ['more than is taken', 'json', times(1_100_000, ' ')],
  ['values', 'json', `[${times(300_000, '1', ',')}]`],
  ['fields that nobody knows', 'json', `{${times(40_000, '"k":1', ',')}}`.replace(/k/g, numberedKey())],
  ['containers without anything', 'json', withContainers(times(30_000, '{}', ','))],
  ['Mappings', 'json', JSON.stringify(aManifest({ trafficRouting: { ambassador: { mappings: names(90_000) } } }))],
  [
    'the same Mapping',
    'json',
    JSON.stringify(aManifest({ trafficRouting: { ambassador: { mappings: names(90_000, 1) } } })),
  ],
  ['steps', 'json', JSON.stringify(aManifest({ steps: Array.from({ length: 40_000 }, () => ({ setWeight: 1 })) }))],
  ['steps that are none', 'json', JSON.stringify(aManifest({ steps: Array.from({ length: 90_000 }, () => ({})) }))],
  ['a key as long as a body', 'json', withLabel(times(900_000, 'k'))],
  ['a text as long as a body', 'json', JSON.stringify({ ...aManifest(), kind: times(900_000, 'x') })],
];

/** A manifest that is right, and in which some field of the pods is deeper than a stack. */
function deepTemplate(): string {
  return withPodSpec({ deep: 'HERE' }).replace('"HERE"', times(NESTED, '[') + times(NESTED, ']'));
}

function withContainers(list: string): string {
  return withPodSpec({ containers: 'HERE' }).replace('"HERE"', `[${list}]`);
}

function withPodSpec(change: object): string {
  const { template } = POD_SPEC;
  return JSON.stringify(aManifestWithPods({}, { template: { ...template, spec: { ...template.spec, ...change } } }));
}

function withLabel(key: string): string {
  return JSON.stringify({ ...aManifest(), metadata: { labels: { [key]: 1 } } });
}

/** So many names, of which so many differ. */
function names(count: number, different = count): string[] {
  return Array.from({ length: count }, (_, index) => `m${index % different}`);
}

/** Another key each time. */
function numberedKey(): () => string {
  let next = 0;
  return () => `k${next++}`;
}

describe('a body that is made to do harm', () => {
  /** As far as the real client goes by itself: it writes the object out. */
  const written = (_at: unknown, object: object) =>
    Promise.resolve({ ...aRollout(), ...(JSON.parse(JSON.stringify(object)) as object) } as never);
  const apply = jest.fn(written);
  let app: NestFastifyApplication;

  beforeAll(async () => {
    const get = () => Promise.reject(new KubernetesError('notFound', 'not found', 404));
    app = await aServer({
      kubernetes: { get, create: written, apply: apply },
      runs: { tell: () => Promise.resolve(), newest: () => Promise.resolve(undefined) },
    });
  });
  afterAll(() => app.close());

  const put = (format: 'json' | 'yaml', body: string | Uint8Array) =>
    app.inject({
      method: 'PUT',
      url: '/v1/namespaces/default/rollouts/someapp',
      headers: { host: 'localhost', 'content-type': `application/${format}` },
      body: typeof body === 'string' ? body : Buffer.from(body),
    });

  test.each(HOSTILE)('%s (%s) is refused in time, and nothing is stored', async (_, format, body) => {
    const startedAtMs = performance.now();
    const answer = await put(format, body);
    expect(performance.now() - startedAtMs).toBeLessThan(BOUND_MS);
    expect(answer.statusCode).toBeGreaterThanOrEqual(400);
    expect(answer.statusCode).toBeLessThan(500);
    expect(answer.headers['content-type']).toBe(PROBLEM_MEDIA_TYPE);
    expect(answer.json()).toMatchObject({ status: answer.statusCode, detail: expect.stringMatching(/\S/) });
    // Who sends nonsense by the megabyte does not get it back.
    expect(answer.body.length).toBeLessThan(64 * 1_024);
    expect(apply).not.toHaveBeenCalled();
  });

  test('a byte order mark before a manifest is no harm, and the next request is served', async () => {
    expect((await put('yaml', `\ufeff${MANIFEST}`)).statusCode).toBe(201);
    expect(apply).toHaveBeenCalledTimes(1);
  });
});
