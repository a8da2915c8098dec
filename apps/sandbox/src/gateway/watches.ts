import {
  ENDPOINT_SLICES,
  PODS,
  SERVICES,
  watchForever,
  type KubernetesClient,
  type KubernetesObject,
  type Resource,
} from '@weir/kubernetes';
import type { Host, Mapping } from '@weir/mapping';
import type { Logger } from '@weir/platform';
import type { ClusterView, EndpointSliceObject, PodObject, ServiceObject } from './cluster-view.ts';

/** The version that Emissary itself watches. */
const AMBASSADOR = { group: 'getambassador.io', version: 'v3alpha1' } as const;

/**
 * What changes in this time is one configuration, because each costs some 20 ms with 600 Mappings. Emissary takes up to 1 s
 * for the same reason (facts/mapping.md 4); the first change after a while does not wait.
 */
const BETWEEN_CONFIGURATIONS_MS = 100;

interface Collection<T> {
  set(object: T): void;
  delete(object: T): void;
}

/**
 * Keeps a {@link ClusterView} as the cluster is, by one watch a kind, until the signal is aborted.
 *
 * @param onConfiguration - called when all kinds have been listed, and after each change of a Mapping or a Host
 */
export async function watchCluster(
  client: KubernetesClient,
  view: ClusterView,
  onConfiguration: () => void,
  { logger, signal }: { readonly logger: Logger; readonly signal: AbortSignal },
): Promise<void> {
  const awaited = new Set<string>();
  let lastMs = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  const changed = (): void => {
    if (awaited.size > 0 || timer !== undefined) {
      return;
    }
    timer = setTimeout(
      () => {
        timer = undefined;
        lastMs = performance.now();
        onConfiguration();
      },
      Math.max(0, lastMs + BETWEEN_CONFIGURATIONS_MS - performance.now()),
    );
  };
  signal.addEventListener('abort', () => clearTimeout(timer));
  const watch = <T extends KubernetesObject>(
    resource: Resource,
    collection: Collection<T>,
    { configures }: { readonly configures: boolean },
  ): Promise<void> => {
    awaited.add(resource.plural);
    return watchForever<T>(client, {
      at: { resource },
      signal,
      onChange: ({ type, object }) => {
        if (type === 'DELETED') {
          collection.delete(object);
        } else {
          collection.set(object);
        }
        if (configures) {
          changed();
        }
      },
      onListed: () => {
        if (awaited.delete(resource.plural)) {
          changed();
        }
      },
      onBreak: (error) => logger.warn({ err: error, kind: resource.plural }, 'a watch broke, and goes on'),
    });
  };
  await Promise.all([
    watch<Mapping & KubernetesObject>({ ...AMBASSADOR, plural: 'mappings' }, view.mappings, { configures: true }),
    watch<Host & KubernetesObject>({ ...AMBASSADOR, plural: 'hosts' }, view.hosts, { configures: true }),
    watch<ServiceObject & KubernetesObject>(SERVICES, view.services, { configures: false }),
    watch<EndpointSliceObject & KubernetesObject>(ENDPOINT_SLICES, view.slices, { configures: false }),
    watch<PodObject & KubernetesObject>(PODS, view.pods, { configures: false }),
  ]);
}
