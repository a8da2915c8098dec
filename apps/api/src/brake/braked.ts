import type { BrakeView } from '../commands/command.schemas.ts';

/** A canary Mapping that the brake has written. */
export interface BrakedMapping {
  readonly name: string;
  /** Percent. */
  readonly weight: number;
}

/** What the brake has done. */
export interface Braked {
  readonly written: readonly BrakedMapping[];
  /** There is a canary Mapping of this Rollout's, written or not: some run made it. */
  readonly seen: boolean;
  /** The Rollout carries the order, because a canary Mapping was not there yet. */
  readonly isOnRollout: boolean;
  /** What was not done, and why. */
  readonly problems: readonly string[];
}

export const NOTHING_BRAKED: Braked = { written: [], seen: false, isOnRollout: false, problems: [] };

/** How an abort got to a run. */
export type AbortFate = 'told' | 'broughtHome' | 'temporalAway' | 'temporalRefuses';

const FATES: Readonly<Record<AbortFate, string>> = {
  told: 'the run was told to take the traffic back to stable',
  broughtHome: 'no run was open, and one was started that takes the traffic back to stable',
  temporalAway: 'Temporal cannot be reached, and the run ends aborted when it is back',
  temporalRefuses: 'Temporal did not take the abort from the API, and a worker tells the run in its place',
};

export function isWritten({ written, isOnRollout }: Braked): boolean {
  return written.length > 0 || isOnRollout;
}

/** For the answer; null when nothing was written. */
export function brakeView(braked: Braked): BrakeView | null {
  if (!isWritten(braked)) {
    return null;
  }
  const note = notesOf(braked).join('; ');
  return {
    weight: weightOf(braked),
    mappings: braked.written.map(({ name }) => name).toSorted(),
    ...(note !== '' && { note }),
  };
}

/** What became of an abort, in a sentence. */
export function abortMessage(braked: Braked, fate: AbortFate): string {
  const { written } = braked;
  const names = written.map(({ name }) => name).toSorted();
  const done = written.length === 0 ? [] : [`weight ${weightOf(braked)} is written on ${names.join(', ')}`];
  return [...done, ...notesOf(braked), FATES[fate]].join('; ');
}

/** The highest that was written. */
function weightOf({ written }: Braked): number {
  return Math.max(0, ...written.map(({ weight }) => weight));
}

function notesOf(braked: Braked): string[] {
  const weight = weightOf(braked);
  return [
    ...(weight > 0 ? [`the canary keeps ${weight} % until stable has pods for the rest`] : []),
    ...(braked.isOnRollout ? ['the order stands on the Rollout, for canary Mappings that are not there yet'] : []),
    ...braked.problems,
  ];
}
