/** What became of the memory of a process in a soak. */
export interface Growth {
  /** Medians in megabytes: of the second quarter of the time, when caches are full and code is compiled, and of the last. */
  readonly warm: number;
  readonly end: number;
  readonly most: number;
  readonly isFlat: boolean;
}

/** Of what it was when warm: more is no longer flat. Less cannot be told from when the garbage was collected last. */
const FLAT_SHARE = 1.2;

/** @param samples - megabytes, at equal intervals */
export function growthOf(samples: readonly number[]): Growth {
  const at = (share: number): number => Math.floor(samples.length * share);
  const warm = median(samples.slice(at(0.25), at(0.5)));
  const end = median(samples.slice(at(0.75)));
  return { warm, end, most: Math.max(...samples), isFlat: end <= warm * FLAT_SHARE };
}

/** Not a number when there are none: nothing is known, and so nothing is flat. */
function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
