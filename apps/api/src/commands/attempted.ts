import { isKubernetesError } from '@weir/kubernetes';
import { fromKubernetes, fromTemporal } from '../http/dependency-problems.ts';
import type { Problem } from '../http/problem.ts';
import { isTemporalFault, type TemporalFault } from '../temporal/temporal-fault.ts';

/** Says of a command that did not come through what became of it. */
export async function attempted<T>(body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (isKubernetesError(error)) {
      throw fromKubernetes(error, 'nothing was done', { delivered: false });
    }
    throw isTemporalFault(error) ? notDelivered(error) : error;
  }
}

/** @param more - what else was not done, and why */
export function notDelivered(fault: TemporalFault, more: readonly string[] = []): Problem {
  const said = (effect: string): string => [effect, ...more].join('; ');
  return fault.kind === 'timedOut'
    ? fromTemporal(fault, said('it is not known whether the run was told'), { delivered: 'unknown' })
    : fromTemporal(fault, said('nothing was done'), { delivered: false });
}
