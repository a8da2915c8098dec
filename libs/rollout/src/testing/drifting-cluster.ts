import type { ActivityAction } from '../actions.ts';
import { take, type Command } from '../commands.ts';
import type { RunEvent } from '../evolve.ts';
import { abortMessage } from '../mappings.ts';
import { canaryMappingName } from '../names.ts';
import { leastWeightOnAbort } from '../replicas.ts';
import type { CanaryMapping, Observation, Problem, Repair } from '../run.ts';
import { ABORTED, CANARY_MAPPING_GONE } from '../transitions.ts';
import type { Order, RolloutSpec } from '../types.ts';
import { describeAction } from './describe-action.ts';
import { mayWrite, type Traffic } from './invariants.ts';
import { MixedCluster } from './mixed-cluster.ts';
import { TamperedMappings, type Tampering } from './tampered-mappings.ts';
import { TrafficWatch } from './traffic-watch.ts';

/** What a gateway answers: at once, once the time is over and then at once, never, nothing; or that it refuses a Mapping. */
export type GatewayMood = 'serves' | 'isLate' | 'neverServes' | 'isSilent' | 'refuses';

const BACKEND_GONE: Problem = { reason: 'AmbassadorMappingNotFound', message: 'the stable Mapping is gone' };

/**
 * A simulated cluster in which others change Mappings, the brake writes orders and the gateway has moods. Activities answer as the
 * real ones do (`libs/activities`), and a {@link TrafficWatch} looks on. `mappings` of the base class has the weights that Weir
 * wrote.
 */
export class DriftingCluster extends MixedCluster {
  mood: GatewayMood = 'serves';
  /** Canary Mappings of an Argo controller. */
  left: readonly string[] = [];
  readonly others = new TamperedMappings();
  readonly watch = new TrafficWatch();
  private orderedOnRollout: Order | undefined;
  private wasAsked = false;

  /** An image is stable, and nobody waits for anything. */
  static serving(spec: RolloutSpec, image: string): DriftingCluster {
    const { paused: _paused, ...going } = spec;
    const cluster = new DriftingCluster(going, image, () => true);
    cluster.tell();
    for (let rounds = 20; rounds > 0 && !cluster.isIdle; rounds--) {
      cluster.podsComeUp();
      const waiting = cluster.drive();
      cluster.pass(waiting?.kind === 'wait' ? 60 : 0);
    }
    cluster.spec = spec;
    return cluster;
  }

  canaries(): string[] {
    return [...this.mappings.keys()];
  }

  override change(change: { readonly spec?: RolloutSpec; readonly image?: string }): void {
    if ((change.spec ?? this.spec).workload === undefined) {
      this.watch.unbar();
    }
    super.change(change);
  }

  tamper(name: string, what: Tampering): void {
    if (this.mappings.has(name)) {
      this.others.tamper(name, what);
    }
  }

  /** The API aborts by itself: on the Mappings, or on the Rollout while there are none. */
  brake(): void {
    const { revision, spec } = this.run;
    if (this.isIdle || this.services.stable === revision.canary) {
      return;
    }
    const order: Order = { actor: 'eve', at: '2026-01-01T00:00:00Z', key: 'k' };
    const least = spec.workload ? leastWeightOnAbort(spec.workload, this.pods.availableOf(revision.stable)) : 0;
    const there = this.canaries().filter((name) => !this.others.isDeleted(name));
    for (const name of there) {
      this.mappings.set(name, Math.min(this.mappings.get(name) ?? 0, least));
      this.others.order(name, order);
    }
    if (there.length === 0) {
      this.orderedOnRollout = { ...order, generation: this.generation };
    }
  }

  give(name: Command['name'], more: Partial<Command> = {}): void {
    const before = this.run;
    this.run = take(before, { name, actor: 'ana', ...more }, this.nowMs);
    this.watch.changed(before, this.run, name, this.nowMs);
  }

  override evolve(event: RunEvent): void {
    const before = this.run;
    super.evolve(event);
    this.watch.changed(before, this.run, event.kind, this.nowMs);
  }

