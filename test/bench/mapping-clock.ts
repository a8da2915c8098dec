import { watchForever, type KubernetesObject } from '@weir/kubernetes';
import type { MappingObject } from '../support/application.ts';
import type { TestCluster } from '../support/cluster.ts';
import { MAPPINGS } from '../support/objects.ts';

/** A change of a Mapping as everybody who watches is told of it. */
export interface Seen {
  readonly atMs: number;
  /** undefined: it was deleted. */
  readonly mapping: MappingObject | undefined;
}

/** The one clock of all measurements: when the API server told this process of a change. */
export class MappingClock {
  private readonly waiting = new Set<(name: string, seen: Seen) => void>();

  constructor(cluster: TestCluster, namespace: string, signal: AbortSignal) {
    void watchForever<MappingObject & KubernetesObject>(cluster.kubernetes, {
      at: { resource: MAPPINGS, namespace },
      signal: AbortSignal.any([signal, cluster.closing]),
      onChange: ({ type, object }) => {
        const seen = { atMs: performance.now(), mapping: type === 'DELETED' ? undefined : object };
        this.waiting.forEach((tell) => tell(object.metadata.name, seen));
      },
    });
  }

  /** The next change of a Mapping that is so; asked for before it is caused. */
  next(name: string, isSo: (mapping: MappingObject | undefined) => boolean, timeoutMs = 30_000): Promise<Seen> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        this.waiting.delete(look);
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`Mapping ${name} did not change as expected within ${timeoutMs} ms`));
      }, timeoutMs);
      const look = (changed: string, seen: Seen): void => {
        if (changed === name && isSo(seen.mapping)) {
          end();
          resolve(seen);
        }
      };
      this.waiting.add(look);
    });
  }
}
