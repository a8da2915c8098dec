import { ROLLOUTS, type KubernetesObject } from '@weir/kubernetes';
import { canaryMappingName, type RolloutStatus } from '@weir/rollout';
import { startArgoController } from '../support/argo-controller.ts';
import type { TestCluster } from '../support/cluster.ts';
import type { ManifestStep } from '../support/objects.ts';
import type { ClientName } from './clients.ts';
import type { SideName } from './figures.ts';
import { rest, type RolloutKey } from './rest.ts';

/** One Rollout of a measurement. */
export interface Measured extends RolloutKey {
  /** Stable Mappings. */
  readonly mappings: readonly string[];
  /** The manifest with an image; without steps, those that it was deployed with. */
  readonly manifest: (image: string, steps?: readonly ManifestStep[]) => object;
}

export interface MeasuredObject extends KubernetesObject {
  readonly status?: RolloutStatus;
}

/** Weir, or the peer: each is given its orders in its own users' way. */
export interface Side {
  readonly name: SideName;
  /** Whose requests to the API server are its own. */
  readonly clients: readonly ClientName[];
  readonly canaryOf: (stableMapping: string) => string;
  deploy(app: Measured): Promise<void>;
  update(app: Measured, image: string, steps?: readonly ManifestStep[]): Promise<void>;
  abort(app: Measured): Promise<void>;
  promote(app: Measured): Promise<void>;
  /** Ends what was started for it. */
  stop(): Promise<void>;
}

/** Through the REST API. */
export function weir(cluster: TestCluster): Side {
  const put = (app: Measured, image: string, steps?: readonly ManifestStep[]): Promise<void> =>
    rest(cluster, app, 'PUT', '', app.manifest(image, steps));
  return {
    name: 'weir',
    clients: ['worker', 'api'],
    canaryOf: canaryMappingName,
    deploy: (app) => put(app, '1'),
    update: put,
    abort: (app) => rest(cluster, app, 'POST', '/abort', { actor: 'bench' }),
    promote: (app) => rest(cluster, app, 'POST', '/promote', { actor: 'bench' }),
    stop: () => Promise.resolve(),
  };
}

/** The controller's flags, by side: its threads and rate limits raised are what an operator of many rollouts sets. */
const FLAGS = {
  argo: [],
  argoTuned: ['--qps', '1000', '--burst', '2000', '--rollout-threads', '100'],
} as const satisfies Partial<Record<SideName, readonly string[]>>;

/**
 * Argo Rollouts' controller: its objects are patched, as its kubectl plugin does it.
 *
 * @param kubeconfig - path of one that says who it is, so that its requests are counted apart
 */
export async function argo(
  cluster: TestCluster,
  name: keyof typeof FLAGS,
  { binary, kubeconfig }: { readonly binary: string; readonly kubeconfig: string },
): Promise<Side> {
  const { kubernetes } = cluster;
  // Of a flag that is there twice the last one counts.
  const controller = await startArgoController(binary, cluster, ['--kubeconfig', kubeconfig, ...FLAGS[name]]);
  const options = { fieldManager: 'bench' };
  const at = ({ namespace, name: rollout }: Measured) => ({ resource: ROLLOUTS, namespace, name: rollout });
  const status = async (app: Measured, change: object): Promise<void> => {
    await kubernetes.mergePatch({ ...at(app), subresource: 'status' }, { status: change }, options);
  };
  return {
    name,
    clients: ['peer'],
    canaryOf: (mapping) => `${mapping}-canary`,
    deploy: async (app) => {
      const { namespace } = app;
      await kubernetes.create({ resource: ROLLOUTS, namespace }, app.manifest('1') as KubernetesObject, options);
    },
    update: async (app, image, steps) => {
      const { spec } = app.manifest(image, steps) as { readonly spec: object };
      await kubernetes.mergePatch(at(app), { spec }, options);
    },
    abort: (app) => status(app, { abort: true }),
    promote: (app) => status(app, { pauseConditions: null }),
    stop: () => controller.stop(),
  };
}
