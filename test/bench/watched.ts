import { SERVICES, watchForever, type KubernetesObject } from '@weir/kubernetes';
import type { MappingObject, ServiceObject } from '../support/application.ts';
import type { TestCluster } from '../support/cluster.ts';
import { MAPPINGS } from '../support/objects.ts';

/** A change as everybody who watches is told of it. `object` is undefined when it was deleted. */
export interface Seen<T> {
  readonly atMs: number;
  readonly object: T | undefined;
}

type Look = (name: string, seen: Seen<KubernetesObject>) => void;

/** The clock of all measurements: when the API server told this process of a change of a Mapping or a Service. */
export class Watched {
  private readonly looks = { mappings: new Set<Look>(), services: new Set<Look>() };

  constructor(cluster: TestCluster, namespace: string, signal: AbortSignal) {
    for (const resource of [MAPPINGS, SERVICES]) {
      void watchForever<KubernetesObject>(cluster.kubernetes, {
        at: { resource, namespace },
        signal: AbortSignal.any([signal, cluster.closing]),
        onChange: ({ type, object }) => {
          const seen = { atMs: performance.now(), object: type === 'DELETED' ? undefined : object };
          this.looks[resource === MAPPINGS ? 'mappings' : 'services'].forEach((look) =>
            look(object.metadata.name, seen),
          );
        },
      });
    }
  }

  /** The next change of a Mapping that is so; asked for before it is caused. */
  mapping(name: string, isSo: (mapping: MappingObject | undefined) => boolean, timeoutMs = 60_000): Promise<number> {
    const is = (object: KubernetesObject | undefined): boolean => isSo(object as MappingObject | undefined);
    return this.next('mappings', name, is, timeoutMs);
  }

  /** As {@link Watched.mapping}, of a Service. */
  service(name: string, isSo: (service: ServiceObject) => boolean, timeoutMs = 60_000): Promise<number> {
    const is = (object: KubernetesObject | undefined): boolean => object !== undefined && isSo(object as ServiceObject);
    return this.next('services', name, is, timeoutMs);
  }

  /** @returns when, by `performance.now()` */
  private next(
    kind: 'mappings' | 'services',
    name: string,
    isSo: (object: KubernetesObject | undefined) => boolean,
    timeoutMs: number,
  ): Promise<number> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        this.looks[kind].delete(look);
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`${kind} ${name} did not change as expected within ${timeoutMs} ms`));
      }, timeoutMs);
      const look: Look = (changed, { atMs, object }) => {
        if (changed === name && isSo(object)) {
          end();
          resolve(atMs);
        }
      };
      this.looks[kind].add(look);
    });
  }
}
