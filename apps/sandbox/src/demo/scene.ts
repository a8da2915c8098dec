import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { KubernetesObject, KubernetesObjectApi } from '@kubernetes/client-node';
import { applyObject, readObjects } from '../cluster.ts';

export const NAMESPACE = 'default';
export const ROLLOUT = 'someapp';
const STABLE_MAPPING = 'stable-mapping';
const MAPPING_VERSION = 'getambassador.io/v2';
/** Pods of pretended nodes are ready in a second; this is for a machine that is busy with something else. */
const PODS_READY_TIMEOUT_MS = 60_000;
const POLL_MS = 100;

interface Read<Spec, Status = unknown> extends KubernetesObject {
  readonly spec?: Spec;
  readonly status?: Status;
}

/** The demo's objects in the cluster: what a user of Weir already has, and what a look at it tells. */
export class Scene {
  readonly #cluster: KubernetesObjectApi;

  constructor(cluster: KubernetesObjectApi) {
    this.#cluster = cluster;
  }

  /**
   * Creates two versions of an app, their Services and the stable Mapping, or puts them back as they were at first.
   *
   * @throws when the pods are not ready in time.
   */
  async set(repository: string, signal: AbortSignal): Promise<void> {
    for (const file of ['workloads.yaml', 'stable-mapping.yaml']) {
      for (const object of readObjects(join(repository, 'examples', file))) {
        await applyObject(this.#cluster, { ...object, metadata: { ...object.metadata, namespace: NAMESPACE } });
      }
    }
    const deadline = Date.now() + PODS_READY_TIMEOUT_MS;
    while (!(await this.#podsAreReady())) {
      signal.throwIfAborted();
      if (Date.now() > deadline) {
        throw new Error(`the pods are not ready after ${PODS_READY_TIMEOUT_MS / 1000} s`);
      }
      await delay(POLL_MS);
    }
  }

  /** The weight of the canary Mapping; `undefined` when there is none. */
  async canaryWeight(): Promise<number | undefined> {
    const canary = (await this.#canaryMappings())[0];
    return canary && (canary.spec?.weight ?? 0);
  }

  /** Why this is not the end of a promoted rollout; empty when it is. */
  async missingFromPromotion(): Promise<string[]> {
    const [rollout, stable, canary, mappings] = await Promise.all([
      this.#read<unknown, { phase?: string; message?: string }>('argoproj.io/v1alpha1', 'Rollout', ROLLOUT),
      this.#read<{ selector?: object }>('v1', 'Service', 'someapp-stable'),
      this.#read<{ selector?: object }>('v1', 'Service', 'someapp-canary'),
      this.#canaryMappings(),
    ]);
    const { phase, message } = rollout.status ?? {};
    const same = sorted(stable.spec?.selector) === sorted(canary.spec?.selector);
    return [
      ...(phase === 'Healthy' ? [] : [`the Rollout is ${phase ?? 'without a phase'}${message ? ` (${message})` : ''}`]),
      ...(same ? [] : ['the Service someapp-stable does not select the canary version']),
      ...mappings.map(({ metadata }) => `the canary Mapping ${metadata?.name} is still there`),
    ];
  }

  async #podsAreReady(): Promise<boolean> {
    const deployments = await Promise.all(
      ['someapp-stable', 'someapp-canary'].map((name) =>
        this.#read<{ replicas?: number }, { readyReplicas?: number }>('apps/v1', 'Deployment', name),
      ),
    );
    return deployments.every(({ spec, status }) => status?.readyReplicas === spec?.replicas);
  }

  async #canaryMappings(): Promise<Read<{ weight?: number }>[]> {
    const { items } = await this.#cluster.list<Read<{ weight?: number }>>(MAPPING_VERSION, 'Mapping', NAMESPACE);
    const isCanary = ({ metadata }: KubernetesObject) =>
      metadata?.name !== STABLE_MAPPING &&
      metadata?.ownerReferences?.some(({ kind, name }) => kind === 'Rollout' && name === ROLLOUT);
    return items.filter(isCanary);
  }

  async #read<Spec, Status = unknown>(apiVersion: string, kind: string, name: string): Promise<Read<Spec, Status>> {
    return this.#cluster.read({ apiVersion, kind, metadata: { name, namespace: NAMESPACE } });
  }
}

function sorted(selector: object | undefined): string {
  return JSON.stringify(Object.entries(selector ?? {}).sort(([a], [b]) => a.localeCompare(b)));
}
