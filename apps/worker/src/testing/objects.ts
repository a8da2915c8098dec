import type { ReplicaSetObject } from '@weir/activities';
import { POD_TEMPLATE_HASH_LABEL, ROLLOUT_API_VERSION, ROLLOUT_KIND } from '@weir/rollout';

/** The ReplicaSet of a revision of Rollout `app`; all its pods are available, unless `status` says otherwise. */
export function replicaSet(
  hash: string,
  replicas: number,
  status: ReplicaSetObject['status'] = {},
  rolloutUid = 'u',
): ReplicaSetObject {
  const labels = { [POD_TEMPLATE_HASH_LABEL]: hash };
  return {
    metadata: {
      name: `app-${hash}`,
      namespace: 'ns',
      labels,
      ownerReferences: [
        { apiVersion: ROLLOUT_API_VERSION, kind: ROLLOUT_KIND, name: 'app', uid: rolloutUid, controller: true },
      ],
    },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels } } },
    status: { replicas, readyReplicas: replicas, availableReplicas: replicas, ...status },
  };
}
