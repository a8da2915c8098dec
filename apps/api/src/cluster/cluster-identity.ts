import { Inject, Injectable } from '@nestjs/common';
import { KubernetesError, clusterName, type KubernetesClient } from '@weir/kubernetes';
import type { RolloutRef } from '@weir/rollout';
import { KUBERNETES, SETTINGS } from '../app/dependencies.ts';
import type { ApiSettings } from '../app/settings.ts';
import type { RolloutKey } from '../http/parameters.ts';

/** Name of the cluster in workflow ids. Asked for once; it lives as long as the cluster. */
@Injectable()
export class ClusterIdentity {
  private known?: string;

  constructor(
    @Inject(KUBERNETES) private readonly kubernetes: KubernetesClient,
    @Inject(SETTINGS) private readonly settings: ApiSettings,
  ) {}

  /** @param signal - the request's time for Kubernetes */
  async ref({ namespace, name }: RolloutKey, signal: AbortSignal): Promise<RolloutRef> {
    this.known ??= await Promise.race([clusterName(this.kubernetes, this.settings.WEIR_CLUSTER), expired(signal)]);
    return { cluster: this.known, namespace, name };
  }
}

function expired(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => reject(new KubernetesError('unavailable', 'Kubernetes took too long to answer'));
    if (signal.aborted) {
      fail();
    }
    signal.addEventListener('abort', fail, { once: true });
  });
}
