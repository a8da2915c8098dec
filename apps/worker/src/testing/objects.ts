import type { MappingObject, ReplicaSetObject, RolloutObject } from '@weir/activities';
import { canaryMapping, type Owner } from '@weir/mapping';
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

export const INSTALLATION = 'namespace-id/weir';
const OWNER: Owner = {
  installation: INSTALLATION,
  workflowId: 'rollout/c/ns/app',
  runId: 'run-1',
  rollout: { name: 'app', uid: 'u' },
};

/** The stable Mapping `main` of Rollout `app`. */
export function stableMapping(spec: object = {}, metadata: object = {}): MappingObject {
  return {
    apiVersion: 'getambassador.io/v3alpha1',
    kind: 'Mapping',
    metadata: { name: 'main', namespace: 'ns', resourceVersion: '1', labels: { host: 'api' }, ...metadata },
    spec: { prefix: '/', service: 'stable:80', ...spec },
  };
}

/** Its canary Mapping, as Weir has written it with that weight; `change` is what somebody did to it since. */
export function canaryOf(
  stable: MappingObject,
  weight: number,
  change: {
    readonly spec?: object;
    readonly metadata?: object;
    readonly annotations?: object;
    readonly owner?: object;
  } = {},
): MappingObject {
  const owner = { ...OWNER, ...change.owner };
  const made = canaryMapping(stable, { canaryService: 'canary', owner, sequence: 1, weight, revision: 'v2' });
  const annotations = { ...made.metadata.annotations, ...change.annotations };
  return {
    ...made,
    metadata: { ...made.metadata, resourceVersion: '1', annotations, ...change.metadata },
    spec: { ...made.spec, ...change.spec },
  };
}

/** Rollout `app`, traffic only, with these stable Mappings. */
export function rolloutWith(mappings: readonly string[], metadata: object = {}): RolloutObject {
  const steps = [{ setWeight: 30 }, { pause: {} }];
  const canary = {
    stableService: 'stable',
    canaryService: 'canary',
    trafficRouting: { ambassador: { mappings } },
    steps,
  };
  return {
    metadata: { name: 'app', namespace: 'ns', uid: 'u', generation: 1, ...metadata },
    spec: { strategy: { canary } },
    status: { observedGeneration: '1' },
  };
}
