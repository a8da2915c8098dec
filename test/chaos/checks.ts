import { differences, withoutRunNote } from './normalise.ts';
import type { WeightWrite } from './observer.ts';
import type { Scenario } from './scenarios.ts';
import type { Observed } from './trial.ts';

/** The proxy, Temporal and the worker are on one machine, and have one clock; milliseconds are rounded. */
const ROUNDING_MS = 20;

type Weight = WeightWrite['weight'];

/** Sentences about what was not as in the undisturbed run; empty: the promise was kept. */
export function problemsOf(scenario: Scenario, reference: Observed, observed: Observed): string[] {
  return [
    ...(observed.why === undefined ? [] : [`it did not end: ${observed.why}`]),
    ...courseProblems(reference, observed),
    ...forbiddenRaises(observed),
    ...earlyWeights(scenario, observed),
    ...observed.leftMappings.map((name) => `canary Mapping ${name} is left`),
    ...observed.badRuns.map((status) => `a run is ${status}`),
    ...objectProblems(reference, observed),
  ];
}

/** After a sweep the note of the last run is that of the sweep's, and says other things. */
function objectProblems(reference: Observed, observed: Observed): string[] {
  const isSwept = [...byMapping(observed.writes).values()]
    .map(courseOf)
    .some((course) => isSweptAt(course, course.length - 3));
  return isSwept
    ? differences(withoutRunNote(reference.objects), withoutRunNote(observed.objects))
    : differences(reference.objects, observed.objects);
}

/** Creations at 0 that came when the run had gone on already, and that were taken away again. */
export function sweptMappings({ writes }: Observed): number {
  return [...byMapping(writes).values()].map(courseOf).reduce((count, course) => count + withoutSwept(course).swept, 0);
}

/** Weights by canary Mapping, in the order in which they were written. */
export function courses(observed: Observed): ReadonlyMap<string, readonly Weight[]> {
  const found = [...byMapping(observed.writes)].map(
    ([name, writes]) => [name, withoutSwept(courseOf(writes)).course] as const,
  );
  return new Map(found);
}

function courseProblems(reference: Observed, observed: Observed): string[] {
  const [expected, actual] = [courses(reference), courses(observed)];
  return [...new Set([...expected.keys(), ...actual.keys()])].flatMap((name) => {
    const [wanted, found] = [expected, actual].map((all) => all.get(name)?.join(' ') ?? 'nothing');
    return wanted === found ? [] : [`weights of ${name}: ${found} instead of ${wanted}`];
  });
}

/**
 * The brake and the run may both write 0, and the one that comes second need not write at all, so zeros in a row count as one.
 * A weight above 0 that is written again is a repetition, and stays one.
 */
function courseOf(writes: readonly WeightWrite[]): readonly Weight[] {
  return writes.map(({ weight }) => weight).filter((weight, index, all) => weight !== 0 || all[index - 1] !== 0);
}

/** `… gone 0 gone …`: a Mapping that was created too late, at 0, and removed again, by the sweep or by the next run. */
function withoutSwept(course: readonly Weight[]): { readonly course: readonly Weight[]; readonly swept: number } {
  const at = course.findIndex((_, index) => isSweptAt(course, index));
  if (at < 0) {
    return { course, swept: 0 };
  }
  const rest = withoutSwept(course.toSpliced(at, 2));
  return { ...rest, swept: rest.swept + 1 };
}

function isSweptAt(course: readonly Weight[], index: number): boolean {
  return course.slice(index, index + 3).join() === 'gone,0,gone';
}

/** From an abort that was answered until the end, and on each Mapping from a weight that went down until it is gone. */
function forbiddenRaises({ writes, commands }: Observed): string[] {
  const abortedMs = commands.find(({ name }) => name === 'abort')?.answeredMs ?? Infinity;
  return [...byMapping(writes)].flatMap(([name, own]) =>
    own.flatMap(({ weight, atMs }, index) => {
      const before = own[index - 1]?.weight ?? 'gone';
      if (weight === 'gone' || weight <= (before === 'gone' ? 0 : before)) {
        return [];
      }
      const wentDown = own.findLastIndex((one, at) => at < index && isFall(own[at - 1]?.weight, one.weight));
      const goneSince = own.findLastIndex((one, at) => at < index && one.weight === 'gone');
      return [
        ...(atMs > abortedMs ? [`${name} was raised to ${weight} after an abort`] : []),
        ...(wentDown > goneSince ? [`${name} was raised to ${weight} after it went down`] : []),
      ];
    }),
  );
}

function isFall(from: Weight | undefined, to: Weight): boolean {
  return typeof from === 'number' && typeof to === 'number' && to < from;
}

/** Before it may be sent: the pause after the weight before it, or somebody's command. */
function earlyWeights({ pauses, held }: Scenario, observed: Observed): string[] {
  return [...byMapping(observed.writes).keys()].flatMap((name) => {
    const early = pauses.flatMap(({ after, before, ms }) => {
      const lastedMs = sentMs(observed, name, before) - sentMs(observed, name, after);
      return lastedMs < ms - ROUNDING_MS ? [`${name} has ${before} ${lastedMs} ms after ${after}, not ${ms} ms`] : [];
    });
    const uncalled = held.flatMap(({ weight, until }) => {
      const calledMs = observed.commands.find((command) => command.name === until)?.sentMs ?? Infinity;
      return sentMs(observed, name, weight) < calledMs ? [`${name} has ${weight} before ${until}`] : [];
    });
    return [...early, ...uncalled];
  });
}

/**
 * When the API server was first sent a write that it took: a pause begins no earlier, and nobody sends the weight after it before
 * it is over. Of a write that did not go through the proxy: when the watch told of it. Not a number: it was not written.
 */
function sentMs({ requests, writes }: Observed, mapping: string, percent: number): number {
  const taken = requests.flatMap(({ weight, status = Infinity, forwardedMs }) =>
    weight?.mapping === mapping && weight.percent === percent && status < 300 ? (forwardedMs ?? []) : [],
  );
  const seen = writes.find((write) => write.mapping === mapping && write.weight === percent);
  return taken.length > 0 ? Math.min(...taken) : (seen?.atMs ?? Number.NaN);
}

function byMapping(writes: readonly WeightWrite[]): ReadonlyMap<string, readonly WeightWrite[]> {
  return Map.groupBy(writes, ({ mapping }) => mapping);
}
