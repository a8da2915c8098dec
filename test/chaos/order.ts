import { createHash } from 'node:crypto';
import { isProcessFault, type Case } from './types.ts';

/** The same order for the same seed, and the same of any two cases whichever others there are. */
export function shuffled(cases: readonly Case[], seed: number): Case[] {
  const rank = new Map(cases.map((one) => [one, createHash('sha256').update(`${seed}/${one.id}`).digest('hex')]));
  return cases.toSorted((a, b) => (rank.get(a) ?? '').localeCompare(rank.get(b) ?? ''));
}

/** So many cases at most that cover every fault at every kind of cut point and in every scenario, as far as they reach. */
export function slice(cases: readonly Case[], seed: number, count: number): Case[] {
  const wanted = shuffled(cases, seed);
  const chosen = new Set<Case>();
  const covered = new Set<string>();
  for (const tell of [placesOf, pairsOf]) {
    for (const one of wanted) {
      if (chosen.size < count && tell(one).some((mark) => !covered.has(mark))) {
        chosen.add(one);
        [...placesOf(one), ...pairsOf(one)].forEach((mark) => covered.add(mark));
      }
    }
  }
  const others = wanted.filter((one) => !chosen.has(one));
  return [...chosen, ...others.slice(0, count - chosen.size)];
}

/**
 * Batches of cases of one fault of processes, which it strikes all at once. Those whose cut points are close to each other in
 * the same scenario are together: they come there at the same time, however slow the machine is. The batches are in the
 * order in which the first of their cases comes.
 *
 * @param cases - in the order in which they are to be run
 */
export function batchesOf(cases: readonly Case[], size: number): Case[][] {
  const place = new Map(cases.map((one, index) => [one, index]));
  const first = (batch: readonly Case[]): number => Math.min(...batch.map((one) => place.get(one) ?? 0));
  const neighbours = cases.toSorted((a, b) => a.scenario.localeCompare(b.scenario) || a.offsetMs - b.offsetMs);
  const batches: Case[][] = [];
  for (const one of neighbours) {
    const batch = batches.at(-1);
    // One that cannot wait strikes when it is there; another one would come too late.
    const isFull = batch === undefined || batch.length >= size || (isUrgent(one) && batch.some(isUrgent));
    if (isFull) {
      batches.push([one]);
    } else {
      batch.push(one);
    }
  }
  return batches.toSorted((a, b) => first(a) - first(b));
}

function isUrgent({ cut }: Case): boolean {
  return cut.kind === 'timer' && cut.moment === 'fired';
}

function placesOf({ fault, scenario, cut }: Case): string[] {
  const moment = 'moment' in cut ? cut.moment : '';
  return [`fault ${fault}`, `scenario ${scenario}`, `${cut.kind} ${moment} ${isProcessFault(fault) ? fault : ''}`];
}

function pairsOf({ fault, scenario }: Case): string[] {
  return [`${fault} in ${scenario}`];
}
