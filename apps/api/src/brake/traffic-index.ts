import { Injectable } from '@nestjs/common';
import type { Change } from '@weir/kubernetes';
import type { Mapping } from '@weir/mapping';
import type { RolloutObject } from '../cluster/rollout-object.ts';
import type { RolloutKey } from '../http/parameters.ts';
import { knownCanary, knownRollout, type KnownCanary, type KnownRollout } from './known-traffic.ts';

/**
 * Weir's Rollouts and all canary Mappings as the watches have seen them, so that a brake need not read before it writes. What
 * is not here may be there all the same: whoever asks looks for himself then. Pure bookkeeping.
 */
@Injectable()
export class TrafficIndex {
  private readonly rollouts = new Map<string, KnownRollout>();
  /** By workflow id, then by place. */
  private readonly canaries = new Map<string, Map<string, KnownCanary>>();
  private readonly workflowIds = new Map<string, string>();

  rolloutChanged({ type, object }: Change<RolloutObject>): void {
    const key = placeOf(object.metadata);
    if (type === 'DELETED') {
      this.rollouts.delete(key);
      return;
    }
    const { uid, generation } = object.metadata;
    const before = this.rollouts.get(key);
    // Most changes are reports of the run, and reading a manifest is work.
    if (before === undefined || before.uid !== uid || before.generation !== generation) {
      this.rollouts.set(key, knownRollout(object));
    }
  }

  mappingChanged({ type, object }: Change<Mapping>): void {
    const key = placeOf(object.metadata);
    this.dropCanary(key);
    const canary = type === 'DELETED' ? undefined : knownCanary(object);
    if (canary !== undefined) {
      const { workflowId } = canary.owner;
      this.workflowIds.set(key, workflowId);
      this.canaries.set(workflowId, (this.canaries.get(workflowId) ?? new Map<string, KnownCanary>()).set(key, canary));
    }
  }

  rollout(key: RolloutKey): KnownRollout | undefined {
    return this.rollouts.get(placeOf(key));
  }

  /** Whichever installation made them. */
  canariesOf(workflowId: string): readonly KnownCanary[] {
    return [...(this.canaries.get(workflowId)?.values() ?? [])];
  }

  private dropCanary(key: string): void {
    const workflowId = this.workflowIds.get(key);
    if (workflowId === undefined) {
      return;
    }
    this.workflowIds.delete(key);
    const ofRun = this.canaries.get(workflowId);
    ofRun?.delete(key);
    if (ofRun?.size === 0) {
      this.canaries.delete(workflowId);
    }
  }
}

function placeOf({ namespace = '', name }: { readonly namespace?: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}
