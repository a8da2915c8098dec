import { noteIn, type MappingObject, type RolloutObject } from '@weir/activities';
import type { Change } from '@weir/kubernetes';
import { driftOf, orderOn, orderOnRollout, ownerOf, sharesTraffic, unfitness, weightWrittenOn } from '@weir/mapping';
import { CANARY_SUFFIX, RUN_ANNOTATION, type Order, type RunSummary } from '@weir/rollout';
import { ByPrefix } from './by-prefix.ts';
import { FollowedRollouts, type Followed } from './followed-rollouts.ts';

/** Something that the open run of a Rollout is to be told. */
export interface MappingTold {
  readonly rollout: RolloutObject;
  /** The brake has written this on a canary Mapping, or on the Rollout. */
  readonly order?: Order;
  /** Somebody else's Mapping came onto its route: the run is to look at all of it, as before the first weight. */
  readonly isIntruded?: true;
}

/** What is said of a canary Mapping that sends its traffic to the stable Service until its stable Mapping is back. */
const ONLY_MISSING = 'the stable Mapping is missing';

/**
 * The Mappings of the cluster as the watch sees them, and which of it is news to a run: a canary Mapping that is not what its
 * stable one makes of it, a stable one beside which there can be no canary any more, an order of the brake. Pure bookkeeping.
 * Weir's own writes come back through the watch, too, and leave nothing that differs: of them nobody is told.
 */
export class MappingNews {
  private readonly mappings = new Map<string, MappingObject>();
  private readonly byPrefix = new ByPrefix();
  private isComplete = false;
  /** uids of canary Mappings that a run has this worker delete. */
  private readonly leaving = new Set<string>();
  private readonly followed: FollowedRollouts;

  constructor(
    cluster: string,
    private readonly installation: string,
  ) {
    this.followed = new FollowedRollouts(cluster);
  }

  mappingChanged({ type, object }: Change<MappingObject>): readonly MappingTold[] {
    const key = keyOf(object);
    const isNew = !this.mappings.has(key);
    const isLeaving = type === 'DELETED' && this.leaving.delete(object.metadata.uid ?? '');
    if (type === 'DELETED') {
      this.mappings.delete(key);
      this.byPrefix.delete(key);
    } else {
      // A Mapping without a spec is accepted by some versions of the CRD. Who manages what is not asked here.
      const { managedFields: _, ...metadata } = object.metadata;
      const mapping = { ...object, metadata, spec: object.spec ?? {} };
      this.mappings.set(key, mapping);
      this.byPrefix.set(key, mapping);
    }
    const asStable = this.followed.ofStable(key).map((one) => ({ one, stableName: object.metadata.name }));
    const asCanary = this.followersOfCanary(object).map((one) => ({ one, stableName: stableNameOf(object) }));
    return [
      ...asStable.flatMap(({ one, stableName }) => this.look(one, stableName, type === 'LISTED')),
      ...asCanary.flatMap(({ one, stableName }) =>
        type === 'DELETED'
          ? this.deleted(one, stableName, isLeaving || isWithoutTraffic(object))
          : this.look(one, stableName, type === 'LISTED'),
      ),
      ...(asCanary.length === 0 ? this.intruded(key) : []),
      // What came onto its route just before it did was nobody's business then.
      ...(isNew ? asCanary.flatMap(({ one, stableName }) => this.intrudersOf(`${one.namespace}/${stableName}`)) : []),
    ];
  }

  /** All Mappings of the cluster, without their `managedFields`; undefined: not known in that version, or not all of them. */
  seen(apiVersion: string): readonly MappingObject[] | undefined {
    const all = [...this.mappings.values()];
    return this.isComplete && all.every((one) => one.apiVersion === apiVersion) ? all : undefined;
  }

  /** A run has that canary Mapping deleted: it need not be told when it is gone. */
  willDelete(uid: string): void {
    this.leaving.add(uid);
  }

  /** All Mappings have come. A canary Mapping that is not among them was deleted while nobody watched. */
  listed(): readonly MappingTold[] {
    this.isComplete = true;
    return this.followed.values().flatMap((one) => this.absent(one));
  }

  /** The Mappings are not watched for now: their API version is no longer served. */
  forgetMappings(): void {
    this.mappings.clear();
    this.byPrefix.clear();
    this.leaving.clear();
    this.isComplete = false;
  }

  rolloutChanged({ type, object }: Change<RolloutObject>): readonly MappingTold[] {
    const { uid = '' } = object.metadata;
    if (type === 'DELETED') {
      this.followed.delete(uid);
      return [];
    }
    const before = this.followed.get(uid);
    const one = this.followed.set(object);
    const isSame = before?.traffic === one.traffic;
    const order = orderOnRollout(object);
    return [
      ...(order === undefined ? [] : this.ordered(one, order)),
      ...(isSame ? [] : this.stableNamesOf(one).flatMap((stableName) => this.look(one, stableName))),
      ...(type === 'LISTED' && this.isComplete ? this.absent(one) : []),
    ];
  }

  /** Stable Mappings that it lists, and those of canary Mappings that its run has made. */
  private stableNamesOf({ namespace, traffic, workflowId: id }: Followed): string[] {
    const ours = [...this.mappings.values()].filter(
      (mapping) => mapping.metadata.namespace === namespace && this.ownerIs(mapping, id),
    );
    return [...new Set([...traffic.mappings, ...ours.map(stableNameOf)])];
  }

