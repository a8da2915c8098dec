import type { RolloutObject } from '../cluster/rollout-object.ts';
import type { AppliedRollout } from '../cluster/rollout-store.ts';
import { scalerOf } from '../cluster/scaler.ts';
import type { ProblemField } from '../http/problem.ts';

/** What is applied of a manifest, and what is not and why. */
export interface LeftToScaler {
  readonly rollout: AppliedRollout;
  readonly warnings: readonly ProblemField[];
}

/**
 * Leaves `spec.replicas` to whoever scales the Rollout: a manifest that is applied again must not undo what an autoscaler did.
 *
 * @param force - the manifest takes it over
 */
export function leftToScaler(
  rollout: AppliedRollout,
  existing: RolloutObject | undefined,
  force: boolean,
): LeftToScaler {
  const { replicas, ...spec } = rollout.spec as { readonly replicas?: unknown };
  const scaler = existing && scalerOf(existing);
  if (replicas === undefined || scaler === undefined || force) {
    return { rollout, warnings: [] };
  }
  const message = `was left as it is, because ${scaler} scales the Rollout; ?force=true takes it over`;
  return { rollout: { ...rollout, spec }, warnings: [{ path: 'spec.replicas', message }] };
}
