import { POD_TEMPLATE_HASH_LABEL } from '@weir/rollout';
import { ROLLOUTS } from '@weir/kubernetes';
import { randomUUID } from 'node:crypto';
import type { TestCluster } from '../support/cluster.ts';
import { MAPPINGS, NAMESPACE_LIST, SERVICES, mapping, service, type ManifestStep } from '../support/objects.ts';
import { eventually } from '../support/wait.ts';
import { inTurns } from './in-turns.ts';
import { patiently } from './patiently.ts';
import type { Measured, MeasuredObject, Side } from './side.ts';
import { Watched } from './watched.ts';

const MANAGER = { fieldManager: 'bench' };
/** The first deploy of hundreds is not what is measured; the peer's default flags take a while. */
const DEPLOY_TIMEOUT_MS = 900_000;

/** Rollouts of one side with a pod each, deployed, in a namespace of their own. */
export class Apps {
  readonly clock: Watched;

  private constructor(
    private readonly cluster: TestCluster,
    readonly side: Side,
    readonly all: readonly Measured[],
    namespace: string,
    private readonly ending: AbortController,
  ) {
    this.clock = new Watched(cluster, namespace, ending.signal);
  }

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
    const apps = new Apps(cluster, side, all, namespace, new AbortController());
    await inTurns(all, (app) => apps.deploy(app));
    await eventually('every first revision is deployed', () => apps.areIn('Healthy'), DEPLOY_TIMEOUT_MS);
    return apps;
  }

  /** Its Rollouts go, and with them their pods: the next measurement has the cluster for itself. */
  async close(): Promise<void> {
    this.ending.abort();
    const { kubernetes } = this.cluster;
    await inTurns(this.all, ({ namespace, name }) =>
      patiently(() => kubernetes.delete({ resource: ROLLOUTS, namespace, name })),
    );
    const namespace = this.all[0]?.namespace ?? '';
    const gone = async (): Promise<boolean> =>
      (await kubernetes.list({ resource: ROLLOUTS, namespace })).items.length === 0;
    await eventually('the Rollouts are gone', gone, DEPLOY_TIMEOUT_MS);
  }

  /** When the stable Service of an app selects another revision than it does now. */
  async switched(app: Measured, timeoutMs: number): Promise<() => Promise<number>> {
    const name = `${app.name}-stable`;
    const at = { resource: SERVICES, namespace: app.namespace, name };
    const before = hashIn(await this.cluster.kubernetes.get(at));
    const next = this.clock.service(name, (now) => hashIn(now) !== undefined && hashIn(now) !== before, timeoutMs);
    return () => next;
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

  private async areIn(phase: string): Promise<boolean> {
    const namespace = this.all[0]?.namespace ?? '';
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
  const manifest = (image: string): object => ({
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
          steps,
        },
      },
    },
  });
  return { namespace, name, mappings, manifest };
}
