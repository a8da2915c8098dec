import { BARE_PATCH } from './rows.ts';

/** Who was measured. */
export type SideName = 'weir' | 'argo' | 'argoTuned';

/** `%` is of one core. */
export type Unit = 'ms' | 'requests' | 'MB' | 'KB' | '%';

/** Many times the same thing. */
export interface Distribution {
  readonly n: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Names a row of the table. */
export interface Row {
  readonly what: string;
  /** Under which load, such as `100 at once`. */
  readonly when: string;
}

/** What one turn of a measurement found; those of several turns are put together. */
export interface Sample extends Row {
  readonly side: SideName;
  /** Default: milliseconds. */
  readonly unit?: Unit;
  readonly values: readonly number[];
  /** Milliseconds of bare PATCHes in between. */
  readonly bare?: readonly number[];
  /** What a value is made of, by name. */
  readonly parts?: Readonly<Record<string, number>>;
}

export interface Figure extends Row, Distribution {
  readonly side: SideName;
  readonly unit: Unit;
  /** Of a bare PATCH in the same minutes. */
  readonly bare?: Distribution;
  readonly parts?: Readonly<Record<string, number>>;
}

/**
 * One figure a row and side, in the order of the first sample of each.
 *
 * @throws RangeError for a sample without values
 */
export function figuresOf(samples: readonly Sample[]): Figure[] {
  const groups = Map.groupBy(samples, ({ what, when, side }) => JSON.stringify([what, when, side]));
  return [...groups.values()].map((group) => {
    const [{ what, when, side, unit = 'ms' }] = group as [Sample, ...Sample[]];
    const bare = group.flatMap((sample) => sample.bare ?? []);
    const parts = group.find((sample) => sample.parts !== undefined)?.parts;
    return {
      what,
      when,
      side,
      unit,
      ...distributionOf(
        `${what} (${when})`,
        group.flatMap(({ values }) => values),
      ),
      ...(bare.length > 0 && { bare: distributionOf(BARE_PATCH, bare) }),
      ...(parts !== undefined && { parts }),
    };
  });
}

/** Quantiles by the nearest rank: a value that was measured, not one between two. */
function distributionOf(name: string, values: readonly number[]): Distribution {
  if (values.length === 0) {
    throw new RangeError(`nothing was measured for ${name}`);
  }
  const sorted = values.toSorted((a, b) => a - b);
  const quantile = (share: number): number => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
  return { n: sorted.length, p50: quantile(0.5), p99: quantile(0.99), max: quantile(1) };
}
