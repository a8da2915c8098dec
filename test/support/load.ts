export { startLoad, type Load, type LoadCounts, type LoadOptions, type Sample } from '@weir/sandbox';

/**
 * Whether so many canary answers among `total` are what chance makes of a share, or something is wrong.
 *
 * Each request draws for itself, so the number of canary answers is binomial. {@link chanceOf} is how probable it is to be
 * at least so far off, to either side; below `1 / oneIn` the answer is no. A gateway that is right is therefore found
 * wrong at most once in `oneIn` looks: the sum over all numbers that would be refused is at most that, because each of the
 * two tails that are refused has half of it at most.
 *
 * @param share - percent, 0 to 100; at 0 and 100 nothing else is within
 * @throws RangeError for numbers that no count and no share can be
 */
export function isWithinChance(observedCanary: number, total: number, share: number, oneIn = 1e6): boolean {
  return chanceOf(observedCanary, total, share) >= 1 / oneIn;
}

/**
 * How probable it is, in 0..1, that so many of `total` independent draws with that share are at least as far off: twice the
 * smaller tail of the binomial distribution, `min(P(X <= k), P(X >= k))`, and 1 at most. Exact but for rounding: the
 * probability of `k` itself by the sum of logarithms, so that nothing underflows before its time, and each next one by the
 * ratio of neighbours, `P(k+1) / P(k) = (n-k) / (k+1) * p / (1-p)`.
 *
 * @param share - percent
 * @throws RangeError as {@link isWithinChance}
 */
export function chanceOf(observed: number, total: number, share: number): number {
  const isCount = Number.isInteger(observed) && Number.isInteger(total) && observed >= 0 && observed <= total;
  if (!isCount || total === 0 || !(share >= 0 && share <= 100)) {
    throw new RangeError(
      `${observed} of ${total} at ${share} %: needs whole numbers, one or more in all, and 0 to 100 %`,
    );
  }
  if (share === 0 || share === 100) {
    return observed === (total * share) / 100 ? 1 : 0;
  }
  const p = share / 100;
  const tail = Math.min(lowerTail(observed, total, p), lowerTail(total - observed, total, 1 - p));
  return Math.min(1, 2 * tail);
}

/** `P(X <= k)`; the upper tail is the lower one of what was not drawn. */
function lowerTail(k: number, n: number, p: number): number {
  if (k >= n * p) {
    // It is only wanted where it is the smaller one, and from the mean on it is so at most near a half: then chance is 1.
    return 1;
  }
  // Below the mean the probabilities fall towards 0: from k downwards until what is added no longer counts.
  let one = Math.exp(logProbability(k, n, p));
  let sum = one;
  for (let i = k; i > 0 && one > sum * Number.EPSILON; i -= 1) {
    one *= (i / (n - i + 1)) * ((1 - p) / p);
    sum += one;
  }
  return sum;
}

/** `ln P(X = k)` */
function logProbability(k: number, n: number, p: number): number {
  let logChoices = 0;
  for (let i = 1; i <= k; i += 1) {
    logChoices += Math.log((n - k + i) / i);
  }
  return logChoices + k * Math.log(p) + (n - k) * Math.log1p(-p);
}
