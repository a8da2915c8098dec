import type { Distribution, Figure, Row, SideName, Unit } from './figures.ts';
import {
  BRAKE,
  COMMAND,
  COMMANDS,
  COURSE,
  CRASH,
  DRIFT,
  ONE_AT_A_TIME,
  PAUSED,
  REQUESTS,
  STORM,
  TIMERS,
  whenAtOnce,
  whenBusy,
  whenPaused,
  whenUnderWay,
} from './rows.ts';

type Quantile = 'p50' | 'p99';
type Peer = Exclude<SideName, 'weir'>;

/** What a figure of Weir's is to be at most. */
export interface Target extends Row {
  readonly quantile: Quantile;
  readonly atMost:
    /** In the unit of the figure. */
    | { readonly value: number }
    /** So many times the peer's same figure. */
    | { readonly times: number; readonly side: Peer }
    /** So many times Weir's own figure in another case. */
    | { readonly times: number; readonly when: string }
    | { readonly barePatches: number };
}

export interface Verdict {
  readonly target: Target;
  /** `missing`: this run did not measure what is to be compared. */
  readonly outcome: 'met' | 'missed' | 'missing';
  readonly unit?: Unit;
  readonly value?: number;
  readonly limit?: number;
  /** Value over limit: above 1 it is missed. */
  readonly factor?: number;
}

const toPeer = (row: Row, quantile: Quantile, times: Readonly<Partial<Record<Peer, number>>>): Target[] =>
  (Object.entries(times) as [Peer, number][]).map(([side, most]) => ({
    ...row,
    quantile,
    atMost: { times: most, side },
  }));

const ONE_COURSE = whenAtOnce(1);
const HUNDRED = whenAtOnce(100);
/** The cases of the full run. */
const FEW_PAUSED = whenPaused(100);
const MOST_PAUSED = whenPaused(2_000);
/** What the shared watches keep of a Rollout and its Mappings, and the noise of a heap; a run in the cache is ten times that. */
const EVICTED_KB = 50;

/** What this project has set itself, from the issues that asked for it. */
export const TARGETS: readonly Target[] = [
  ...toPeer({ what: COURSE.gone, when: ONE_COURSE }, 'p50', { argo: 1 / 5 }),
  ...(['p50', 'p99'] as const).flatMap((quantile) =>
    toPeer({ what: COURSE.switched, when: HUNDRED }, quantile, { argo: 1 / 4, argoTuned: 1 / 2 }),
  ),
  ...toPeer({ what: STORM.abort, when: ONE_AT_A_TIME }, 'p50', { argo: 1 }),
  { what: STORM.abort, when: ONE_AT_A_TIME, quantile: 'p50', atMost: { barePatches: 2 } },
  ...toPeer({ what: STORM.abort, when: HUNDRED }, 'p99', { argo: 1 / 20, argoTuned: 1 / 2 }),
  ...[1, 5].flatMap((mappings) =>
    toPeer({ what: REQUESTS.own, when: whenAtOnce(10, mappings) }, 'p50', { argo: 1 / 3 }),
  ),
  { what: PAUSED.growth, when: 'from 500 to 2000 paused', quantile: 'p50', atMost: { value: EVICTED_KB } },
  ...COMMANDS.map((command): Target => ({
    what: COMMAND.answered(command),
    when: MOST_PAUSED,
    quantile: 'p99',
    atMost: { times: 2, when: FEW_PAUSED },
  })),
  { what: TIMERS.fired, when: whenUnderWay(10), quantile: 'p99', atMost: { value: 100 } },
  ...[5, 1].map((pauseSeconds): Target => ({
    what: CRASH.oneOfTwo,
    when: whenUnderWay(20, pauseSeconds),
    quantile: 'p99',
    atMost: { value: 3_000 },
  })),
  { what: DRIFT.all, when: 'at random moments', quantile: 'p99', atMost: { value: 1_000 } },
  { what: BRAKE.braked, when: whenBusy(200), quantile: 'p50', atMost: { barePatches: 2 } },
];

/** Compares each target with what was measured. */
export function judge(figures: readonly Figure[], targets: readonly Target[] = TARGETS): Verdict[] {
  const find = ({ what, when }: Row, side: SideName): Figure | undefined =>
    figures.find((figure) => figure.what === what && figure.when === when && figure.side === side);
  return targets.map((target) => {
    const figure = find(target, 'weir');
    const limit = limitOf(target, figure, find);
    if (figure === undefined || limit === undefined) {
      return { target, outcome: 'missing' };
    }
    const value = figure[target.quantile];
    const outcome = value <= limit ? 'met' : 'missed';
    return { target, outcome, unit: figure.unit, value, limit, factor: value / limit };
  });
}

function limitOf(
  target: Target,
  figure: Figure | undefined,
  find: (row: Row, side: SideName) => Figure | undefined,
): number | undefined {
  const { atMost, quantile, what } = target;
  const times = (factor: number, of: Distribution | undefined): number | undefined => of && factor * of[quantile];
  if ('value' in atMost) {
    return atMost.value;
  }
  if ('barePatches' in atMost) {
    return times(atMost.barePatches, figure?.bare);
  }
  return 'side' in atMost
    ? times(atMost.times, find(target, atMost.side))
    : times(atMost.times, find({ what, when: atMost.when }, 'weir'));
}

/** As a Markdown table. */
export function verdictsOf(verdicts: readonly Verdict[]): string {
  const header = ['Target', 'At most', 'Measured', 'Limit', 'Factor', ''];
  const rows = verdicts.map(({ target, outcome, unit = '', value, limit, factor }) => [
    `${target.what}, ${target.when}, ${target.quantile}`,
    textOf(target, unit),
    value === undefined ? '' : `${value.toFixed(1)} ${unit}`,
    limit === undefined ? '' : `${limit.toFixed(1)} ${unit}`,
    factor?.toFixed(2) ?? '',
    { met: 'met', missed: '**MISSED**', missing: 'not measured in this run' }[outcome],
  ]);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

const PEER_TITLES: Readonly<Record<Peer, string>> = { argo: 'Argo Rollouts', argoTuned: 'Argo Rollouts tuned' };

function textOf({ atMost }: Target, unit: string): string {
  if ('value' in atMost) {
    return `${atMost.value} ${unit}`.trim();
  }
  if ('barePatches' in atMost) {
    return `${atMost.barePatches} bare PATCHes`;
  }
  const factor = atMost.times < 1 ? `1/${Math.round(1 / atMost.times)}` : `${atMost.times} ×`;
  return `${factor} ${'side' in atMost ? PEER_TITLES[atMost.side] : `the same with ${atMost.when}`}`;
}
