import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import {
  SERVICE_NAME_LABEL,
  createActivities,
  readyPods,
  type ActivityDependencies,
  type EndpointSlice,
  type FollowEndpoints,
  type ReplicaSetObject,
  type SeenCluster,
} from '@weir/activities';
import type { CanaryRolloutActivities, RunRef, ScaleReplicaSetsInput, ScaledReplicaSets } from '@weir/contract';
import {
  ENDPOINT_SLICES,
  PODS,
  ROLLOUTS,
  watchForever,
  type KubernetesClient,
  type KubernetesObject,
} from '@weir/kubernetes';
import { INSTANCE_ID, INSTANCE_ID_LABEL, POD_TEMPLATE_HASH_LABEL, type Observation } from '@weir/rollout';
import { randomUUID } from 'node:crypto';
import { Application } from '../support/application.ts';
import type { TestCluster } from '../support/cluster.ts';
import { MAPPINGS, NAMESPACE_LIST, REPLICA_SETS, SERVICES, mapping, service } from '../support/objects.ts';
import { eventually } from '../support/wait.ts';
import { APP_LABELS, SERVICE, manifestOf, type App } from '../support/workload-app.ts';

type Manifest = KubernetesObject & { readonly spec: object };

/** A Rollout with pods in a namespace of its own, and the activities of a worker that nobody tells what to do. */
export class Workbench extends Application {
  readonly activities: CanaryRolloutActivities;
  private uid = '';

  private constructor(
    cluster: TestCluster,
    private app: App,
  ) {
    super(cluster, `w-${randomUUID().slice(0, 8)}`, 'someapp');
    this.activities = activitiesWith(cluster.kubernetes);
  }

  static async given(cluster: TestCluster, app: App = {}): Promise<Workbench> {
    const bench = new Workbench(cluster, app);
    await bench.create(NAMESPACE_LIST, { metadata: { name: bench.namespace } }, false);
    await Promise.all([
      ...Object.values(SERVICE).map((name) => bench.create(SERVICES, service(name, APP_LABELS))),
      bench.create(MAPPINGS, mapping('app', { prefix: `/${bench.namespace}/app` })),
      bench.createRollout(),
    ]);
    return bench;
  }

  manifest(): Manifest {
    const manifest = manifestOf(this.name, this.app) as Manifest;
    const metadata = { ...manifest.metadata, labels: { [INSTANCE_ID_LABEL]: INSTANCE_ID } };
    return { ...manifest, metadata };
  }

  async createRollout(): Promise<void> {
    const { metadata } = await this.create(ROLLOUTS, this.manifest());
    this.uid = metadata.uid ?? '';
  }

  /** Stores the manifest with that changed. */
  async when(change: App): Promise<void> {
    this.app = { ...this.app, ...change };
    await this.patch(ROLLOUTS, this.name, { spec: this.manifest().spec });
  }

  /** What every activity of the run is told. */
  get run(): RunRef & { readonly uid: string } {
    return { rollout: this.ref, workflowId: this.workflowId, runId: 'run-1', uid: this.uid };
  }

  observe(): Promise<Observation> {
    return does(this.activities.observeRollout, this.run);
  }

  /** Hash of the template that is stored now. */
  async wanted(): Promise<string> {
    return (await this.observe()).revision?.canary ?? '';
  }

  /** The wanted revision, and others as `more` says, are given their sizes. */
  async scale(replicas: number, more: Partial<ScaleReplicaSetsInput> = {}): Promise<ScaledReplicaSets> {
    return does(this.activities.scaleReplicaSets, await this.scaling(replicas, more));
  }

  /** What `scale` asks for. */
  async scaling(replicas: number, more: Partial<ScaleReplicaSetsInput> = {}): Promise<ScaleReplicaSetsInput> {
    const wanted = more.wanted ?? (await this.wanted());
    return { ...this.run, wanted, targets: [{ podTemplateHash: wanted, replicas }], ...more };
  }

