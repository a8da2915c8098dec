import { SERVICES, watchForever, type KubernetesObject } from '@weir/kubernetes';
import { setMaxListeners } from 'node:events';
import type { MappingObject, ServiceObject } from '../support/application.ts';
import type { TestCluster } from '../support/cluster.ts';
import { MAPPINGS } from '../support/objects.ts';

type Kind = 'mappings' | 'services';

/** Is told of each change of one object; undefined: it was deleted. Times are by `performance.now()`. */
type Look = (object: KubernetesObject | undefined, atMs: number) => void;

/** What became of some canary Mappings, as of when it was so of all of them. */
export interface Course {
  /** When the last of them had its first weight above 0. */
  readonly firstAtMs: number;
  /** When the last of them had a weight; a weight that one of them never had is not in it. */
  readonly weightAtMs: ReadonlyMap<number, number>;
  /** When the last of them was deleted. */
  readonly goneAtMs: number;
}

/** The clock of all measurements: when the API server told this process of a change of a Mapping or a Service. */
export class Watched {
  private readonly looks: Readonly<Record<Kind, Map<string, Set<Look>>>> = { mappings: new Map(), services: new Map() };
  private readonly ending: AbortSignal;

  constructor(cluster: TestCluster, namespace: string, signal: AbortSignal) {
    this.ending = AbortSignal.any([signal, cluster.closing]);
    // Thousands of Rollouts may be waited for at once.
    setMaxListeners(0, this.ending);
    for (const [kind, resource] of [
      ['mappings', MAPPINGS],
      ['services', SERVICES],
    ] as const) {
      void watchForever<KubernetesObject>(cluster.kubernetes, {
        at: { resource, namespace },
        signal: this.ending,
        onChange: ({ type, object }) => {
          const atMs = performance.now();
          const now = type === 'DELETED' ? undefined : object;
          this.looks[kind].get(object.metadata.name)?.forEach((look) => look(now, atMs));
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

  /** Each change of the weight of a Mapping from now on, until `stop` is called. */
  onWeight(name: string, changed: (weight: number | undefined, atMs: number) => void): () => void {
    return this.look('mappings', name, (object, atMs) =>
      changed((object as MappingObject | undefined)?.spec.weight, atMs),
    );
  }

  /** From nothing over all weights to nothing: canary Mappings that are not there yet, until they are gone again. */
  async course(names: readonly string[], timeoutMs: number): Promise<Course> {
    const seen = names.map(() => new Map<number, number>());
    const stops = names.map((name, index) =>
      this.onWeight(name, (weight, atMs) => {
        const weights = seen[index];
        if (weight !== undefined && weights?.has(weight) === false) {
          weights.set(weight, atMs);
        }
      }),
    );
    try {
      const gone = await Promise.all(names.map((name) => this.mapping(name, (now) => now === undefined, timeoutMs)));
      return { ...whenAll(seen), goneAtMs: Math.max(...gone) };
    } finally {
      stops.forEach((stop) => stop());
    }
  }

  /** @returns when, by `performance.now()` */
  private next(
    kind: Kind,
    name: string,
    isSo: (object: KubernetesObject | undefined) => boolean,
    timeoutMs: number,
  ): Promise<number> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        this.ending.removeEventListener('abort', closed);
        stop();
      };
      const fail = (why: string): void => {
        end();
        reject(new Error(`${kind} ${name} did not change as expected ${why}`));
      };
      const closed = (): void => fail('before its watch was closed');
      const timer = setTimeout(() => fail(`within ${timeoutMs} ms`), timeoutMs);
      const stop = this.look(kind, name, (object, atMs) => {
        if (isSo(object)) {
          end();
          resolve(atMs);
        }
      });
      this.ending.addEventListener('abort', closed);
    });
  }

  private look(kind: Kind, name: string, look: Look): () => void {
    const looks = this.looks[kind].get(name) ?? new Set();
    this.looks[kind].set(name, looks.add(look));
    return () => {
      looks.delete(look);
      if (looks.size === 0 && this.looks[kind].get(name) === looks) {
        this.looks[kind].delete(name);
      }
    };
  }
}

function whenAll(seen: readonly ReadonlyMap<number, number>[]): Omit<Course, 'goneAtMs'> {
  const [one = new Map<number, number>(), ...others] = seen;
  const everywhere = [...one.keys()].filter((weight) => others.every((weights) => weights.has(weight)));
  const weightAtMs = new Map(
    everywhere.map((weight) => [weight, Math.max(...seen.map((weights) => weights.get(weight) ?? Number.NaN))]),
  );
  const firsts = seen.map((weights) => {
    const raised = [...weights].filter(([weight]) => weight > 0).map(([, atMs]) => atMs);
    return Math.min(...raised);
  });
  return { firstAtMs: Math.max(...firsts), weightAtMs };
}