  /** By its name, and by what it says of its owner: the one or the other may have been taken off by hand. */
  private followersOfCanary(canary: MappingObject): Followed[] {
    const { namespace = '', name } = canary.metadata;
    if (!name.endsWith(CANARY_SUFFIX)) {
      return [];
    }
    const byOwner = this.followed.ofRun(ownerOf(canary)?.workflowId ?? '');
    const byName = this.followed.ofStable(`${namespace}/${stableNameOf(canary)}`);
    return [...new Set([...byName, ...(byOwner === undefined ? [] : [byOwner])])].filter(
      (one) => one.namespace === namespace && this.isCanaryOf(canary, one),
    );
  }

  private isCanaryOf(canary: MappingObject, one: Followed): boolean {
    return ownerOf(canary) === undefined
      ? one.traffic.mappings.includes(stableNameOf(canary))
      : this.ownerIs(canary, one.workflowId);
  }

  private ownerIs(mapping: MappingObject, id: string): boolean {
    const owner = ownerOf(mapping);
    return owner?.installation === this.installation && owner.workflowId === id;
  }

  /** What is wrong between a stable and its canary Mapping, if that is news. */
  private look(one: Followed, stableName: string, isListed = false): MappingTold[] {
    const canary = this.mappings.get(`${one.namespace}/${stableName}${CANARY_SUFFIX}`);
    if (canary === undefined || !this.isCanaryOf(canary, one)) {
      one.told.delete(stableName);
      return [];
    }
    const order = orderOn(canary);
    const found = finding(one, canary, this.mappings.get(`${one.namespace}/${stableName}`));
    const told = isListed ? undefined : one.told.get(stableName);
    if (found === undefined) {
      one.told.delete(stableName);
    } else {
      one.told.set(stableName, found);
    }
    // That it is missing was told with what had to be repaired for it.
    const isNews = found !== undefined && found !== told && !(found === ONLY_MISSING && told !== undefined);
    const ordered = order === undefined ? [] : this.ordered(one, order);
    return ordered.length > 0 ? ordered : isNews ? [{ rollout: one.rollout }] : [];
  }

  /** @param isExpected - our own removal, or as good as that: without traffic nothing is at stake */
  private deleted(one: Followed, stableName: string, isExpected: boolean): MappingTold[] {
    one.told.delete(stableName);
    return isExpected ? [] : [{ rollout: one.rollout }];
  }

  /**
   * Rollouts under way on whose route a Mapping is that preflight would have refused. Hosts may tell the two apart, which the run
   * reads when it looks.
   */
  private intruded(key: string): MappingTold[] {
    return this.byPrefix.besides(key).flatMap((stableKey) => this.intrudedAt(stableKey, key));
  }

  private intrudersOf(stableKey: string): MappingTold[] {
    return this.byPrefix.besides(stableKey).flatMap((key) => this.intrudedAt(stableKey, key));
  }

  private intrudedAt(stableKey: string, key: string): MappingTold[] {
    const [stable, intruder] = [this.mappings.get(stableKey), this.mappings.get(key)];
    const canaryKey = `${stableKey}${CANARY_SUFFIX}`;
    const hasCanary = canaryKey !== key && this.mappings.has(canaryKey);
    const followers = this.followed.ofStable(stableKey);
    const canIntrude = stable !== undefined && intruder !== undefined && hasCanary && followers.length > 0;
    if (!canIntrude || !sharesTraffic(intruder, stable)) {
      return [];
    }
    const version = `${key} ${intruder.metadata.resourceVersion ?? ''}`;
    return followers
      .filter(({ intruders }) => !intruders.has(version) && intruders.add(version))
      .map(({ rollout }) => ({ rollout, isIntruded: true }));
  }

  /** An order is delivered once. */
  private ordered(one: Followed, order: Order): MappingTold[] {
    if (one.orders.has(order.key)) {
      return [];
    }
    one.orders.add(order.key);
    return [{ rollout: one.rollout, order }];
  }

  /** The run says that canary Mappings take traffic, and there are none. */
  private absent({ rollout, namespace, traffic }: Followed): MappingTold[] {
    const { weight } = noteIn(rollout, RUN_ANNOTATION) as Partial<RunSummary>;
    const isMissing = traffic.mappings.some((name) => !this.mappings.has(`${namespace}/${name}${CANARY_SUFFIX}`));
    return isMissing && Number(weight?.written) > 0 ? [{ rollout }] : [];
  }
}

/** Text that stays the same while the same is wrong with the same writes; undefined: all is as it is to be. */
function finding({ rollout, namespace, traffic }: Followed, canary: MappingObject, stable?: MappingObject) {
  const { stableService, canaryService } = traffic;
  const drift = driftOf({ stable, canary, rollout: rollout.metadata.name, stableService, canaryService });
  const unfit = stable === undefined ? [] : unfitness(stable, { namespace, stableService });
  if (drift.length === 0 && unfit.length === 0) {
    return stable === undefined ? ONLY_MISSING : undefined;
  }
  const versions = [stable, canary].map((mapping) => mapping?.metadata.resourceVersion);
  return JSON.stringify([drift, unfit, versions]);
}

function isWithoutTraffic(canary: MappingObject): boolean {
  return canary.spec.weight === 0 && weightWrittenOn(canary) === 0;
}

function stableNameOf({ metadata: { name } }: MappingObject): string {
  return name.endsWith(CANARY_SUFFIX) ? name.slice(0, -CANARY_SUFFIX.length) : name;
}

function keyOf({ metadata: { namespace = '', name } }: MappingObject): string {
  return `${namespace}/${name}`;
}
