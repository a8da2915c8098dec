import type { SeenRequest } from './exchange.ts';
import type { DoneActivity, RecordedHistory } from './history.ts';
import { numbered } from './numbered.ts';
import type { Scenario } from './scenarios.ts';
import type { Observed } from './trial.ts';
import { PROCESS_FAULTS, REQUEST_FAULTS, type Case, type Cut } from './types.ts';

/** An undisturbed run of a scenario. */
export interface Recording {
  readonly scenario: Scenario;
  readonly observed: Observed;
  readonly history: RecordedHistory;
}

/** What cases are made of. */
export type CourseOfRun = Pick<Recording, 'history'> & {
  readonly scenario: Pick<Scenario, 'name'>;
  readonly observed: Pick<Observed, 'requests' | 'commands' | 'startedMs'>;
};

/** A cut in words, for people and for ids. */
interface Point {
  readonly name: string;
  readonly cut: Cut;
  readonly offsetMs: number;
}

/** Temporal writes down when an attempt began and ended; the worker sends its requests between the two, on the same clock. */
const CLOCK_MS = 15;

/** The one activity that works beside the others, and what only it writes. */
const REPORTER = 'reportStatus';
const REPORTS = /^(POST\.events|PATCH\.rollouts\.[^.]+\.(status|annotations))#/;
const WRITES = /^(POST|PATCH|DELETE)\./;
const STATUS = /^PATCH\.rollouts\.[^.]+\.status#/;

/**
 * Every case of a scenario: each fault of processes at each cut point, and each fault of requests at each request. All come from the
 * undisturbed run: an activity or a request that is added to the product is disturbed without anybody's thinking of it.
 */
export function casesOf(course: CourseOfRun): Case[] {
  const { scenario, observed } = course;
  const points = [...activityPoints(course), ...timerPoints(course), ...commandPoints(observed)];
  const requests: Point[] = [
    ...observed.requests.map(({ key, atMs }) => ({
      name: `request/${key}`,
      cut: { kind: 'request', key, moment: 'before' } as const,
      offsetMs: atMs - observed.startedMs,
    })),
    { name: 'request/shared', cut: { kind: 'shared' }, offsetMs: 0 },
  ];
  const cross = (some: readonly Point[], faults: readonly Case['fault'][]): Case[] =>
    some.flatMap(({ name, cut, offsetMs }) =>
      faults.map((fault) => ({
        id: `${scenario.name}/${name}/${fault}`,
        scenario: scenario.name,
        cut,
        fault,
        offsetMs,
      })),
    );
  const cases = [...cross(points, PROCESS_FAULTS), ...cross(requests, REQUEST_FAULTS)];
  return [...new Map(cases.map((one) => [one.id, one])).values()];
}

function activityPoints({ observed, history }: CourseOfRun): Point[] {
  const number = numbered();
  return history.activities.flatMap((activity) => {
    const name = number(activity.type);
    return requestsOf(activity, observed.requests).flatMap(({ key, atMs }) =>
      (['before', 'accepted', 'answered'] as const).map((moment) => ({
        name: `activity/${name}/${kindOf(key)}/${moment}`,
        cut: { kind: 'request', key, moment } as const,
        offsetMs: atMs - observed.startedMs,
      })),
    );
  });
}

/**
 * The first write of each kind, for an activity may write several; of the reporter, on which nothing depends, only the status;
 * of one that only reads, what it read first.
 */
function requestsOf({ type, startedMs, closedMs }: DoneActivity, requests: readonly SeenRequest[]): SeenRequest[] {
  const own = requests.filter(
    ({ key, atMs }) =>
      atMs >= startedMs - CLOCK_MS && atMs <= closedMs + CLOCK_MS && REPORTS.test(key) === (type === REPORTER),
  );
  const writes = own.filter(({ key }) => (type === REPORTER ? STATUS : WRITES).test(key));
  // The reporter reads the Rollout too, and nothing tells the two apart.
  const reads = own.toSorted((a, b) => Number(readsRollout(a)) - Number(readsRollout(b))).slice(0, 1);
  const found = writes.length > 0 ? writes : reads;
  return [...new Map(found.toReversed().map((request) => [kindOf(request.key), request])).values()].toReversed();
}

function readsRollout({ key }: SeenRequest): boolean {
  return key.startsWith('GET.rollouts.');
}

/** `PATCH.mappings` of `PATCH.mappings.app0-canary.w30#1`; of a Rollout with what is written, which is of different things. */
function kindOf(key: string): string {
  const [method, plural, ...rest] = key.replace(/#\d+$/, '').split('.');
  return [method, plural, ...(plural === 'rollouts' ? rest.slice(1) : [])].join('.');
}

function timerPoints({ observed, history }: CourseOfRun): Point[] {
  const number = numbered();
  return history.timers.flatMap(({ name, startedMs, dueMs, fired }) => {
    const timer = number(name);
    const slug = timer.replaceAll(/[^\w.#-]+/g, '-');
    const started: Point = {
      name: `timer/${slug}/started`,
      cut: { kind: 'timer', timer, moment: 'started' },
      offsetMs: startedMs - observed.startedMs,
    };
    const firing: Point = {
      name: `timer/${slug}/fired`,
      cut: { kind: 'timer', timer, moment: 'fired' },
      offsetMs: dueMs - observed.startedMs,
    };
    return fired ? [started, firing] : [started];
  });
}

function commandPoints({ commands, startedMs }: CourseOfRun['observed']): Point[] {
  return commands.flatMap(({ name, sentMs }) =>
    (['before', 'answered'] as const).map((moment) => ({
      name: `command/${name}/${moment}`,
      cut: { kind: 'command', command: name, moment } as const,
      offsetMs: sentMs - startedMs,
    })),
  );
}
