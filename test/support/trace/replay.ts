import { GONE, type ReplicaSetSnapshot, type RolloutSnapshot, type Snapshot, type Trace } from './snapshot.ts';

/** What a trace says of the namespace at one moment. */
export interface Moment {
  /** Weight by name of each canary Mapping that exists. */
  readonly weights: ReadonlyMap<string, number>;
  /** Pod template hash by name of Service, of those whose selector has one. */
  readonly selected: ReadonlyMap<string, string>;
  /** By pod template hash. */
  readonly revisions: ReadonlyMap<string, ReplicaSetSnapshot>;
  readonly rollout?: RolloutSnapshot;
}

/** A field that this kit looks at got another value. */
export type Write = { readonly resourceVersion: number; readonly byWeir: boolean } & (
  | { readonly kind: 'weight'; readonly mapping: string; readonly from: number; readonly to: number | typeof GONE }
  | { readonly kind: 'selector'; readonly service: string; readonly hash: string | undefined }
  | {
      readonly kind: 'scale';
      readonly hash: string;
      readonly revision: number;
      readonly from: number;
      readonly to: number | typeof GONE;
    }
  | { readonly kind: 'renumber'; readonly hash: string; readonly from: number; readonly to: number }
  /** By the test: what the writes that follow are about. */
  | { readonly kind: 'deed'; readonly what: string }
);

export interface Replayed {
  readonly write: Write;
  /** Just after the write. */
  readonly after: Moment;
}

export const NOTHING: Moment = { weights: new Map(), selected: new Map(), revisions: new Map() };

/** The writes of a trace, each with what was so when it came. Changes of the status alone are in the moments only. */
export function replay(trace: Trace): readonly Replayed[] {
  let moment = NOTHING;
  return trace.flatMap((snapshot) => {
    const before = moment;
    moment = applied(before, snapshot);
    const after = moment;
    return writesOf(before, snapshot).map((write) => ({ write, after }));
  });
}

/** The namespace at the end of a trace. */
export function lastMoment(trace: Trace): Moment {
  return trace.reduce(applied, NOTHING);
}

function applied(moment: Moment, snapshot: Snapshot): Moment {
  switch (snapshot.kind) {
    case 'mapping':
      return { ...moment, weights: withEntry(moment.weights, snapshot.name, present(snapshot.weight)) };
    case 'service':
      return { ...moment, selected: withEntry(moment.selected, snapshot.name, snapshot.hash) };
    case 'replicaSet': {
      const value = snapshot.replicas === GONE ? undefined : snapshot;
      return { ...moment, revisions: withEntry(moment.revisions, snapshot.hash, value) };
    }
    case 'rollout':
      return { ...moment, rollout: snapshot };
    case 'deed':
      return moment;
  }
}

function writesOf(before: Moment, snapshot: Snapshot): readonly Write[] {
  switch (snapshot.kind) {
    case 'mapping': {
      const { resourceVersion, byWeir, name: mapping, weight: to } = snapshot;
      const from = before.weights.get(mapping);
      // A Mapping that comes into being at 0 is a write, too.
      return from === to ? [] : [{ kind: 'weight', resourceVersion, byWeir, mapping, from: from ?? 0, to }];
    }
    case 'service': {
      const { resourceVersion, byWeir, name: service, hash } = snapshot;
      return before.selected.get(service) === hash
        ? []
        : [{ kind: 'selector', resourceVersion, byWeir, service, hash }];
    }
    case 'replicaSet':
      return writesOfReplicaSet(before.revisions.get(snapshot.hash), snapshot);
    case 'rollout':
      return changesOf(before.rollout, snapshot);
    case 'deed':
      return [{ ...snapshot, byWeir: false }];
  }
}

function writesOfReplicaSet(before: ReplicaSetSnapshot | undefined, snapshot: ReplicaSetSnapshot): readonly Write[] {
  const { resourceVersion, byWeir, hash, revision, replicas: to } = snapshot;
  const from = before === undefined ? 0 : (present(before.replicas) ?? 0);
  const renumbered = before !== undefined && before.revision !== revision && to !== GONE;
  const scaled = before === undefined || before.replicas !== to;
  return [
    ...(renumbered
      ? [{ kind: 'renumber', resourceVersion, byWeir: true, hash, from: before.revision, to: revision } as const]
      : []),
    ...(scaled ? [{ kind: 'scale', resourceVersion, byWeir, hash, revision, from, to } as const] : []),
  ];
}

function changesOf(before: RolloutSnapshot | undefined, snapshot: RolloutSnapshot): readonly Write[] {
  const { resourceVersion, generation, deleting } = snapshot;
  if (before === undefined || (before.generation === generation && before.deleting === deleting)) {
    return [];
  }
  const what = deleting ? 'the Rollout is deleted' : 'the spec changes';
  return [{ kind: 'deed', resourceVersion, byWeir: false, what }];
}

function present<T>(value: T | typeof GONE): T | undefined {
  return value === GONE ? undefined : value;
}

function withEntry<T>(map: ReadonlyMap<string, T>, key: string, value: T | undefined): ReadonlyMap<string, T> {
  const copy = new Map(map);
  if (value === undefined) {
    copy.delete(key);
  } else {
    copy.set(key, value);
  }
  return copy;
}
