import type { Amount } from '../types.ts';

/** Argo keeps counts, seconds and percentages in an int32. */
export const MAX_INT32 = 2 ** 31 - 1;

/** Pods as an integer, or a percentage of `spec.replicas` as text (`"25%"`); undefined when it is neither. */
export function parseAmount(value: unknown): Amount | undefined {
  if (typeof value === 'number') {
    return isCount(value) ? { pods: value } : undefined;
  }
  const digits = typeof value === 'string' ? /^(\d+)%$/.exec(value)?.[1] : undefined;
  return digits !== undefined && isCount(Number(digits)) ? { percent: Number(digits) } : undefined;
}

export function isNothing(amount: Amount): boolean {
  return ('pods' in amount ? amount.pods : amount.percent) === 0;
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= MAX_INT32;
}
