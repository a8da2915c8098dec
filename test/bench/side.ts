import { ROLLOUTS, type KubernetesObject } from '@weir/kubernetes';
import { canaryMappingName, type RolloutStatus } from '@weir/rollout';
import { startArgoController } from '../support/argo-controller.ts';
import type { TestCluster } from '../support/cluster.ts';

/** One Rollout of a measurement. */
export interface Measured {
  readonly namespace: string;
  readonly name: string;
  /** Stable Mappings. */
  readonly mappings: readonly string[];
  /** The manifest with an image. */
  readonly manifest: (image: string) => object;
}

export interface MeasuredObject extends KubernetesObject {
  readonly status?: RolloutStatus;
}

/** Weir, or the peer: each is given its orders in its own users' way. */
export interface Side {
  readonly name: string;
  readonly canaryOf: (stableMapping: string) => string;
  deploy(app: Measured): Promise<void>;
  update(app: Measured, image: string): Promise<void>;
  abort(app: Measured): Promise<void>;
  promote(app: Measured): Promise<void>;
  /** Ends what was started for it. */
  stop(): Promise<void>;
}

/** Through the REST API. */
export function weir(cluster: TestCluster): Side {
  const request = async ({ namespace, name }: Measured, method: string, path: string, body: object): Promise<void> => {
    const url = `${cluster.apiUrl}/v1/namespaces/${namespace}/rollouts/${name}${path}`;
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(url, { method, headers, body: JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) {
      throw new Error(`${method} ${url}: ${response.status} ${text}`);
    }
  };
  return {
    name: 'Weir',
    canaryOf: canaryMappingName,
    deploy: (app) => request(app, 'PUT', '', app.manifest('1')),
    update: (app, image) => request(app, 'PUT', '', app.manifest(image)),
    abort: (app) => request(app, 'POST', '/abort', { actor: 'bench' }),
    promote: (app) => request(app, 'POST', '/promote', { actor: 'bench' }),
    stop: () => Promise.resolve(),
  };
}

/** Its threads and rate limits raised (facts/rollout.md 7): what an operator of many rollouts sets. */
export const TUNED = ['--qps', '1000', '--burst', '2000', '--rollout-threads', '100'] as const;

/** Argo Rollouts' controller: its objects are patched, as its kubectl plugin does it. */
export async function argo(
  cluster: TestCluster,
  binary: string,
  { name, flags }: { readonly name: string; readonly flags: readonly string[] },
): Promise<Side> {
  const { kubernetes } = cluster;
  const controller = await startArgoController(binary, cluster, flags);
  const options = { fieldManager: 'bench' };
  const at = ({ namespace, name: rollout }: Measured) => ({ resource: ROLLOUTS, namespace, name: rollout });
  const status = (app: Measured, change: object) =>
    kubernetes.mergePatch({ ...at(app), subresource: 'status' }, { status: change }, options).then(() => undefined);
  return {
    name,
    canaryOf: (mapping) => `${mapping}-canary`,
    deploy: async (app) => {
      const { namespace } = app;
      await kubernetes.create({ resource: ROLLOUTS, namespace }, app.manifest('1') as KubernetesObject, options);
    },
    update: async (app, image) => {
      const { spec } = app.manifest(image) as { readonly spec: { readonly template: object } };
      await kubernetes.mergePatch(at(app), { spec: { template: spec.template } }, options);
    },
    abort: (app) => status(app, { abort: true }),
    promote: (app) => status(app, { pauseConditions: null }),
    stop: () => controller.stop(),
  };
}
