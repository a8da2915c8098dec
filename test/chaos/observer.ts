import { ROLLOUTS, watchForever } from '@weir/kubernetes';
import { ROLLOUT_LABEL, SEQUENCE_ANNOTATION } from '@weir/rollout';
import type { MappingObject, RolloutObject } from '../support/application.ts';
import type { TestCluster } from '../support/cluster.ts';
import { MAPPINGS } from '../support/objects.ts';

/** A weight that somebody wrote on a canary Mapping, as the API server tells it to everybody who watches. */
export interface WeightWrite {
  readonly mapping: string;
  /** Percent; `gone`: the Mapping was deleted. */
  readonly weight: number | 'gone';
  readonly atMs: number;
}

interface Known {
  readonly weight: number;
  readonly sequence: string;
}

/**
 * Watches the canary Mappings and the Rollouts of all namespaces, past the proxy. The API server itself may be stopped meanwhile:
 * the watch goes on where it was, and so misses nothing; when it could not, that is counted.
 */
export class Observer {
  /** Times that a watch had to begin from a new list: what happened in between was not seen. */
  gaps = 0;
  private readonly known = new Map<string, Known>();
  private readonly writes = new Map<string, WeightWrite[]>();
  private readonly rollouts = new Map<string, RolloutObject>();
  private readonly waiting = new Set<() => void>();

  constructor(cluster: TestCluster) {
    let lists = 0;
    void watchForever<MappingObject>(cluster.kubernetes, {
      at: { resource: MAPPINGS },
      selector: { labelSelector: ROLLOUT_LABEL },
      signal: cluster.closing,
      onListed: () => (this.gaps = lists++),
      onChange: ({ type, object }) => this.note(object, type === 'DELETED'),
    });
    void watchForever<RolloutObject>(cluster.kubernetes, {
      at: { resource: ROLLOUTS },
      signal: cluster.closing,
      onChange: ({ object }) => {
        this.rollouts.set(object.metadata.namespace ?? '', object);
        this.waiting.forEach((look) => look());
      },
    });
  }

  /** In the order in which they came. */
  writesIn(namespace: string): readonly WeightWrite[] {
    return this.writes.get(namespace) ?? [];
  }

  /** Returns when the Rollout in that namespace is so. */
  rolloutThat(namespace: string, isSo: (rollout: RolloutObject) => boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.waiting.delete(look);
        signal.removeEventListener('abort', aborted);
      };
      const aborted = (): void => {
        end();
        reject(signal.reason as Error);
      };
      const look = (): void => {
        const rollout = this.rollouts.get(namespace);
        if (rollout !== undefined && isSo(rollout)) {
          end();
          resolve();
        }
      };
      this.waiting.add(look);
      signal.addEventListener('abort', aborted);
      look();
    });
  }

  /** Forgets a namespace. */
  drop(namespace: string): void {
    this.writes.delete(namespace);
    this.rollouts.delete(namespace);
  }

  private note({ metadata, spec }: MappingObject, isGone: boolean): void {
    const { name, namespace = '', uid = '', annotations } = metadata;
    const now = { weight: spec.weight ?? Number.NaN, sequence: annotations?.[SEQUENCE_ANNOTATION] ?? '' };
    const before = this.known.get(uid);
    if (isGone) {
      this.known.delete(uid);
    } else {
      this.known.set(uid, now);
      // A write that says the same again has a new sequence, and is a write; a label or an order is none.
      if (before !== undefined && before.weight === now.weight && before.sequence === now.sequence) {
        return;
      }
    }
    const writes = this.writes.get(namespace) ?? [];
    this.writes.set(namespace, writes);
    writes.push({ mapping: name, weight: isGone ? 'gone' : now.weight, atMs: Date.now() });
  }
}
