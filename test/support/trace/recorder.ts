import {
  REPLICA_SETS,
  ROLLOUTS,
  SERVICES,
  watchForever,
  type KubernetesClient,
  type KubernetesObject,
  type Resource,
} from '@weir/kubernetes';
import {
  BRAKE_FIELD_MANAGER,
  POD_TEMPLATE_HASH_LABEL,
  REVISION_ANNOTATION,
  ROLLOUT_LABEL,
  WORKER_FIELD_MANAGER,
} from '@weir/rollout';
import type { MappingObject, RolloutObject, ServiceObject } from '../application.ts';
import { MAPPINGS } from '../objects.ts';
import { eventually } from '../wait.ts';
import { GONE, type Snapshot, type Trace } from './snapshot.ts';

export interface ReplicaSetObject extends KubernetesObject {
  readonly spec: { readonly replicas?: number; readonly template?: { readonly spec?: object } };
  readonly status?: { readonly replicas?: number; readonly availableReplicas?: number };
}

/** Less than from one resourceVersion to the next. */
const JUST_AFTER = 0.5;

/** A kind that is watched, and what the trace keeps of one object of it. */
interface Watched<T extends KubernetesObject> {
  readonly resource: Resource;
  readonly labelSelector?: string;
  readonly snapshot: (object: T, deleted: boolean) => Snapshot;
}

/** Records what is so in a namespace, change by change, until the signal is aborted. */
export class Recorder {
  private readonly snapshots: Snapshot[] = [];
  /** resourceVersion of the newest change of each object, by kind and name; undefined: it is gone. */
  private readonly newest = new Map<string, number | undefined>();
  private readonly breaks: unknown[] = [];

  constructor(
    private readonly kubernetes: KubernetesClient,
    private readonly namespace: string,
    private readonly signal: AbortSignal,
  ) {
    KINDS.forEach((kind) => this.watch(kind));
  }

  /** Notes what the test does next, between what was written until now and what will be. */
  async deed(what: string): Promise<void> {
    const { metadata } = await this.kubernetes.list({ resource: SERVICES, namespace: this.namespace });
    this.snapshots.push({ kind: 'deed', resourceVersion: Number(metadata.resourceVersion) + JUST_AFTER, what });
  }

  /** Everything so far, in the order of resourceVersion. */
  trace(): Trace {
    return this.snapshots.toSorted((a, b) => a.resourceVersion - b.resourceVersion);
  }

  /**
   * Returns when what is so in the cluster now has been recorded.
   *
   * @throws Error when a watch broke: changes may be missing from the trace
   */
  async caughtUp(): Promise<void> {
    await Promise.all(KINDS.map((kind) => this.caughtUpWith(kind)));
    if (this.breaks.length > 0) {
      throw new Error(`a watch broke, the trace may lack changes: ${String(this.breaks[0])}`);
    }
  }

  private async caughtUpWith({ resource, labelSelector }: AnyWatched): Promise<void> {
    const { items } = await this.kubernetes.list(
      { resource, namespace: this.namespace },
      { ...(labelSelector !== undefined && { labelSelector }) },
    );
    const listed = new Map(items.map((object) => [keyOf(resource, object), versionOf(object)]));
    await eventually(`the trace has all ${resource.plural}`, async () => {
      const isNew = [...listed].every(
        ([key, version]) => this.newest.has(key) && (this.newest.get(key) ?? Infinity) >= version,
      );
      const gone = [...this.newest].filter(([key]) => key.startsWith(`${resource.plural}/`) && !listed.has(key));
      return isNew && gone.every(([, version]) => version === undefined);
    });
  }

  private watch({ resource, labelSelector, snapshot }: AnyWatched): void {
    void watchForever<KubernetesObject>(this.kubernetes, {
      at: { resource, namespace: this.namespace },
      ...(labelSelector !== undefined && { selector: { labelSelector } }),
      signal: this.signal,
      onBreak: (error) => this.breaks.push(error),
      onChange: ({ type, object }) => {
        const deleted = type === 'DELETED';
        this.newest.set(keyOf(resource, object), deleted ? undefined : versionOf(object));
        this.snapshots.push(snapshot(object, deleted));
      },
    });
  }
}

function keyOf({ plural }: Resource, { metadata: { name } }: KubernetesObject): string {
  return `${plural}/${name}`;
}

function versionOf({ metadata: { resourceVersion } }: KubernetesObject): number {
  return Number(resourceVersion);
}

/** Whether Weir, its worker or its brake, wrote that field last. `path` is of names: `spec`, `weight`. */
function isWeirs({ metadata: { managedFields = [] } }: KubernetesObject, ...path: readonly string[]): boolean {
  return managedFields.some(({ manager, fieldsV1 }) => {
    const field = path.reduce<unknown>(
      (tree, name) => (tree as Record<string, unknown> | undefined)?.[`f:${name}`],
      fieldsV1,
    );
    return (manager === WORKER_FIELD_MANAGER || manager === BRAKE_FIELD_MANAGER) && field !== undefined;
  });
}

type AnyWatched = Watched<KubernetesObject>;

const canaryMappings: Watched<MappingObject> = {
  resource: MAPPINGS,
  labelSelector: ROLLOUT_LABEL,
  snapshot: (object, deleted) => ({
    kind: 'mapping',
    resourceVersion: versionOf(object),
    name: object.metadata.name,
    weight: deleted ? GONE : (object.spec.weight ?? Number.NaN),
    byWeir: isWeirs(object, 'spec', 'weight'),
  }),
};

const services: Watched<ServiceObject> = {
  resource: SERVICES,
  snapshot: (object, deleted) => {
    const hash = deleted ? undefined : object.spec.selector[POD_TEMPLATE_HASH_LABEL];
    return {
      kind: 'service',
      resourceVersion: versionOf(object),
      name: object.metadata.name,
      ...(hash !== undefined && { hash }),
      byWeir: isWeirs(object, 'spec', 'selector'),
    };
  },
};

const replicaSets: Watched<ReplicaSetObject> = {
  resource: REPLICA_SETS,
  // Those of a Deployment have another hash.
  labelSelector: POD_TEMPLATE_HASH_LABEL,
  snapshot: (object, deleted) => ({
    kind: 'replicaSet',
    resourceVersion: versionOf(object),
    hash: object.metadata.labels?.[POD_TEMPLATE_HASH_LABEL] ?? '',
    revision: Number(object.metadata.annotations?.[REVISION_ANNOTATION] ?? 0),
    replicas: deleted ? GONE : (object.spec.replicas ?? 1),
    available: object.status?.availableReplicas ?? 0,
    byWeir: isWeirs(object, 'spec', 'replicas'),
  }),
};

const rollouts: Watched<RolloutObject> = {
  resource: ROLLOUTS,
  snapshot: (object, deleted) => ({
    kind: 'rollout',
    resourceVersion: versionOf(object),
    replicas: object.spec?.replicas ?? 1,
    generation: object.metadata.generation ?? 0,
    deleting: deleted || object.metadata.deletionTimestamp !== undefined,
    ...(object.status?.phase !== undefined && { phase: object.status.phase, message: object.status.message }),
  }),
};

const KINDS = [canaryMappings, services, replicaSets, rollouts] as readonly unknown[] as readonly AnyWatched[];