  protected override close(): void {
    this.watch.closed(this.run);
    super.close();
  }

  protected override perform(action: ActivityAction): void {
    const own = this.performer(action);
    if (own === undefined) {
      super.perform(action);
      return;
    }
    this.courses.push(describeAction(action));
    own();
  }

  private performer(action: ActivityAction): (() => void) | undefined {
    switch (action.kind) {
      case 'ensureCanaryMappings':
        return () => this.ensure();
      case 'setCanaryWeight':
        return () => this.write(action.weight);
      case 'repairCanaryMappings':
        return () => this.repair();
      case 'awaitServedWeight':
        return this.mood === 'refuses' ? () => this.refuse() : this.beforehand(action);
      default:
        return this.beforehand(action);
    }
  }

  /** What others hear or lose by something that the base class does. */
  private beforehand(action: ActivityAction): undefined {
    switch (action.kind) {
      case 'awaitServedWeight':
        this.answer(action.weight, action.untilMs);
        break;
      case 'switchStableService':
        this.watch.switches(this.run, this.nowMs);
        break;
      case 'pointServices':
        if (action.services.stable === this.run.revision.canary && this.run.stage === 'promoting') {
          this.watch.switches(this.run, this.nowMs);
        }
        break;
      case 'dropCanaryMappings':
        action.canaryMappings.forEach(({ stableName }) => this.others.forget(stableName));
        break;
      case 'adoptCanaryMappings':
        this.left = [];
        this.watch.wrote(this.run, this.nowMs);
        break;
      case 'releaseRollout':
        this.orderedOnRollout = undefined;
        break;
      default:
    }
  }

  private answer(weight: number, untilMs: number): void {
    const isIn = this.mood === 'serves' || (this.mood === 'isLate' && this.wasAsked);
    const state = isIn ? 'served' : this.mood === 'isSilent' ? 'unknown' : 'notServed';
    this.wasAsked = !isIn;
    this.gateway.push({ state, message: state, ...(isIn && { weight }) });
    this.watch.answered(state, weight, isIn ? this.nowMs : untilMs);
  }

  private refuse(): void {
    this.pass(2); // An error counts when it has stood for as long.
    this.fail('GatewayRefusedMapping');
  }

  protected override remove(): void {
    const names = this.canaries();
    super.remove();
    names.forEach((name) => this.others.forget(name));
  }

  private ensure(): void {
    const missing = this.spec.mappings.filter((name) => !this.mappings.has(name));
    const present = missing.filter((name) => !this.others.isGone(name));
    present.forEach((name) => this.mappings.set(name, 0));
    const order = this.orderOnRollout();
    if (present.length < missing.length) {
      this.fail(BACKEND_GONE.reason);
    } else if (order !== undefined) {
      this.failByOrder(order);
    } else {
      this.evolve({ kind: 'canaryMappingsEnsured', canaryMappings: missing.map(canaryOf) });
    }
  }

  /** All are written at once; what cannot be fails the whole. */
  private write(weight: number): void {
    const { spec, isWeightLost, canaryMappings } = this.run;
    if (spec.workload !== undefined && isWeightLost !== true) {
      mayWrite(this.traffic(), weight);
    }
    this.watch.intends(this.run, weight);
    this.evolve({ kind: 'weightIntended', weight });
    const names = canaryMappings
      .filter((one) => one.isDiverted !== true && (one.weight !== weight || weight === 0))
      .map(({ stableName }) => stableName);
    const order = names
      .filter((name) => weight > (this.mappings.get(name) ?? 0))
      .map(this.others.orderOn)
      .find((one) => one !== undefined);
    const gone = names.filter((name) => !this.mappings.has(name) || this.others.isDeleted(name));
    names
      .filter((name) => !gone.includes(name) && (order === undefined || this.others.orderOn(name) === undefined))
      .forEach((name) => this.mappings.set(name, weight));
    this.watch.wrote(this.run, this.nowMs);
    if (order !== undefined) {
      this.failByOrder(order);
    } else if (weight === 0 || gone.length === 0) {
      this.evolve({ kind: 'weightWritten', weight, canaryMappings: names.map(canaryOf) });
    } else {
      this.fail(CANARY_MAPPING_GONE);
    }
  }

