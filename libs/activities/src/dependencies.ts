import type { KubernetesClient } from '@weir/kubernetes';
import type { FollowEndpoints } from './follow-endpoints.ts';
import type { GatewayDiagnostics } from './gateway-diagnostics.ts';
import type { MappingObject, RolloutObject } from './objects.ts';
import type { ReplicaSetObject } from './replica-sets.ts';

/** What the activities work with: one of each a worker. */
export interface ActivityDependencies {
  readonly kubernetes: KubernetesClient;
  /** This installation of Weir, as canary Mappings carry it. */
  readonly installation: string;
  /** `group/version` of Mapping that the operator insists on. */
  readonly mappingApiVersion?: string;
  /** Absent: everything is read. */
  readonly seen?: SeenCluster;
  readonly followEndpoints: FollowEndpoints;
  /** Absent: a weight counts when it is written. */
  readonly gateway?: GatewayDiagnostics;
}

/** The cluster as the worker's watches saw it last: it may have moved on (docs/adr/0025). */
export interface SeenCluster {
  /** By uid; undefined: not there, not Weir's, or not seen yet. */
  rollout(uid: string): RolloutObject | undefined;
  /** All Mappings in that `group/version`; undefined: not all of them have been seen. */
  mappings(apiVersion: string): readonly MappingObject[] | undefined;
  /** All that the Rollout of that uid controls; undefined: not all of them have been seen. */
  replicaSets(rolloutUid: string): readonly ReplicaSetObject[] | undefined;
  /** A Mapping of that uid is about to be deleted as its run wants it, which is then no news to the run. */
  willDelete(mappingUid: string): void;
}
