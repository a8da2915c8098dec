import {
  SERVICE_NAME_LABEL,
  type EndpointSlice,
  type FollowEndpoints,
  type MappingObject,
  type ReplicaSetObject,
  type RolloutObject,
  type SeenCluster,
} from '@weir/activities';
import {
  DEPLOYMENTS,
  ENDPOINT_SLICES,
  REPLICA_SETS,
  ROLLOUTS,
  watchForever as watchForeverOnCluster,
  type Change,
  type KubernetesClient,
  type KubernetesObject,
  type WatchOptions,
} from '@weir/kubernetes';
import type { Logger } from '@weir/platform';
import { INSTANCE_ID, INSTANCE_ID_LABEL, POD_TEMPLATE_HASH_LABEL, workflowId, type RolloutRef } from '@weir/rollout';
import type { RolloutRuns } from '@weir/temporal';
import { setTimeout as delay } from 'node:timers/promises';
import { MappingNews, type MappingTold } from './mapping-news.ts';
import { watchMappings } from './mapping-watch.ts';
import { PodNews } from './pod-news.ts';
import { SeenEndpoints } from './seen-endpoints.ts';
import { Teller } from './teller.ts';
import { isBehindDeployment, isToldByApi, referencedDeployment, tellingOf } from './telling.ts';
import { tellVanished } from './vanished.ts';

/** What a watch that is being ended may take when the worker stops. */
const STOP_MS = 2_000;
/** A pod that starts is three changes in a row, and only the last of them is one that a run waits for. */
const FOR_THE_STATUS_MS = 1_000;
/** The API tells a run of what it has stored in milliseconds, and the run then says in the status that it has begun. */
const API_TELLS_MS = 2_000;
/** Temporal is asked again this long after it could not be reached. */
const VANISHED_RETRY_MS = 5_000;

export interface RolloutWatchOptions {
  readonly kubernetes: KubernetesClient;
  readonly runs: RolloutRuns;
  readonly cluster: string;
  /** Whose canary Mappings are ours. */
  readonly installation: string;
  /** `group/version` of Mapping that the operator insists on. */
  readonly mappingApiVersion?: string | undefined;
  readonly logger: Logger;
  /** A test sees changes without a cluster. */
  readonly watchForever?: typeof watchForeverOnCluster;
}

/**
 * The worker's watches, one a kind: Weir's Rollouts, their ReplicaSets, Mappings, and Deployments that `workloadRef` may name.
 * Whatever differs from what a run was told is told to it, or starts one. That is how `kubectl apply` and GitOps tools start a
 * rollout, how scaling, deletion and pods that come and go are seen, and how a PUT that was 'stored, not started' is started.
 * EndpointSlices are watched for the activities, which wait for them.
 */
export class RolloutWatch {
  private readonly stopping = new AbortController();
  private readonly rollouts = new Map<string, RolloutObject>();
  private readonly lastTold = new Map<string, string>();
  private readonly generations = new Map<string, number>();
  private readonly pods = new PodNews();
  private readonly endpoints = new SeenEndpoints();
  private readonly mappings: MappingNews;
  private readonly teller: Teller;
  private readonly cluster: string;
  private readonly logger: Logger;
  private areReplicaSetsListed = false;
  private watching: Promise<unknown> = Promise.resolve();
  private tellingVanished: Promise<void> | undefined;

  constructor(private readonly options: RolloutWatchOptions) {
    const { runs, cluster, installation, logger } = options;
    this.cluster = cluster;
    this.logger = logger;
    this.mappings = new MappingNews(cluster, installation);
    this.teller = new Teller(runs, logger);
  }

  start(): void {
    const { kubernetes, mappingApiVersion: configured, logger } = this.options;
    const { signal } = this.stopping;
    this.watching = Promise.all([
      this.watch<RolloutObject>({
        at: { resource: ROLLOUTS },
        selector: { labelSelector: `${INSTANCE_ID_LABEL}=${INSTANCE_ID}` },
        onChange: (change) => this.onRollout(change),
        onListed: () => this.tellVanishedOnce(),
      }),
      this.watch<ReplicaSetObject>({
        at: { resource: REPLICA_SETS },
        selector: { labelSelector: POD_TEMPLATE_HASH_LABEL },
        onChange: (change) => this.onReplicaSet(change),
        onListed: () => (this.areReplicaSetsListed = true),
      }),
      this.watch<EndpointSlice>({
        at: { resource: ENDPOINT_SLICES },
        selector: { labelSelector: SERVICE_NAME_LABEL },
        onChange: (change) => this.endpoints.changed(change),
        onListed: () => this.endpoints.listed(),
        onBreak: (error) => this.endpoints.broke(error),
      }),
      this.watch({ at: { resource: DEPLOYMENTS }, onChange: (change) => this.onDeployment(change) }),
      watchMappings({
        kubernetes,
        configured,
        signal,
        logger,
        watch: (options) => this.watchForever<MappingObject>(kubernetes, options),
        onChange: (change) => this.tellOfMappings(this.mappings.mappingChanged(change)),
        onListed: () => this.tellOfMappings(this.mappings.listed()),
        onForgotten: () => this.mappings.forgetMappings(),
      }),
    ]);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    const ended = Promise.all([this.watching, this.tellingVanished]);
    await Promise.all([this.teller.stop(), Promise.race([ended, delay(STOP_MS, undefined, { ref: false })])]);
  }

  /** For the activities. */
  readonly seen: SeenCluster = {
    rollout: (uid) => this.rollouts.get(uid),
    mappings: (apiVersion) => this.mappings.seen(apiVersion),
    replicaSets: (uid) => (this.areReplicaSetsListed ? this.pods.of(uid) : undefined),
    willDelete: (uid) => this.mappings.willDelete(uid),
  };

