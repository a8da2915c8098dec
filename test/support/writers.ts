import { watchForever, type KubernetesObject, type Resource } from '@weir/kubernetes';
import type { TestCluster } from './cluster.ts';
import { eventually } from './wait.ts';

/** Remembers who has written to the objects of a namespace, also to those that are gone, by `metadata.managedFields`. */
export class Writers {
  private readonly managers = new Map<string, Set<string>>();

  private constructor(
    private readonly cluster: TestCluster,
    private readonly namespace: string,
  ) {}

  /** From now on, and of what is there. */
  static async watch(cluster: TestCluster, namespace: string, resources: readonly Resource[]): Promise<Writers> {
    const writers = new Writers(cluster, namespace);
    for (const resource of resources) {
      void watchForever<KubernetesObject>(cluster.kubernetes, {
        at: { resource, namespace },
        signal: cluster.closing,
        onChange: ({ object }) => writers.note(resource, object),
      });
    }
    await eventually('everything that is there is known', async () => {
      const known = await Promise.all(resources.map((resource) => writers.isKnown(resource)));
      return known.every(Boolean);
    });
    return writers;
  }

  /** The field managers of all objects of that kind whose name begins so, in alphabetical order. */
  of({ plural }: Resource, prefix: string): readonly string[] {
    const found = [...this.managers].filter(([key]) => key.startsWith(`${plural}/${prefix}`));
    return [...new Set(found.flatMap(([, managers]) => [...managers]))].toSorted();
  }

  private note({ plural }: Resource, { metadata }: KubernetesObject): void {
    const key = `${plural}/${metadata.name}`;
    const names = (metadata.managedFields ?? []).map(({ manager = '' }) => manager);
    this.managers.set(key, new Set([...(this.managers.get(key) ?? []), ...names]));
  }

  private async isKnown(resource: Resource): Promise<boolean> {
    const { items } = await this.cluster.kubernetes.list({ resource, namespace: this.namespace });
    return items.every(({ metadata }) => this.managers.has(`${resource.plural}/${metadata.name}`));
  }
}
