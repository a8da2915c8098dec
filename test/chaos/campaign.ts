import { availableParallelism } from 'node:os';
import { prepareAll, runAlone, runShared, runTogether, type Field, type Prepared } from './batch.ts';
import { casesOf, type Recording } from './cut-points.ts';
import { batchesOf } from './order.ts';
import { record } from './record.ts';
import { scenarioOf } from './scenarios.ts';
import type { Stage } from './stage.ts';
import { PROCESS_FAULTS, REQUEST_FAULTS, isProcessFault, type Case, type CaseResult } from './types.ts';

/** Rollouts under way at once. A rollout waits most of its time; with more of them each comes too late to its cut point. */
export const DEFAULT_LANES = availableParallelism() * 7;
const MOST_ATTEMPTS = 3;
/** The end of each share of the others waits for the last of them, with little else to do. */
const BATCHES_A_TURN = 6;

export interface CampaignOptions extends Field {
  /** In the order in which they are to be run, by and large. */
  readonly cases: readonly Case[];
  /** Rollouts under way at once. */
  readonly lanes: number;
  /** Nothing new is begun once it is aborted. */
  readonly signal: AbortSignal;
  /** Told of each rollout as it ends; of a case that was not reached, more than once. */
  readonly onResult: (result: CaseResult) => void;
}

/**
 * Two undisturbed runs of each scenario by name, and all cases that both of them give: how often the status is reported, say,
 * is not the same in any two runs, and a report that may not come is no cut point.
 *
 * @throws Error when an undisturbed run breaks a promise, or ends elsewhere than the one before it
 */
export async function recorded(
  stage: Stage,
  names: readonly string[],
): Promise<{ recordings: ReadonlyMap<string, Recording>; cases: Case[] }> {
  await stage.ready();
  // All at once: cut points are met at the times of a machine that does other things too.
  const first = await Promise.all(names.map((name) => record(stage, scenarioOf(name))));
  const again = await Promise.all(first.map((one) => record(stage, one.scenario, one)));
  const ids = new Set(first.flatMap(casesOf).map(({ id }) => id));
  const recordings = new Map(again.map((one) => [one.scenario.name, one]));
  return { recordings, cases: again.flatMap(casesOf).filter(({ id }) => ids.has(id)) };
}

/**
 * Runs cases until there are none left, or no time: some batches of faults of processes, and then a share of the others, by turns,
 * so that of everything about the same part is done whenever it ends.
 */
export async function campaign(options: CampaignOptions): Promise<void> {
  const { cases, signal, onResult } = options;
  const own = cases.filter(({ fault, cut }) => !isProcessFault(fault) && cut.kind !== 'shared');
  const shared = REQUEST_FAULTS.map((fault) => cases.filter((one) => one.fault === fault && one.cut.kind === 'shared'));
  const batches = new Batches(options);
  const share = Math.ceil(own.length / Math.max(1, Math.ceil(batches.count / BATCHES_A_TURN)));
  while (!signal.aborted && (own.length > 0 || batches.count > 0 || shared.length > 0)) {
    for (let turn = 0; turn < BATCHES_A_TURN && batches.count > 0 && !signal.aborted; turn++) {
      (await batches.runNext()).forEach(onResult);
    }
    const group = shared.shift() ?? [];
    if (group.length > 0 && !signal.aborted) {
      (await runShared(options, group)).forEach(onResult);
    }
    await inLanes(own.splice(0, share), options);
  }
}

/** Batches of faults of processes, each set up while the one before it comes to its end. */
class Batches {
  private waiting: Case[][];
  /** Who came too late is tried again, at the end, among others that did. */
  private late: Case[] = [];
  private readonly attempts = new Map<string, number>();
  private next: Promise<Prepared[]> | undefined;

  constructor(private readonly options: CampaignOptions) {
    this.waiting = this.batchesOf(options.cases);
  }

  /** That are still to be run, as far as it is known. */
  get count(): number {
    return this.waiting.length + (this.next === undefined ? 0 : 1) + (this.late.length === 0 ? 0 : 1);
  }

  async runNext(): Promise<CaseResult[]> {
    this.next ??= this.prepareNext();
    const prepared = (await this.next) ?? [];
    this.next = undefined;
    const results = await runTogether(this.options, prepared, () => {
      this.next = this.options.signal.aborted ? undefined : this.prepareNext();
    });
    this.noteLate(prepared, results);
    return results;
  }

  private prepareNext(): Promise<Prepared[]> | undefined {
    if (this.waiting.length === 0) {
      this.waiting = this.batchesOf(this.late.splice(0));
    }
    const cases = this.waiting.shift();
    const preparing = cases && prepareAll(this.options, cases);
    // Whoever waits for it is told.
    preparing?.catch(() => undefined);
    return preparing;
  }

  private noteLate(prepared: readonly Prepared[], results: readonly CaseResult[]): void {
    const unreached = new Set(results.filter(({ verdict }) => verdict === 'unreached').map(({ id }) => id));
    for (const { one } of prepared) {
      const count = (this.attempts.get(one.id) ?? 0) + 1;
      this.attempts.set(one.id, count);
      if (unreached.has(one.id) && count < MOST_ATTEMPTS) {
        this.late.push(one);
      }
    }
  }

  /** One of each fault, by turns. */
  private batchesOf(cases: readonly Case[]): Case[][] {
    const queues = PROCESS_FAULTS.map((fault) =>
      batchesOf(
        cases.filter((one) => one.fault === fault),
        this.options.lanes,
      ),
    );
    const longest = Math.max(...queues.map(({ length }) => length));
    return Array.from({ length: longest }, (_, turn) => queues.flatMap((queue) => queue.slice(turn, turn + 1))).flat();
  }
}

async function inLanes(cases: Case[], options: CampaignOptions): Promise<void> {
  const work = async (): Promise<void> => {
    for (let one = cases.shift(); one !== undefined && !options.signal.aborted; one = cases.shift()) {
      options.onResult(await runAlone(options, one));
    }
  };
  await Promise.all(Array.from({ length: options.lanes }, work));
}
