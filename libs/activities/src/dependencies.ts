import type { KubernetesClient } from '@weir/kubernetes';
import type { GatewayDiagnostics } from './gateway-diagnostics.ts';
import type { MappingObject, RolloutObject } from './objects.ts';

/** What the activities work with: one of each a worker. */
export interface ActivityDependencies {
  readonly kubernetes: KubernetesClient;
  /** This installation of Weir, as canary Mappings carry it. */
  readonly installation: string;
  /** `group/version` of Mapping that the operator insists on. */
  readonly mappingApiVersion?: string;
  /** The Rollout of that uid as the worker's watch saw it last: it may have moved on. Absent: nobody watches. */
  readonly seenRollout?: (uid: string) => RolloutObject | undefined;
  /** All Mappings in that `group/version`, as the worker's watch saw them last; undefined: not all of them have been seen. */
  readonly seenMappings?: (apiVersion: string) => readonly MappingObject[] | undefined;
  /** Absent: a weight counts when it is written. */
  readonly gateway?: GatewayDiagnostics;
}
