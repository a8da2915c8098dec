import { POD_TEMPLATE_HASH_LABEL } from '@weir/rollout';
import { ROLLOUTS, type KubernetesObject } from '@weir/kubernetes';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { TestCluster } from '../support/cluster.ts';
import {
  MAPPINGS,
  NAMESPACE_LIST,
  REPLICA_SETS,
  SERVICES,
  mapping,
  service,
  type ManifestStep,
} from '../support/objects.ts';
import { eventually } from '../support/wait.ts';
import { BarePatch } from './bare-patch.ts';
import { inTurns } from './in-turns.ts';
import { patiently } from './patiently.ts';
import type { Measured, MeasuredObject, Side } from './side.ts';
import { Watched } from './watched.ts';

const MANAGER = { fieldManager: 'bench' };
/** The first deploy of hundreds is not what is measured; the peer's default flags take a while. */
const DEPLOY_TIMEOUT_MS = 900_000;
/** The delay of a promotion is 30 s, in which nobody else has anything to do. */
const AT_REST_POLL_MS = 1_000;

interface ReplicaSet extends KubernetesObject {
  readonly spec: { readonly replicas: number };
  readonly status?: { readonly replicas?: number };
}

/** Rollouts of one side with a pod each, deployed, in a namespace of their own. */
export class Apps {
  private constructor(
    private readonly cluster: TestCluster,
    readonly side: Side,
    readonly all: readonly Measured[],
    readonly namespace: string,
    readonly clock: Watched,
    /** A Mapping of nobody's beside theirs. */
    readonly bare: BarePatch,
    private readonly ending: AbortController,
  ) {}

  static async deployed(
    cluster: TestCluster,
    side: Side,
    given: { readonly count: number; readonly mappings: number; readonly steps: readonly ManifestStep[] },
  ): Promise<Apps> {
    const namespace = `bench-${randomUUID().slice(0, 8)}`;
    const metadata = { name: namespace };
    await cluster.kubernetes.create(
      { resource: NAMESPACE_LIST },
      { apiVersion: 'v1', kind: 'Namespace', metadata },
      MANAGER,
    );
    const all = Array.from({ length: given.count }, (_, index) => measured(namespace, `app-${index}`, given));
    const ending = new AbortController();
    const clock = new Watched(cluster, namespace, ending.signal);
    const bare = await BarePatch.in(cluster.kubernetes, clock, namespace);
    const apps = new Apps(cluster, side, all, namespace, clock, bare, ending);
    await inTurns(all, (app) => apps.deploy(app));
    await eventually('every first revision is deployed', () => apps.areIn('Healthy'), DEPLOY_TIMEOUT_MS);
    return apps;
  }

  /** Its Rollouts go, and with them their pods: the next measurement has the cluster for itself. */
  async close(): Promise<void> {
    this.ending.abort();
    const { namespace } = this;
    const { kubernetes } = this.cluster;
    await inTurns(this.all, async ({ name }) => {
      await patiently(() => kubernetes.delete({ resource: ROLLOUTS, namespace, name }));
    });
    const gone = async (): Promise<boolean> =>
      (await kubernetes.list({ resource: ROLLOUTS, namespace })).items.length === 0;
    await eventually('the Rollouts are gone', gone, DEPLOY_TIMEOUT_MS);
  }

  /** The revision that the stable Service of an app selects now. */
  async stableRevision({ name }: Measured): Promise<string | undefined> {
    const at = { resource: SERVICES, namespace: this.namespace, name: `${name}-stable` };
    return hashIn(await this.cluster.kubernetes.get(at));
  }

  /** When the stable Service of an app selects another revision than this one. */
  switched({ name }: Measured, before: string | undefined, timeoutMs: number): Promise<number> {
    const isOther = (hash: string | undefined): boolean => hash !== undefined && hash !== before;
    return this.clock.service(`${name}-stable`, (now) => isOther(hashIn(now)), timeoutMs);
  }

  /** No ReplicaSet has more than its Rollout needs: what the delays of the promotion kept is gone. */
  async atRest(): Promise<void> {
    const isSo = async (): Promise<boolean> => {
      await delay(AT_REST_POLL_MS);
      return this.hasOnePodEach();
    };
    await eventually('every old ReplicaSet is at 0', isSo, DEPLOY_TIMEOUT_MS);
  }

  /** Every Rollout is in a pause of its steps. */
  async paused(): Promise<void> {
    await eventually('every Rollout is paused', () => this.areIn('Paused'), DEPLOY_TIMEOUT_MS);
  }

  private async deploy(app: Measured): Promise<void> {
    const { kubernetes } = this.cluster;
    const { namespace, name, mappings } = app;
    const create = (resource: typeof SERVICES, object: ReturnType<typeof service>) =>
      patiently(() => kubernetes.create({ resource, namespace }, object, MANAGER));
    await Promise.all([
      ...['stable', 'canary'].map((role) => create(SERVICES, service(`${name}-${role}`, { app: name }))),
      ...mappings.map((one) =>
        create(MAPPINGS, mapping(one, { prefix: `/${namespace}/${one}`, service: `${name}-stable:80` })),
      ),
    ]);
    await patiently(() => this.side.deploy(app));
  }

  private async hasOnePodEach(): Promise<boolean> {
    const { namespace } = this;
    const { items } = await this.cluster.kubernetes.list<ReplicaSet>({ resource: REPLICA_SETS, namespace });
    const pods = items.reduce((sum, { spec, status }) => sum + Math.max(spec.replicas, status?.replicas ?? 0), 0);
    return pods === this.all.length;
  }

  private async areIn(phase: string): Promise<boolean> {
    const { namespace } = this;
    const { items } = await this.cluster.kubernetes.list<MeasuredObject>({ resource: ROLLOUTS, namespace });
    return items.filter(({ status }) => status?.phase === phase).length === this.all.length;
  }
}

function hashIn(object: object): string | undefined {
  return (object as { spec?: { selector?: Record<string, string> } }).spec?.selector?.[POD_TEMPLATE_HASH_LABEL];
}

function measured(
  namespace: string,
  name: string,
  { mappings: count, steps }: { readonly mappings: number; readonly steps: readonly ManifestStep[] },
): Measured {
  const mappings = Array.from({ length: count }, (_, index) => (count === 1 ? name : `${name}-m${index}`));
  const labels = { app: name };
  const manifest = (image: string, others: readonly ManifestStep[] = steps): object => ({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: `app:${image}` }] } },
      strategy: {
        canary: {
          stableService: `${name}-stable`,
          canaryService: `${name}-canary`,
          trafficRouting: { ambassador: { mappings } },
          steps: others,
        },
      },
    },
  });
  return { namespace, name, mappings, manifest };
}
