import { Inject, Injectable } from '@nestjs/common';
import { ROLLOUTS, type KubernetesClient, type Location } from '@weir/kubernetes';
import { orderOn } from '@weir/mapping';
import { BRAKE_FIELD_MANAGER, ORDER_ANNOTATION, type Order } from '@weir/rollout';
import { KUBERNETES } from '../app/dependencies.ts';
import { overNewest } from '../cluster/over-newest.ts';
import type { RolloutObject } from '../cluster/rollout-object.ts';
import { RolloutStore } from '../cluster/rollout-store.ts';
import type { RolloutKey } from '../http/parameters.ts';
import { metAnother, orderAnnotation } from './brake-rules.ts';

/** The brake's order on a Rollout: for as long as there is no canary Mapping to put it on. */
@Injectable()
export class RolloutOrder {
  constructor(
    @Inject(KUBERNETES) private readonly kubernetes: KubernetesClient,
    private readonly store: RolloutStore,
  ) {}

  /** @returns false when that Rollout is gone */
  async put({ metadata }: RolloutObject, order: Order, signal: AbortSignal): Promise<boolean> {
    const { uid, generation } = metadata;
    const annotations = orderAnnotation({ ...order, ...(generation !== undefined && { generation }) });
    const body = { metadata: { uid, annotations } };
    try {
      await this.kubernetes.mergePatch(at(metadata), body, { fieldManager: BRAKE_FIELD_MANAGER, signal });
      return true;
    } catch (error) {
      if (metAnother(error)) {
        return false;
      }
      throw error;
    }
  }

  /** @param orderKey - only the order with this key; absent: whichever there is */
  async takeOff(key: RolloutKey, signal: AbortSignal, orderKey?: string): Promise<void> {
    const read = () => this.store.find(key, signal);
    await overNewest(await read(), read, async (rollout) => {
      if (rollout?.metadata.annotations?.[ORDER_ANNOTATION] === undefined) {
        return;
      }
      if (orderKey !== undefined && orderOn(rollout)?.key !== orderKey) {
        return;
      }
      const { resourceVersion } = rollout.metadata;
      const body = { metadata: { resourceVersion, annotations: { [ORDER_ANNOTATION]: null } } };
      await this.kubernetes.mergePatch(at(rollout.metadata), body, { fieldManager: BRAKE_FIELD_MANAGER, signal });
    });
  }
}

function at({ namespace = '', name }: RolloutObject['metadata']): Location {
  return { resource: ROLLOUTS, namespace, name };
}