  readonly followEndpoints: FollowEndpoints = (following) => this.endpoints.follow(following);

  private get watchForever(): typeof watchForeverOnCluster {
    return this.options.watchForever ?? watchForeverOnCluster;
  }

  private watch<T extends KubernetesObject>({ onBreak, ...options }: Omit<WatchOptions<T>, 'signal'>): Promise<void> {
    return this.watchForever<T>(this.options.kubernetes, {
      ...options,
      signal: this.stopping.signal,
      onBreak: (error) => {
        this.logger.warn({ err: error, resource: options.at.resource.plural }, 'a watch broke and goes on');
        onBreak?.(error);
      },
    });
  }

  private onRollout(change: Change<RolloutObject>): void {
    const { object, type } = change;
    const { uid = '' } = object.metadata;
    const telling = tellingOf(change);
    const text = JSON.stringify(telling);
    if (type === 'DELETED') {
      this.rollouts.delete(uid);
      this.lastTold.delete(uid);
      this.pods.forget(uid);
    } else {
      this.rollouts.set(uid, object);
    }
    // The run's own writes come back as changes until it has written the generation that it has seen.
    if (telling !== undefined && (this.lastTold.get(uid) !== text || telling.change.lookAgain === true)) {
      if (type !== 'DELETED') {
        this.lastTold.set(uid, text);
      }
      if (isToldByApi(change, telling)) {
        setTimeout(() => this.tellIfStillBehind(uid), API_TELLS_MS).unref();
      } else {
        this.teller.tell(this.refOf(object), telling);
      }
    } else if (type !== 'DELETED') {
      this.tellOfPods(object); // Its ReplicaSets may have been seen before it was.
      if (type !== 'MODIFIED') {
        this.tellOfDeployment(object);
      }
    }
    this.tellOfMappings(this.mappings.rolloutChanged(change));
  }

  /** Stored, and not told: the API could not reach Temporal, or was killed in between. */
  private tellIfStillBehind(uid: string): void {
    const object = this.rollouts.get(uid);
    const telling = object && tellingOf({ type: 'MODIFIED', object });
    if (object !== undefined && telling !== undefined) {
      this.teller.tell(this.refOf(object), telling);
    }
  }

  /** Only an open run: without one no canary Mapping takes traffic, or the sweep finds it. */
  private tellOfMappings(news: readonly MappingTold[]): void {
    for (const { rollout, order, isIntruded } of news) {
      const { uid = '', generation = 0 } = rollout.metadata;
      const what = isIntruded ? ({ lookAgain: true } as const) : ({ mappings: true } as const);
      const change = { uid, generation, ...what };
      this.teller.tell(this.refOf(rollout), { change, start: false, ...(order && { order }) });
    }
  }

  /** At the start only: later the watch sees what becomes of a Rollout. */
  private tellVanishedOnce(): void {
    this.tellingVanished ??= tellVanished(this.options.runs, (id) => this.isKnown(id), {
      retryMs: VANISHED_RETRY_MS,
      signal: this.stopping.signal,
      failed: (error) => this.logger.warn({ err: error }, 'open runs without a Rollout cannot be told, trying again'),
    });
  }

  private onReplicaSet(change: Change<ReplicaSetObject>): void {
    const uid = this.pods.changed(change);
    const rollout = uid === undefined ? undefined : this.rollouts.get(uid);
    if (rollout === undefined) {
      return;
    }
    if (change.type === 'DELETED' && change.object.spec.replicas !== 0) {
      const { generation = 0 } = rollout.metadata;
      this.teller.tell(this.refOf(rollout), { change: { uid: uid ?? '', generation, lookAgain: true }, start: true });
    } else {
      this.tellOfPods(rollout);
    }
  }

  private tellOfPods(rollout: RolloutObject): void {
    const { uid = '', generation = 0, deletionTimestamp } = rollout.metadata;
    const news = deletionTimestamp === undefined ? this.pods.take(rollout) : undefined;
    if (news !== undefined) {
      const { revisions, isUrgent } = news;
      const telling = { change: { uid, generation, revisions }, start: true };
      this.teller.tell(this.refOf(rollout), telling, isUrgent ? 0 : FOR_THE_STATUS_MS);
    }
  }

  /** A template may have changed, or a Rollout have waited for it; most Deployments are nobody's. */
  private onDeployment({ type, object }: Change<KubernetesObject>): void {
    const { namespace = '', name, generation = 0 } = object.metadata;
    const key = `${namespace}/${name}`;
    if (type === 'DELETED') {
      this.generations.delete(key);
    } else if (this.generations.get(key) !== generation) {
      this.generations.set(key, generation);
      for (const rollout of this.rollouts.values()) {
        if (rollout.metadata.namespace === namespace && referencedDeployment(rollout) === name) {
          this.tellOfDeployment(rollout);
        }
      }
    }
  }

  private tellOfDeployment(rollout: RolloutObject): void {
    const { namespace = '', uid = '', generation = 0 } = rollout.metadata;
    const known = this.generations.get(`${namespace}/${referencedDeployment(rollout) ?? ''}`);
    if (known !== undefined && isBehindDeployment(rollout, known)) {
      this.teller.tell(this.refOf(rollout), { change: { uid, generation, lookAgain: true }, start: true });
    }
  }

  private isKnown(id: string): boolean {
    return [...this.rollouts.values()].some((rollout) => workflowId(this.refOf(rollout)) === id);
  }

  private refOf({ metadata: { namespace = '', name } }: RolloutObject): RolloutRef {
    return { cluster: this.cluster, namespace, name };
  }
}