  /** The wanted revision with so many pods, all of them available. */
  async deployed(replicas: number): Promise<ReplicaSetObject> {
    await this.scale(replicas);
    return this.available(await this.wanted(), replicas);
  }

  available(hash: string, count: number): Promise<ReplicaSetObject> {
    return eventually(`${count} available pods of ${hash}`, async () => {
      const found = await this.replicaSet(hash);
      return (found?.status?.availableReplicas ?? 0) === count && found?.status?.replicas === count && found;
    });
  }

  async replicaSet(hash: string): Promise<ReplicaSetObject | undefined> {
    return (await this.replicaSets()).find(({ metadata }) => metadata.labels?.[POD_TEMPLATE_HASH_LABEL] === hash);
  }

  replicaSets(): Promise<readonly ReplicaSetObject[]> {
    return this.list<ReplicaSetObject>(REPLICA_SETS);
  }

  pods(hash: string): Promise<readonly KubernetesObject[]> {
    return this.list(PODS, `${POD_TEMPLATE_HASH_LABEL}=${hash}`);
  }
}

/** Activities of a worker whose watches have seen this, and nothing else. */
export function activitiesWith(
  kubernetes: KubernetesClient,
  seen: Partial<SeenCluster> = {},
  more: Partial<ActivityDependencies> = {},
): CanaryRolloutActivities {
  const nothing = () => undefined;
  return createActivities({
    kubernetes,
    installation: 'test/weir',
    seen: { rollout: nothing, mappings: nothing, replicaSets: nothing, willDelete: nothing, ...seen },
    followEndpoints: following(kubernetes),
    ...more,
  });
}

/** With a watch for each Service, because a test has no worker to share one. */
function following(kubernetes: KubernetesClient): FollowEndpoints {
  return ({ namespace, service, onReady, onBreak, signal }) => {
    const slices = new Map<string, readonly string[]>();
    void watchForever<EndpointSlice>(kubernetes, {
      at: { resource: ENDPOINT_SLICES, namespace },
      selector: { labelSelector: `${SERVICE_NAME_LABEL}=${service}` },
      signal,
      onBreak,
      onChange: ({ type, object }) => {
        slices.set(object.metadata.name, type === 'DELETED' ? [] : readyPods(object));
        onReady([...slices.values()].flat());
      },
    });
  };
}

/** A worker without a server, for one activity; it says nothing of failures, which are what a test is about. */
export function mockWorker(attempt = 1): MockActivityEnvironment {
  return new MockActivityEnvironment({ attempt }, { logger: new DefaultLogger('ERROR', () => undefined) });
}

/** One attempt, which fails where Temporal would make another. */
export function attempts<Input, Output>(
  activity: (input: Input) => Promise<Output>,
  input: Input,
  attempt = 1,
): Promise<Output> {
  return mockWorker(attempt).run(activity, input);
}

/** More than controllers of the cluster, which write status whenever they like, come between in a row. */
const MOST_ATTEMPTS = 10;

/** As Temporal has it done: an attempt whose write met that of somebody else is followed by the next. */
export async function does<Input, Output>(
  activity: (input: Input) => Promise<Output>,
  input: Input,
  attempt = 1,
): Promise<Output> {
  try {
    return await attempts(activity, input, attempt);
  } catch (error) {
    const { type } = error as { type?: unknown };
    if (type !== 'Kubernetes.conflict' || attempt >= MOST_ATTEMPTS) {
      throw error;
    }
    return does(activity, input, attempt + 1);
  }
}

/** The same client, with something that happens before each PATCH. */
export function beforePatches(kubernetes: KubernetesClient, happens: () => Promise<unknown>): KubernetesClient {
  const held = Object.create(kubernetes) as KubernetesClient;
  held.mergePatch = async (at, body, options) => {
    await happens();
    return kubernetes.mergePatch(at, body, options);
  };
  return held;
}
