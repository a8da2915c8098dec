import type {
  MappingSnapshot,
  ReplicaSetSnapshot,
  RolloutSnapshot,
  ServiceSnapshot,
  Snapshot,
  Trace,
} from './snapshot.ts';

type Unnumbered<T> = Omit<T, 'resourceVersion' | 'kind'>;

/** Builders of snapshots for the tests of this kit. All are Weir's, unless told otherwise. */
export const mapping = (name: string, weight: MappingSnapshot['weight'], byWeir = true): Snapshot =>
  unnumbered<MappingSnapshot>('mapping', { name, weight, byWeir });

export const service = (name: string, hash: string | undefined, byWeir = true): Snapshot =>
  unnumbered<ServiceSnapshot>('service', { name, ...(hash !== undefined && { hash }), byWeir });

export const replicaSet = (
  revision: number,
  replicas: ReplicaSetSnapshot['replicas'],
  available = 0,
  more: Partial<ReplicaSetSnapshot> = {},
): Snapshot =>
  unnumbered<ReplicaSetSnapshot>('replicaSet', {
    hash: `hash-${revision}`,
    revision,
    replicas,
    available,
    byWeir: true,
    ...more,
  });

export const rollout = (more: Partial<RolloutSnapshot> = {}): Snapshot =>
  unnumbered<RolloutSnapshot>('rollout', { replicas: 4, generation: 1, deleting: false, ...more });

export const deed = (what: string): Snapshot => ({ kind: 'deed', resourceVersion: 0, what });

/** In that order. */
export function traceOf(...snapshots: readonly Snapshot[]): Trace {
  return snapshots.map((snapshot, index) => ({ ...snapshot, resourceVersion: index + 1 }));
}

function unnumbered<T extends Snapshot>(kind: T['kind'], fields: Unnumbered<T>): Snapshot {
  return { ...fields, kind, resourceVersion: 0 } as unknown as T;
}
