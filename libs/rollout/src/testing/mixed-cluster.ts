import type { ActivityAction } from '../actions.ts';
import type { Observation } from '../run.ts';
import type { RolloutSpec } from '../types.ts';
import { describeAction } from './describe-action.ts';
import type { Traffic } from './invariants.ts';
import { SimulatedCluster } from './simulated-cluster.ts';

/**
 * A simulated cluster whose Rollout may have pods of its own or not, and change from the one to the other. Without pods the wanted
 * image is what the canary Service selects, which is for its user to say.
 */
export class MixedCluster extends SimulatedCluster {
  private observedGeneration = 0;

  pass(seconds: number): void {
    this.nowMs += seconds * 1_000;
  }

  /** The revision that the stable Service selects. */
  serves(): string | undefined {
    return this.services.stable;
  }

  override change(change: { readonly spec?: RolloutSpec; readonly image?: string }): void {
    if ((change.spec ?? this.spec).workload === undefined) {
      const canary = change.image ?? this.wanted;
      this.services = { stable: canary, ...this.services, canary };
    }
    super.change(change);
  }

  /** Without pods in the manifest nothing is begun for them; a run from before may wait for some. */
  override podsComeUp(): void {
    if (this.spec.workload !== undefined || !this.isIdle) {
      super.podsComeUp();
    }
  }

  override podsDie(hash: string): void {
    if (this.spec.workload !== undefined || !this.isIdle) {
      super.podsDie(hash);
    }
  }

  protected override close(): void {
    this.observedGeneration = this.run.generation;
    super.close();
  }

  protected override perform(action: ActivityAction): void {
    if (action.kind !== 'switchStableService') {
      super.perform(action);
      return;
    }
    this.courses.push(describeAction(action));
    this.services = { ...this.services, stable: this.run.revision.canary };
    this.evolve({ kind: 'stableServiceSwitched' });
  }

  /** Without pods the canary that a run tries is what the canary Service selected when it looked. */
  protected override traffic(): Traffic {
    const { spec, revision } = this.run;
    const services = spec.workload === undefined ? { ...this.services, canary: revision.canary } : this.services;
    return { ...super.traffic(), services };
  }

  protected override observation(): Observation {
    const { rollout, workload, revision, ...seen } = super.observation();
    const { stable = this.wanted } = this.services;
    return {
      ...seen,
      ...(this.spec.workload === undefined
        ? { revision: { stable, canary: this.wanted } }
        : { ...(revision && { revision }), ...(workload && { workload }) }),
      ...(rollout && { rollout: { ...rollout, observedGeneration: this.observedGeneration } }),
    };
  }
}
