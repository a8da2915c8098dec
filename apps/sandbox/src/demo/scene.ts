import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiException, type KubernetesObject, type KubernetesObjectApi } from '@kubernetes/client-node';
import { applyObject, readObjects } from '../cluster.ts';

export const NAMESPACE = 'default';
export const ROLLOUT = 'someapp';
const STABLE_MAPPING = 'stable-mapping';
/** A path under the prefix of the stable Mapping. */
export const TRAFFIC_PATH = '/someapp/';
const MAPPING_VERSION = 'getambassador.io/v2';
const HASH = 'rollouts-pod-template-hash';
/** A run that is under way takes traffic home before its Rollout goes. */
const GONE_TIMEOUT_MS = 60_000;
const POLL_MS = 100;

interface Read<Spec, Status = unknown> extends KubernetesObject {
  readonly spec?: Spec;
  readonly status?: Status;
}

interface ReplicaSetSpec {
  readonly replicas: number;
  readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
}

/** The demo's objects in the cluster: what a user of Weir already has, and what a look at it tells. */
export class Scene {
  readonly #cluster: KubernetesObjectApi;

  constructor(cluster: KubernetesObjectApi) {
    this.#cluster = cluster;
  }

  /** Creates the two Services and the stable Mapping, or puts them back as they were at first. */
  async set(repository: string): Promise<void> {
    for (const file of ['services.yaml', 'stable-mapping.yaml']) {
      for (const object of readObjects(join(repository, 'examples', file))) {
        const ours = { ...object, metadata: { ...object.metadata, namespace: NAMESPACE } };
        if (ours.kind === 'Service') {
          // To apply it would leave the selector of an earlier demo's pods in it.
          await this.#cluster.delete(ours).catch(ignoreNotFound);
        }
        await applyObject(this.#cluster, ours);
      }
    }
  }

  /** Returns when nothing is left of a Rollout that was deleted. @throws when that takes too long. */
  async rolloutGone(signal: AbortSignal): Promise<void> {
    const deadline = Date.now() + GONE_TIMEOUT_MS;
    while (await this.#isThere()) {
      signal.throwIfAborted();
      if (Date.now() > deadline) {
        throw new Error(`the Rollout ${ROLLOUT} of an earlier demo is still there after ${GONE_TIMEOUT_MS / 1000} s`);
      }
      await delay(POLL_MS);
    }
  }

  /** Why this is not the end of a rollout that was promoted to that image; empty when it is. */
  async missingFromPromotion(image: string): Promise<string[]> {
    const [rollout, unserved, mappings] = await Promise.all([
      this.#read<unknown, { phase?: string; message?: string }>('argoproj.io/v1alpha1', 'Rollout', ROLLOUT),
      this.#missingFromService(image),
      this.#canaryMappings(),
    ]);
    const { phase, message } = rollout.status ?? {};
    return [
      ...(phase === 'Healthy' ? [] : [`the Rollout is ${phase ?? 'without a phase'}${message ? ` (${message})` : ''}`]),
      ...unserved,
      ...mappings.map(({ metadata }) => `the canary Mapping ${metadata?.name} is still there`),
    ];
  }

  /** Looks at what the selector finds, not at what the Rollout's status says of it. */
  async #missingFromService(image: string): Promise<string[]> {
    const service = await this.#read<{ selector?: Readonly<Record<string, string>> }>(
      'v1',
      'Service',
      'someapp-stable',
    );
    const hash = service.spec?.selector?.[HASH];
    const replicaSets = await this.#replicaSets();
    const { spec, status } = replicaSets.find(({ metadata }) => metadata?.labels?.[HASH] === hash) ?? {};
    if (hash === undefined || !spec?.template.spec.containers.some((container) => container.image === image)) {
      return [`the Service someapp-stable does not select the pods of ${image}`];
    }
    const available = status?.availableReplicas ?? 0;
    return available === spec.replicas ? [] : [`${available} of ${spec.replicas} pods of ${image} are available`];
  }

  /** The image of each revision that there is, by hash. */
  async images(): Promise<Readonly<Record<string, string>>> {
    const replicaSets = await this.#replicaSets();
    return Object.fromEntries(
      replicaSets.map(({ metadata, spec }) => [
        metadata?.labels?.[HASH] ?? '',
        spec?.template.spec.containers.map(({ image }) => image).join(', ') ?? '',
      ]),
    );
  }

  async #isThere(): Promise<boolean> {
    const { items } = await this.#cluster.list<KubernetesObject>('argoproj.io/v1alpha1', 'Rollout', NAMESPACE);
    const isIt = ({ metadata }: KubernetesObject) => metadata?.name === ROLLOUT;
    return items.some(isIt) || (await this.#replicaSets()).length > 0;
  }

  async #replicaSets(): Promise<Read<ReplicaSetSpec, { availableReplicas?: number }>[]> {
    const { items } = await this.#cluster.list<Read<ReplicaSetSpec, { availableReplicas?: number }>>(
      'apps/v1',
      'ReplicaSet',
      NAMESPACE,
    );
    return items.filter(isOfTheRollout);
  }

  async #canaryMappings(): Promise<KubernetesObject[]> {
    const { items } = await this.#cluster.list<KubernetesObject>(MAPPING_VERSION, 'Mapping', NAMESPACE);
    return items.filter((mapping) => mapping.metadata?.name !== STABLE_MAPPING && isOfTheRollout(mapping));
  }

  async #read<Spec, Status = unknown>(apiVersion: string, kind: string, name: string): Promise<Read<Spec, Status>> {
    return this.#cluster.read({ apiVersion, kind, metadata: { name, namespace: NAMESPACE } });
  }
}

function isOfTheRollout({ metadata }: KubernetesObject): boolean {
  return metadata?.ownerReferences?.some(({ kind, name }) => kind === 'Rollout' && name === ROLLOUT) ?? false;
}

function ignoreNotFound(error: unknown): void {
  if (!(error instanceof ApiException && error.code === 404)) {
    throw error;
  }
}
