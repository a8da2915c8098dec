import { setTimeout as delay } from 'node:timers/promises';
import type { Recording } from './cut-points.ts';
import { passOn } from './lane.ts';
import { outageOf } from './outage.ts';
import { REQUEST_FAULT_HANDLERS } from './request-faults.ts';
import { arrange, judge, type Arranged } from './run-case.ts';
import { scenarioOf } from './scenarios.ts';
import type { Stage } from './stage.ts';
import { Trial, type Observed } from './trial.ts';
import { isProcessFault, type Case, type CaseResult } from './types.ts';

/** Those of a batch that can wait come this much before one that cannot, or not for long. */
const LEAD_MS = 1_500;
const PATIENT_MS = 5_000;
/** A batch of which none reaches its cut has gone another way. */
const NOBODY_MS = 60_000;

/** Where cases are run, and what is seen is compared with. */
export interface Field {
  readonly stage: Stage;
  /** Undisturbed runs by the name of their scenario. */
  readonly recordings: ReadonlyMap<string, Recording>;
}

export interface Prepared {
  readonly one: Case;
  readonly recording: Recording;
  readonly trial: Trial;
  readonly arranged: Arranged;
}

/** A case whose fault disturbs only its own rollout. */
export async function runAlone(field: Field, one: Case): Promise<CaseResult> {
  const prepared = await prepare(field, one);
  const observed = await start(prepared);
  return finish(prepared, observed, { isDone: prepared.arranged.isDone(), strike: prepared.trial.app.namespace });
}

/** Rollouts that are set up and not begun. */
export function prepareAll(field: Field, cases: readonly Case[]): Promise<Prepared[]> {
  return Promise.all(cases.map((one) => prepare(field, one)));
}

/**
 * Cases with the same fault of processes: their rollouts are started so that all come to their cut points at about the same
 * time, and wait there for each other, and then it strikes once. Whoever came too late was disturbed somewhere else: what is
 * seen of it is checked all the same, and its case is `unreached`.
 *
 * @param onMended - the fault is over, and the rollouts are on their way to their end
 */
export async function runTogether(
  { stage }: Field,
  prepared: readonly Prepared[],
  onMended: () => void,
): Promise<CaseResult[]> {
  const fault = prepared[0]?.one.fault;
  if (fault === undefined || !isProcessFault(fault)) {
    throw new Error('a batch needs cases with the same fault of processes');
  }
  const outage = outageOf(fault, stage);
  const latestMs = Math.max(...prepared.map(arrivalOf));
  const running = prepared.map(async (each) => {
    await delay(latestMs - arrivalOf(each));
    return start(each);
  });
  await gathered(prepared, Promise.allSettled(running));
  const arrived = new Set<Prepared>();
  await Promise.all(
    prepared.map(async (each) => {
      if ((await each.arranged.breakpoint?.go()) === true) {
        arrived.add(each);
      }
    }),
  );
  const strike = `${fault} ${new Date().toISOString()}`;
  await outage.strike();
  prepared.forEach(({ arranged }) => arranged.breakpoint?.struck());
  await outage.mend();
  await stage.ready();
  onMended();
  return finishAll(prepared, await Promise.all(running), (each) => ({ isDone: arrived.has(each), strike }));
}

/**
 * Cases with the same fault of requests that name no namespace: of each kind as many as there are rollouts are disturbed,
 * whosever they are.
 */
export async function runShared(field: Field, cases: readonly Case[]): Promise<CaseResult[]> {
  const fault = cases[0]?.fault;
  if (fault === undefined || isProcessFault(fault)) {
    throw new Error('needs cases with the same fault of requests');
  }
  const prepared = await prepareAll(field, cases);
  const { proxy } = field.stage;
  const counts = new Map<string, number>();
  const disturbed: Promise<void>[] = [];
  proxy.shared = (exchange) => {
    const [kind = ''] = exchange.seen.signature.split('?');
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    const handled = (count > cases.length ? passOn : REQUEST_FAULT_HANDLERS[fault])(exchange);
    disturbed.push(handled);
    return handled;
  };
  const observed = await Promise.all(prepared.map(start));
  proxy.shared = passOn;
  await Promise.allSettled(disturbed);
  const isDone = [...counts.values()].some((count) => count >= cases.length);
  const strike = `${fault} ${new Date().toISOString()}`;
  return finishAll(prepared, observed, () => ({ isDone, strike }));
}

async function prepare({ stage, recordings }: Field, one: Case): Promise<Prepared> {
  const recording = recordings.get(one.scenario);
  if (recording === undefined) {
    throw new Error(`scenario ${one.scenario} was not recorded`);
  }
  const given = (): Promise<Trial> => Trial.given(stage, scenarioOf(one.scenario));
  // Nothing is disturbed yet: a request of the test's own that takes longer than 4 s, on a machine that is busy with others.
  return { one, recording, trial: await given().catch(given), arranged: arrange(one) };
}

function start({ trial, arranged, recording }: Prepared): Promise<Observed> {
  return trial.run(arranged.disturbance, recording.observed.objects);
}

interface Came {
  readonly isDone: boolean;
  readonly strike: string;
}

function finishAll(
  prepared: readonly Prepared[],
  observed: readonly Observed[],
  came: (prepared: Prepared) => Came,
): Promise<CaseResult[]> {
  return Promise.all(
    prepared.flatMap((each, index) => {
      const seen = observed[index];
      return seen === undefined ? [] : [finish(each, seen, came(each))];
    }),
  );
}

async function finish({ one, recording, trial }: Prepared, observed: Observed, came: Came): Promise<CaseResult> {
  const result = judge(one, recording, observed, came);
  // What went wrong can be looked at while the servers are up.
  if (result.verdict === 'held' || result.verdict === 'unreached') {
    await trial.dispose();
  }
  return result;
}

/** When it would come to its cut if it began at 0. */
function arrivalOf({ one, arranged }: Prepared): number {
  const { patienceMs = 0 } = arranged.breakpoint ?? {};
  return one.offsetMs - (patienceMs < PATIENT_MS ? LEAD_MS : 0);
}

/** Returns when all are there, or when one of them can wait no longer. */
async function gathered(prepared: readonly Prepared[], ended: Promise<unknown>): Promise<void> {
  const points = prepared.flatMap(({ arranged: { breakpoint } }) => (breakpoint === undefined ? [] : [breakpoint]));
  const over = new AbortController();
  const late = (ms: number): Promise<void> => delay(ms, undefined, { signal: over.signal }).catch(() => undefined);
  const all = Promise.all(points.map(({ reached }) => reached));
  const waited = points.map(({ reached, patienceMs }) => reached.then(() => late(patienceMs)));
  await Promise.race([...waited, all, late(NOBODY_MS), ended]);
  over.abort();
}
