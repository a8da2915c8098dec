import type { CanaryRolloutActivities } from '@weir/contract';
import { DEPLOYMENTS } from '@weir/kubernetes';
import { WORKER_FIELD_MANAGER } from '@weir/rollout';
import { alive } from './alive.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { translated } from './failures.ts';
import { orAbsent } from './objects.ts';

/** Through the scale subresource: nothing else of the Deployment is Weir's to write. One that is gone has no pods to take away. */
export function scaleReferenced({ kubernetes }: ActivityDependencies): CanaryRolloutActivities['scaleReferenced'] {
  return ({ rollout: { namespace }, name, replicas }) =>
    translated('cleanup', () =>
      alive(async (signal) => {
        const at = { resource: DEPLOYMENTS, namespace, name, subresource: 'scale' } as const;
        await orAbsent(
          kubernetes.mergePatch(at, { spec: { replicas } }, { fieldManager: WORKER_FIELD_MANAGER, signal }),
        );
      }),
    );
}
