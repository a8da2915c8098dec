import type { ReadMapping } from './read-mapping.ts';
import type { WeightedRoute } from './types.ts';

/** Routes of a group in the order in which they are tried, and what the gateway has to say of their weights. */
export interface Weighted {
  readonly routes: readonly WeightedRoute[];
  readonly errors: readonly string[];
}

/**
 * Gives each Mapping of a group its cumulative weight (facts/mapping.md 2): a lone one gets 100 whatever it says; those with a
 * weight come first, those without share what is left, and the last of them gets 100. A weight over 100 ends the walk, and those
 * that were not reached have 0. A sum over 100 leaves the weightless ones at 0. In both cases the routes are there all the same.
 *
 * @param mappings - in processing order, without shadows
 */
export function weighted(mappings: readonly ReadMapping[]): Weighted {
  const [first] = mappings;
  if (first !== undefined && mappings.length === 1) {
    return { routes: routesOf([[first, 100]]), errors: [] };
  }
  const cumulative = new Map<ReadMapping, number>();
  let total = 0;
  for (const one of mappings) {
    const { weight, name } = one;
    if (weight === undefined) {
      continue;
    }
    if (weight > 100) {
      return notNormalized(mappings, cumulative, `Mapping ${name} has an invalid weight, ${weight}`);
    }
    total += roundHalfToEven(weight);
    cumulative.set(one, total);
  }
  if (total > 100) {
    return notNormalized(mappings, cumulative, `Total weight of mappings exceeds 100: it is ${total}`);
  }
  return { routes: routesOf([...cumulative, ...remainder(mappings, total)]), errors: [] };
}

function notNormalized(
  mappings: readonly ReadMapping[],
  cumulative: ReadonlyMap<ReadMapping, number>,
  error: string,
): Weighted {
  return {
    routes: routesOf(mappings.map((one) => [one, cumulative.get(one) ?? 0])),
    errors: [error, 'Could not normalize the weights of these mappings'],
  };
}

function remainder(mappings: readonly ReadMapping[], total: number): [ReadMapping, number][] {
  const weightless = mappings.filter(({ weight }) => weight === undefined);
  const each = roundHalfToEven((100 - total) / weightless.length);
  return weightless.map((one, index) => [one, index === weightless.length - 1 ? 100 : total + each * (index + 1)]);
}

function routesOf(numerators: readonly (readonly [ReadMapping, number])[]): WeightedRoute[] {
  const shares = sharesOf(numerators.map(([, numerator]) => numerator));
  return numerators.map(([{ mapping }, numerator], index) => ({ mapping, numerator, share: shares[index] ?? 0 }));
}

/** Percent that each of some routes takes, which are tried in order: what is below its numerator and was not taken before. */
export function sharesOf(numerators: readonly number[]): number[] {
  let taken = 0;
  return numerators.map((numerator) => {
    const upTo = Math.min(Math.max(numerator, taken), 100);
    const share = upTo - taken;
    taken = upTo;
    return share;
  });
}

/** As Python rounds: 12.5 is 12, 13.5 is 14. */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + (Math.abs(floor) % 2) : Math.round(value);
}
