import type { KubernetesClient } from '@weir/kubernetes';
import type { GatewayDiagnostics } from './gateway-diagnostics.ts';

/** What the activities work with: one of each a worker. */
export interface ActivityDependencies {
  readonly kubernetes: KubernetesClient;
  /** This installation of Weir, as canary Mappings carry it. */
  readonly installation: string;
  /** `group/version` of Mapping that the operator insists on. */
  readonly mappingApiVersion?: string;
  /** Absent: a weight counts when it is written. */
  readonly gateway?: GatewayDiagnostics;
}
