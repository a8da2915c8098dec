/** What was measured, of many times the same thing. */
export interface Figure {
  readonly name: string;
  /** Absent: milliseconds. */
  readonly unit?: string;
  readonly n: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** p50 over that of a bare PATCH in the same minutes; absent: not compared. */
  readonly ofBarePatch?: number;
  /** What it should be, and whether it is. */
  readonly goal?: { readonly text: string; readonly isMet: boolean };
}

/** @throws RangeError without values */
export function figureOf(name: string, values: readonly number[]): Figure {
  if (values.length === 0) {
    throw new RangeError(`nothing was measured for ${name}`);
  }
  const sorted = values.toSorted((a, b) => a - b);
  return {
    name,
    n: sorted.length,
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    max: sorted.at(-1) ?? Number.NaN,
  };
}

/** The nearest rank: a value that was measured, not one between two. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** As a Markdown table. */
export function tableOf(figures: readonly Figure[]): string {
  const header = ['What', 'n', 'unit', 'p50', 'p99', 'max', '× bare PATCH', 'Goal'];
  const rows = figures.map(({ name, unit = 'ms', n, p50, p99, max, ofBarePatch, goal }) => [
    name,
    String(n),
    unit,
    p50.toFixed(1),
    p99.toFixed(1),
    max.toFixed(1),
    ofBarePatch?.toFixed(2) ?? '',
    goal === undefined ? '' : `${goal.text}: ${goal.isMet ? 'met' : 'MISSED'}`,
  ]);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}
