import { orderOn, weightWrittenOn, type Mapping } from '@weir/mapping';
import { watchForever, type KubernetesObject } from '@weir/kubernetes';
import type { Order } from '@weir/rollout';
import type { Application } from './application.ts';
import { MAPPINGS } from './objects.ts';

/** One state of a canary Mapping, as the API server told it. */
export interface MappingState {
  readonly uid: string;
  readonly name: string;
  /** What the gateway reads, percent. */
  readonly weight: number;
  /** What Weir wrote last; another than `weight` when somebody else changed it since. */
  readonly writtenWeight: number | undefined;
  readonly order: Order | undefined;
  readonly atMs: number;
}

/** Every state of the canary Mappings of an application, from the moment it is made on. */
export class OrderTrace {
  readonly states: MappingState[] = [];

  constructor({ cluster, namespace }: Application) {
    void watchForever<KubernetesObject & Mapping>(cluster.kubernetes, {
      at: { resource: MAPPINGS, namespace },
      selector: { labelSelector: 'weir.dev/rollout' },
      signal: cluster.closing,
      onChange: ({ type, object }) => {
        if (type !== 'DELETED') {
          const { name, uid = '' } = object.metadata;
          this.states.push({
            uid,
            name,
            weight: object.spec.weight ?? Number.NaN,
            writtenWeight: weightWrittenOn(object),
            order: orderOn(object),
            atMs: Date.now(),
          });
        }
      },
    });
  }

  /** The first state with an order; undefined when none came. */
  get ordered(): MappingState | undefined {
    return this.states.find(({ order }) => order !== undefined);
  }

  /** Weights that Weir wrote after the first order, and that are higher than before: there must be none. */
  raisedAfterOrder(): readonly MappingState[] {
    const firstOrder = this.states.findIndex(({ order }) => order !== undefined);
    return this.states.filter(({ uid, writtenWeight = 0 }, at) => {
      const before = this.states.slice(0, at).findLast((one) => one.uid === uid);
      // One that is made after the order is made at 0, and stays there.
      return firstOrder !== -1 && at > firstOrder && writtenWeight > (before?.writtenWeight ?? 0);
    });
  }
}
