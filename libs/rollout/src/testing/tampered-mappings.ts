import type { Repair } from '../run.ts';
import type { Order, RolloutSpec } from '../types.ts';

/** What somebody else did to a canary Mapping, or to its stable one. */
export interface Tampering {
  readonly isDeleted?: true;
  readonly isStableEdited?: true;
}

/** What others have done to Mappings since Weir wrote them, by the name of the stable one. */
export class TamperedMappings {
  private readonly tampered = new Map<string, Tampering>();
  private readonly goneStable = new Set<string>();
  private readonly unfitStable = new Set<string>();
  private readonly diverted = new Set<string>();
  private readonly orders = new Map<string, Order>();

  tamper(name: string, what: Tampering): void {
    this.tampered.set(name, { ...this.tampered.get(name), ...what });
    if (what.isDeleted === true) {
      this.orders.delete(name); // It was written on what is gone.
    }
  }

  loseStable(name: string): void {
    this.goneStable.add(name);
  }

  /** It gets a weight, or another service. */
  spoilStable(name: string): void {
    this.unfitStable.add(name);
  }

  healStable(): void {
    this.goneStable.clear();
    this.unfitStable.clear();
  }

  order(name: string, order: Order): void {
    this.orders.set(name, order);
  }

  /** The canary Mapping is no more. */
  forget(name: string): void {
    this.tampered.delete(name);
    this.orders.delete(name);
    this.diverted.delete(name);
  }

  orderOn = (name: string): Order | undefined => this.orders.get(name);
  isGone = (name: string): boolean => this.goneStable.has(name);
  isUnfit = (name: string): boolean => this.unfitStable.has(name);
  isDeleted = (name: string): boolean => this.tampered.get(name)?.isDeleted === true;
  /** It sends its traffic to the stable Service. */
  isDiverted = (name: string): boolean => this.diverted.has(name);

  /** Why a Mapping is not repaired: what its stable one became, or the policy. */
  refusal(name: string, policy: RolloutSpec['driftPolicy']): string | undefined {
    if (this.orders.has(name) || this.goneStable.has(name)) {
      return undefined;
    }
    if (this.unfitStable.has(name)) {
      return 'AmbassadorMappingConfigError';
    }
    const isDrift = this.tampered.has(name) && !this.diverted.has(name);
    return isDrift && policy === 'abort' ? 'MappingDrifted' : undefined;
  }

  /** Undefined: there is nothing to repair. */
  whatIsWrong(name: string): Repair['what'] | undefined {
    if (this.goneStable.has(name)) {
      const isDone = this.isDeleted(name) || (this.diverted.has(name) && !this.tampered.has(name));
      return isDone ? undefined : 'stableGone';
    }
    if (this.isDeleted(name)) {
      return 'canaryDeleted';
    }
    if (this.diverted.has(name)) {
      return 'stableBack';
    }
    const { isStableEdited } = this.tampered.get(name) ?? {};
    return isStableEdited === true ? 'stableEdited' : this.tampered.has(name) ? 'canaryEdited' : undefined;
  }

  mended(name: string, isDiverted: boolean): void {
    this.tampered.delete(name);
    if (isDiverted) {
      this.diverted.add(name);
    } else {
      this.diverted.delete(name);
    }
  }
}
