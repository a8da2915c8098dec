import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import {
  ROLLOUTS,
  isKubernetesError,
  watchForever as watchForeverOnCluster,
  type KubernetesClient,
} from '@weir/kubernetes';
import type { Mapping } from '@weir/mapping';
import type { Logger } from '@weir/platform';
import { INSTANCE_ID, INSTANCE_ID_LABEL, ROLLOUT_LABEL } from '@weir/rollout';
import { setTimeout as delay } from 'node:timers/promises';
import { KUBERNETES, LOGGER } from '../app/dependencies.ts';
import { ClusterIdentity } from '../cluster/cluster-identity.ts';
import { Installation } from '../cluster/installation.ts';
import type { RolloutObject } from '../cluster/rollout-object.ts';
import { kubernetesDeadline } from '../cluster/rollout-store.ts';
import { ServedMappings } from '../cluster/served-mappings.ts';
import { TrafficIndex } from './traffic-index.ts';

/** Kubernetes and Temporal may be down when the API starts; an abort asks for itself until then. */
const RETRY_MS = 2_000;

/** Keeps the {@link TrafficIndex} and what else the brake must not have to ask for. Only for its speed. */
@Injectable()
export class TrafficWatch implements OnApplicationShutdown {
  private readonly stopping = new AbortController();

  constructor(
    @Inject(KUBERNETES) private readonly kubernetes: KubernetesClient,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly index: TrafficIndex,
    private readonly mappings: ServedMappings,
    private readonly cluster: ClusterIdentity,
    private readonly installation: Installation,
  ) {}

  /** @param watchForever - a test sees changes without a cluster */
  start(watchForever = watchForeverOnCluster): void {
    void this.untilDone(() => this.cluster.ref({ namespace: '', name: '' }, kubernetesDeadline()));
    void this.untilDone(() => this.installation.id());
    void this.watchRollouts(watchForever);
    void this.watchMappings(watchForever);
  }

  onApplicationShutdown(): void {
    this.stopping.abort();
  }

  private watchRollouts(watchForever: typeof watchForeverOnCluster): Promise<void> {
    return watchForever<RolloutObject>(this.kubernetes, {
      at: { resource: ROLLOUTS },
      selector: { labelSelector: `${INSTANCE_ID_LABEL}=${INSTANCE_ID}` },
      signal: this.stopping.signal,
      onChange: (change) => this.index.rolloutChanged(change),
      onBreak: (error) => this.logger.warn({ err: error }, 'the watch on rollouts broke'),
    });
  }

  /** In the version that the cluster serves; when it no longer does, in another. */
  private async watchMappings(watchForever: typeof watchForeverOnCluster): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const resource = await this.untilDone(() => this.mappings.api());
      if (resource === undefined) {
        return;
      }
      const gone = new AbortController();
      await watchForever<Mapping & { readonly metadata: { readonly name: string } }>(this.kubernetes, {
        at: { resource },
        selector: { labelSelector: ROLLOUT_LABEL },
        signal: AbortSignal.any([this.stopping.signal, gone.signal]),
        onChange: (change) => this.index.mappingChanged(change),
        onBreak: (error) => {
          this.logger.warn({ err: error }, 'the watch on mappings broke');
          if (isKubernetesError(error, 'notServed')) {
            this.mappings.forget();
            gone.abort();
          }
        },
      });
    }
  }

  /** @returns what was answered, when it was something; undefined when the API stops first */
  private async untilDone<T>(ask: () => Promise<T | undefined>): Promise<T | undefined> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        const answer = await ask();
        if (answer !== undefined) {
          return answer;
        }
      } catch (error) {
        this.logger.debug({ err: error }, 'what the brake needs is not known yet');
      }
      await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
    return undefined;
  }
}
