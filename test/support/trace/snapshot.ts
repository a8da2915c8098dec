/** Stands for an object that was deleted. */
export const GONE = 'gone';

/** The object is as it says from this resourceVersion on. Kinds share one counter, that of etcd, so versions compare across them. */
interface At {
  readonly resourceVersion: number;
}

/** Whether Weir, its worker or the brake of its API, owns the field that this kit looks at, by `metadata.managedFields`. */
interface Written {
  readonly byWeir: boolean;
}

export interface MappingSnapshot extends At, Written {
  readonly kind: 'mapping';
  readonly name: string;
  /** Percent. */
  readonly weight: number | typeof GONE;
}

export interface ServiceSnapshot extends At, Written {
  readonly kind: 'service';
  readonly name: string;
  /** Pod template hash in its selector; absent: it selects the pods of every revision. */
  readonly hash?: string;
}

export interface ReplicaSetSnapshot extends At, Written {
  readonly kind: 'replicaSet';
  readonly hash: string;
  /** By its annotation. */
  readonly revision: number;
  /** `spec.replicas`. */
  readonly replicas: number | typeof GONE;
  /** Pods. */
  readonly available: number;
}

export interface RolloutSnapshot extends At {
  readonly kind: 'rollout';
  /** `spec.replicas`, as far as the manifest says. */
  readonly replicas: number;
  /** Of the spec. */
  readonly generation: number;
  /** It is being deleted, or gone. */
  readonly deleting: boolean;
  readonly phase?: string;
  readonly message?: string;
}

/** What the test did, such as a command, after that resourceVersion and before the next. */
export interface DeedSnapshot extends At {
  readonly kind: 'deed';
  readonly what: string;
}

/** What was seen of one object at one time. A trace is a list of these in the order of resourceVersion. */
export type Snapshot = MappingSnapshot | ServiceSnapshot | ReplicaSetSnapshot | RolloutSnapshot | DeedSnapshot;
export type Trace = readonly Snapshot[];

/** The two Services of a Rollout, by name. */
export interface Roles {
  readonly stable: string;
  readonly canary: string;
}
