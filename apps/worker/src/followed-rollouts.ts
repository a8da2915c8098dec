import type { RolloutObject } from '@weir/activities';
import { workflowId, type RolloutSpec } from '@weir/rollout';
import { parseSpec } from '@weir/rollout/manifest';
import { KeyedSets } from './keyed-sets.ts';

type Traffic = Pick<RolloutSpec, 'mappings' | 'stableService' | 'canaryService'>;

/** One of Weir's Rollouts, and what its run was told. */
export interface Followed {
  readonly rollout: RolloutObject;
  readonly namespace: string;
  readonly workflowId: string;
  readonly traffic: Traffic;
  /** Generation of the spec that `traffic` is from; absent: of one before, or none, because it cannot be read. */
  readonly generation?: number | undefined;
  /** By the name of the stable Mapping: what was wrong with it and its canary Mapping when that was told last. */
  readonly told: Map<string, string>;
  /** Keys of orders. */
  readonly orders: Set<string>;
  /** Somebody else's Mappings on the route that were told of, each with its resourceVersion. */
  readonly intruders: Set<string>;
}

const NO_TRAFFIC: Traffic = { mappings: [], stableService: '', canaryService: '' };

/** The Rollouts as the watch sees them, by uid, by the stable Mappings that they list, and by the workflow id of their run. */
export class FollowedRollouts {
  private readonly byUid = new Map<string, Followed>();
  /** uids, by the key of a stable Mapping. */
  private readonly byStable = new KeyedSets();
  private readonly byWorkflowId = new Map<string, string>();

  constructor(private readonly cluster: string) {}

  get(uid: string): Followed | undefined {
    return this.byUid.get(uid);
  }

  values(): Followed[] {
    return [...this.byUid.values()];
  }

  /** @param key - of a Mapping, as a stable one */
  ofStable(key: string): Followed[] {
    return this.byStable.of(key).flatMap((uid) => this.byUid.get(uid) ?? []);
  }

  ofRun(id: string): Followed | undefined {
    return this.byUid.get(this.byWorkflowId.get(id) ?? '');
  }

  /** Takes the place of what was known of that Rollout; what its run was told stays told. */
  set(rollout: RolloutObject): Followed {
    const { uid = '', namespace = '', name } = rollout.metadata;
    const before = this.byUid.get(uid);
    this.delete(uid);
    const id = workflowId({ cluster: this.cluster, namespace, name });
    const one: Followed = {
      rollout,
      namespace,
      workflowId: id,
      ...trafficOf(rollout, before),
      told: before?.told ?? new Map<string, string>(),
      orders: before?.orders ?? new Set<string>(),
      intruders: before?.intruders ?? new Set<string>(),
    };
    this.byUid.set(uid, one);
    this.byWorkflowId.set(id, uid);
    for (const key of stableKeysOf(one)) {
      this.byStable.add(key, uid);
    }
    return one;
  }

  delete(uid: string): void {
    const one = this.byUid.get(uid);
    if (one === undefined) {
      return;
    }
    this.byUid.delete(uid);
    // Another one of that name may be there already.
    if (this.byWorkflowId.get(one.workflowId) === uid) {
      this.byWorkflowId.delete(one.workflowId);
    }
    for (const key of stableKeysOf(one)) {
      this.byStable.delete(key, uid);
    }
  }
}

function stableKeysOf({ namespace, traffic }: Followed): string[] {
  return traffic.mappings.map((name) => `${namespace}/${name}`);
}

/** Which Mappings and Services; a spec is read once a generation. */
function trafficOf({ metadata, spec }: RolloutObject, before?: Followed): Pick<Followed, 'traffic' | 'generation'> {
  const { generation, annotations } = metadata;
  if (before?.generation !== undefined && before.generation === generation) {
    return { traffic: before.traffic, generation };
  }
  const parsed = parseSpec(spec, annotations);
  // The run of a spec that became invalid is on its way home by the one before.
  return parsed.ok ? { traffic: parsed.spec, generation } : { traffic: before?.traffic ?? NO_TRAFFIC };
}
