import type { Distribution, Figure, SideName, Unit } from './figures.ts';
import { BARE_PATCH } from './rows.ts';

/** What Weir needs, as a multiple of what another needs: above 1 Weir needs more. */
export interface Ratio {
  readonly p50: number;
  readonly p99: number;
}

/** One thing, each side's figure of it, and how they compare. */
export interface TableRow {
  readonly what: string;
  readonly when: string;
  readonly unit: Unit;
  readonly sides: Readonly<Partial<Record<SideName, Figure>>>;
  /** Weir's figure over the peer's; absent: one of them was not measured. */
  readonly toPeer: Readonly<Partial<Record<Exclude<SideName, 'weir'>, Ratio>>>;
  /** Each side's figure over that of the bare PATCHes in its own turn. */
  readonly toBarePatch: Readonly<Partial<Record<SideName, Ratio>>>;
}

const PEERS = ['argo', 'argoTuned'] as const;
const SIDES = ['weir', ...PEERS] as const;
const HEADER = [
  ...['What', 'When', 'Unit', 'Weir', 'Argo', 'Argo tuned'],
  ...['Weir × Argo', 'Weir × Argo tuned', 'Weir × bare PATCH'],
];

/** In the order in which the figures came. */
export function rowsOf(figures: readonly Figure[]): TableRow[] {
  const groups = Map.groupBy(figures, ({ what, when }) => JSON.stringify([what, when]));
  return [...groups.values()].map((group) => {
    const [{ what, when, unit }] = group as [Figure, ...Figure[]];
    const sides = Object.fromEntries(group.map((figure) => [figure.side, figure])) as TableRow['sides'];
    return { what, when, unit, sides, toPeer: toPeer(sides), toBarePatch: toBarePatch(sides) };
  });
}

/** As a Markdown table; each cell is p50 / p99, or one number where only one thing was counted. */
export function tableOf(rows: readonly TableRow[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const alignment = HEADER.map((_, index) => (index < 3 ? '---' : '---:'));
  return [line(HEADER), line(alignment), ...rows.map((row) => line(cellsOf(row)))].join('\n');
}

function cellsOf({ what, when, unit, sides, toPeer: peer, toBarePatch: bare }: TableRow): string[] {
  const isOne = Object.values(sides).every(({ n }) => n === 1);
  const pair = (of: Ratio | undefined, text: (value: number) => string): string =>
    of === undefined ? '' : [of.p50, ...(isOne ? [] : [of.p99])].map(text).join(' / ');
  return [
    ...[what, when, unit],
    ...SIDES.map((side) => pair(sides[side], measuredText)),
    ...PEERS.map((side) => pair(peer[side], (value) => value.toFixed(2))),
    pair(bare.weir, (value) => value.toFixed(1)),
  ];
}

/** No tenths of what varies by more than one. */
function measuredText(value: number): string {
  return value.toFixed(value >= 100 ? 0 : 1);
}

function toPeer(sides: TableRow['sides']): TableRow['toPeer'] {
  const { weir } = sides;
  const ratios = PEERS.flatMap((side) => {
    const peer = sides[side];
    return weir !== undefined && peer !== undefined ? [[side, ratio(weir, peer)] as const] : [];
  });
  return Object.fromEntries(ratios);
}

function toBarePatch(sides: TableRow['sides']): TableRow['toBarePatch'] {
  const ratios = SIDES.flatMap((side) => {
    const figure = sides[side];
    const isComparable = figure?.bare !== undefined && figure.unit === 'ms' && figure.what !== BARE_PATCH;
    return isComparable ? [[side, ratio(figure, figure.bare)] as const] : [];
  });
  return Object.fromEntries(ratios);
}

function ratio(one: Distribution, other: Distribution): Ratio {
  return { p50: one.p50 / other.p50, p99: one.p99 / other.p99 };
}