  private failByOrder(order: Order): void {
    this.fail(ABORTED, { message: abortMessage(order), by: order });
  }

  private fail(reason: string, more: Partial<Problem> = {}): void {
    this.evolve({ kind: 'failed', problem: { reason, message: reason, ...more } });
  }

  private repair(): void {
    this.evolve({ kind: 'repairStarted' });
    const { canaryMappings, stage, spec } = this.run;
    const policy = stage === 'retreating' ? undefined : spec.driftPolicy;
    const names = canaryMappings.map(({ stableName }) => stableName);
    const reason = names.map((name) => this.others.refusal(name, policy)).find((one) => one !== undefined);
    const repairs = canaryMappings.flatMap((one) => this.mend(one, policy));
    if (repairs.length > 0) {
      this.watch.wrote(this.run, this.nowMs);
    }
    if (reason !== undefined) {
      const diverted = names.filter(this.others.isUnfit).filter(this.others.isDiverted).map(canaryMappingName);
      return this.fail(reason, { diverted });
    }
    const order = names.map(this.others.orderOn).find((one) => one !== undefined);
    const missingStable = names.filter(this.others.isGone);
    this.evolve({ kind: 'mappingsRepaired', canaryMappings, repairs, missingStable, ...(order && { order }) });
  }

  /** One write, unless all is well, or an order or a refusal stands against it. */
  private mend({ stableName: mapping, weight }: CanaryMapping, policy: RolloutSpec['driftPolicy']): Repair[] {
    const isUnfit = this.others.isUnfit(mapping) && !this.others.isGone(mapping);
    const what = isUnfit && !this.others.isDeleted(mapping) ? 'stableGone' : this.others.whatIsWrong(mapping);
    const isRefused = this.others.refusal(mapping, policy) !== undefined && what !== 'stableGone';
    if (what === undefined || isRefused || this.others.orderOn(mapping) !== undefined) {
      return [];
    }
    const wanted = weight ?? this.run.writtenWeight;
    this.watch.putsBack(this.run, wanted);
    this.mappings.set(mapping, wanted);
    this.others.mended(mapping, what === 'stableGone');
    return [{ mapping, what, fields: [] }];
  }

  /** One for what was wanted before does not count. */
  private orderOnRollout(): Order | undefined {
    return this.orderedOnRollout?.generation === this.generation ? this.orderedOnRollout : undefined;
  }

  /** As far as the run knows: of a Mapping that is gone or braked it will hear. One that is diverted sends nothing to the canary. */
  protected override traffic(): Traffic {
    const weights = [...this.mappings].map(([name, weight]) => {
      const isUnknown = this.others.isDeleted(name) || this.others.orderOn(name) !== undefined;
      return this.others.isDiverted(name) ? 0 : isUnknown ? this.run.writtenWeight : weight;
    });
    return { ...super.traffic(), weight: Math.max(0, ...weights), lowest: Math.min(100, ...weights) };
  }

  protected override observation(): Observation {
    const { rollout, ...seen } = super.observation();
    const { mappings, adopt } = this.spec;
    const order = this.orderOnRollout();
    const isLeft = this.left.length > 0;
    const isGone = mappings.some((name) => this.others.isGone(name) || this.others.isUnfit(name));
    return {
      ...seen,
      problems: [
        ...(isGone ? [BACKEND_GONE] : []),
        ...(isLeft && adopt !== true ? [{ reason: 'ArgoCanaryMappingLeft', message: 'left' }] : []),
      ],
      ...(isLeft && adopt === true && { adoptable: this.left }),
      ...(rollout && { rollout: { ...rollout, ...(order && { order }) } }),
    };
  }
}

function canaryOf(stableName: string): CanaryMapping {
  return { stableName, name: canaryMappingName(stableName) };
}
