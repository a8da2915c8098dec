import type { CanaryRolloutActivities } from '@weir/contract';
import { REPLICA_SETS } from '@weir/kubernetes';
import { alive } from './alive.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { translated } from './failures.ts';
import { orAbsent } from './objects.ts';
import { replicaSetsOf } from './replica-sets.ts';

/** Deletes ReplicaSets of the history that still have no pods. */
export function trimRevisions({ kubernetes }: ActivityDependencies): CanaryRolloutActivities['trimRevisions'] {
  return ({ rollout: { namespace }, uid: rolloutUid, names }) =>
    translated('cleanup', () =>
      alive(async (signal) => {
        const existing = await replicaSetsOf(kubernetes, namespace, rolloutUid, { signal });
        const empty = existing.filter(({ metadata, spec }) => names.includes(metadata.name) && spec.replicas === 0);
        await Promise.all(
          empty.map(({ metadata: { name, uid = '', resourceVersion = '' } }) =>
            orAbsent(kubernetes.delete({ resource: REPLICA_SETS, namespace, name }, { uid, resourceVersion, signal })),
          ),
        );
      }),
    );
}
