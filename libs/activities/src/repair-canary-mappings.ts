import type { CanaryRolloutActivities, RepairCanaryMappingsInput, RepairedMappings } from '@weir/contract';
import { KubernetesError, isKubernetesError, type JsonPatchOperation } from '@weir/kubernetes';
import {
  MAPPING_CONFIG_ERROR,
  MAPPING_NOT_OURS,
  canaryMapping,
  driftOf,
  isOurs,
  managerOf,
  orderOn,
  ownerOf,
  parseService,
  sequenceOf,
  specWanted,
  unfitness,
  weightAnnotations,
  whoChanged,
  type CanaryWanted,
} from '@weir/mapping';
import { WORKER_FIELD_MANAGER, type CanaryMapping, type Order, type Repair } from '@weir/rollout';
import { alive } from './alive.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { cannotProceed, translated } from './failures.ts';
import { mappingsAt, orAbsent, type MappingObject } from './objects.ts';

/** Somebody else may write between read and write; a fight is left to the next attempt. */
const MAX_READS = 4;

/**
 * Brings each canary Mapping back to what its stable one and the run make of it, in one write with the resourceVersion of what
 * was read, and says who had changed what (design, traffic rules 6 and 10).
 */
export function repairCanaryMappings(
  dependencies: ActivityDependencies,
): CanaryRolloutActivities['repairCanaryMappings'] {
  return (input) =>
    translated('step', () =>
      alive(async (signal) => {
        // All must be over before this fails: a creation that lands after the cleanup would leave a canary Mapping behind.
        const settled = await Promise.allSettled(
          input.canaryMappings.map((canary) => new OneMapping(dependencies, input, canary, signal).repair()),
        );
        const done = settled.map((one) => {
          if (one.status === 'rejected') {
            throw one.reason;
          }
          return one.value;
        });
        const order = done.find((one) => one.order !== undefined)?.order;
        return {
          canaryMappings: done.map(({ canary }) => canary),
          repairs: done.flatMap(({ repair }) => repair ?? []),
          missingStable: done.flatMap(({ isStableMissing, canary }) => (isStableMissing ? [canary.stableName] : [])),
          ...(order && { order }),
        } satisfies RepairedMappings;
      }),
    );
}

interface Done {
  readonly canary: CanaryMapping;
  readonly repair?: Repair;
  readonly isStableMissing?: boolean;
  readonly order?: Order;
}

class OneMapping {
  constructor(
    private readonly dependencies: ActivityDependencies,
    private readonly input: RepairCanaryMappingsInput,
    private readonly known: CanaryMapping,
    private readonly signal: AbortSignal,
  ) {}

  async repair(): Promise<Done> {
    for (let reads = 0; reads < MAX_READS; reads++) {
      try {
        const [stable, canary] = await Promise.all([this.read(this.known.stableName), this.read(this.known.name)]);
        return await this.repairRead(stable, canary);
      } catch (error) {
        const hasMoved = isKubernetesError(error, 'conflict') || isKubernetesError(error, 'notFound');
        if (!hasMoved) {
          throw error;
        }
      }
    }
    throw new KubernetesError('conflict', `Mapping ${this.known.name} is being changed by others all the time`);
  }

  private async repairRead(stable: MappingObject | undefined, canary: MappingObject | undefined): Promise<Done> {
    if (canary !== undefined) {
      this.refuseForeign(canary);
      const order = orderOn(canary);
      if (order !== undefined) {
        return { canary: this.knownNow(canary), order };
      }
      this.refuseLate(canary);
    }
    if (stable === undefined) {
      return canary === undefined ? { canary: this.known, isStableMissing: true } : this.divert(canary);
    }
    await this.refuseUnfit(stable, canary);
    return canary === undefined ? this.putBack(stable) : this.mend(stable, canary);
  }

  /** Without its stable Mapping the canary has all traffic, whatever its weight: then stable's pods answer it. */
  private async divert(canary: MappingObject): Promise<Done> {
    const fields = driftOf({ ...this.drift(canary), canary });
    if (fields.length === 0) {
      return { canary: this.knownNow(canary), isStableMissing: true };
    }
    const spec = specWanted({ ...this.drift(canary), canary });
    const written = await this.write(canary, {
      spec: { ...spec, weight: this.weight },
      labels: canary.metadata.labels,
    });
    const repair: Repair = { mapping: this.known.stableName, what: 'stableGone', fields };
    return { canary: this.knownNow(written), repair, isStableMissing: true };
  }

  private async mend(stable: MappingObject, canary: MappingObject): Promise<Done> {
    const fields = driftOf({ ...this.drift(canary), stable });
    if (fields.length === 0) {
      return { canary: this.knownNow(canary) };
    }
    const wasDiverted = parseService(canary.spec.service ?? '')?.name === this.input.stableService;
    const { side, manager } = whoChanged(stable, canary, fields);
    const repair: Repair = wasDiverted
      ? { mapping: this.known.stableName, what: 'stableBack', fields }
      : {
          mapping: this.known.name,
          what: side === 'canary' ? 'canaryEdited' : 'stableEdited',
          fields,
          ...(manager !== undefined && { manager }),
        };
    if (!wasDiverted) {
      this.refuseByPolicy(repair);
    }
    const wanted = canaryMapping(stable, this.wanted());
    const written = await this.write(canary, { spec: wanted.spec, labels: wanted.metadata.labels });
    return { canary: this.knownNow(written), repair };
  }

  /** A POST at weight 0, and then the weight, as at first. */
  private async putBack(stable: MappingObject): Promise<Done> {
    const repair: Repair = { mapping: this.known.name, what: 'canaryDeleted', fields: [] };
    this.refuseByPolicy(repair);
    const { kubernetes } = this.dependencies;
    const options = { fieldManager: WORKER_FIELD_MANAGER, signal: this.signal };
    const created = await kubernetes.create<MappingObject>(
      this.at(),
      canaryMapping(stable, { ...this.wanted(), weight: 0 }),
      options,
    );
    if (this.weight === 0) {
      return { canary: this.knownNow(created), repair };
    }
    const raised = await this.write(created, { spec: { ...created.spec, weight: this.weight } });
    return { canary: this.knownNow(raised), repair };
  }

  /** Replaces as a whole, so that a field that is no longer wanted goes; refused when the object has moved on. */
  private write(
    found: MappingObject,
    { spec, labels = found.metadata.labels }: { spec: object; labels?: MappingObject['metadata']['labels'] },
  ): Promise<MappingObject> {
    const wanted = this.wanted();
    const { annotations, ownerReferences } = canaryMapping({ ...found, spec: { service: 'x' } }, wanted).metadata;
    const isOwned = (found.metadata.ownerReferences ?? []).length > 0;
    const operations: JsonPatchOperation[] = [
      { op: 'replace', path: '/metadata/resourceVersion', value: found.metadata.resourceVersion },
      { op: 'add', path: '/metadata/labels', value: labels ?? {} },
      {
        op: 'add',
        path: '/metadata/annotations',
        value: {
          ...found.metadata.annotations,
          ...annotations,
          ...weightAnnotations(this.weight, this.input.sequence),
        },
      },
      ...(isOwned ? [] : [{ op: 'add', path: '/metadata/ownerReferences', value: ownerReferences } as const]),
      { op: 'replace', path: '/spec', value: spec },
    ];
    const options = { fieldManager: WORKER_FIELD_MANAGER, signal: this.signal };
    return this.dependencies.kubernetes.jsonPatch<MappingObject>(this.at(this.known.name), operations, options);
  }

  /** One whose owner annotation was taken off is ours still, as long as the owner reference says so. */
  private refuseForeign(canary: MappingObject): void {
    const { installation } = this.dependencies;
    const { workflowId, uid } = this.input;
    const isStripped =
      ownerOf(canary) === undefined && canary.metadata.ownerReferences?.some((owner) => owner.uid === uid) === true;
    if (!isOurs(canary, { installation, workflowId }) && !isStripped) {
      const message = `Mapping ${this.known.name} exists and is not ours: rename or delete it`;
      throw cannotProceed({ reason: MAPPING_NOT_OURS, message });
    }
  }

  /** An attempt that comes late, or a workflow that was reset, raises nothing. */
  private refuseLate(canary: MappingObject): void {
    const owner = ownerOf(canary);
    const isOther = owner !== undefined && owner.runId !== this.input.runId;
    const isLate = sequenceOf(canary) > this.input.sequence;
    if ((isOther || isLate) && this.weight > (canary.spec.weight ?? 0)) {
      const message = `the weight of Mapping ${this.known.name} was set by ${isOther ? 'another run' : 'a later write'}: it is not raised`;
      throw cannotProceed({ reason: 'WeightSuperseded', message });
    }
  }

  /**
   * A stable Mapping beside which traffic cannot be shared: what it became is not carried over, and the run goes home. A redirect
   * or a shadow leaves the canary alone with all traffic, as if it were gone; beside a weight of its own any lower weight of the
   * canary would leave requests that match no route. So the canary keeps its weight, and until it is deleted stable's pods answer.
   */
  private async refuseUnfit(stable: MappingObject, canary: MappingObject | undefined): Promise<void> {
    const { namespace } = this.input.rollout;
    const problems = unfitness(stable, { namespace, stableService: this.input.stableService });
    if (problems.length === 0) {
      return;
    }
    if (canary !== undefined) {
      await this.divert(canary);
    }
    const manager = managerOf(stable, ['spec.weight', 'spec.host_redirect', 'spec.shadow', 'spec.service']);
    const by = manager === undefined ? '' : `; it was changed by ${manager}`;
    throw cannotProceed({
      reason: MAPPING_CONFIG_ERROR,
      message: problems.join('; ') + by,
      ...(canary !== undefined && { diverted: [this.known.name] }),
    });
  }

  private refuseByPolicy(repair: Repair): void {
    if (this.input.policy === 'abort') {
      const by = repair.manager === undefined ? 'somebody else' : repair.manager;
      const what = repair.fields.length === 0 ? 'it was deleted' : repair.fields.join(', ');
      const whose = repair.what === 'stableEdited' ? 'the stable Mapping of ' : '';
      const message = `${whose}Mapping ${repair.mapping} was changed by ${by} (${what}), and the drift policy is abort`;
      throw cannotProceed({ reason: 'MappingDrifted', message });
    }
  }

  private drift(canary: MappingObject) {
    const { stableService, canaryService, rollout } = this.input;
    return { canary, rollout: rollout.name, stableService, canaryService, weight: this.weight };
  }

  private wanted(): CanaryWanted {
    const { workflowId, runId, uid, rollout, canaryService, sequence, revision } = this.input;
    const owner = {
      installation: this.dependencies.installation,
      workflowId,
      runId,
      rollout: { name: rollout.name, uid },
    };
    return { canaryService, owner, sequence, weight: this.weight, revision };
  }

  private get weight(): number {
    return this.known.weight ?? 0;
  }

  private at(name?: string) {
    return mappingsAt(this.input.mappingApiVersion, this.input.rollout.namespace, name);
  }

  private read(name: string): Promise<MappingObject | undefined> {
    return orAbsent(this.dependencies.kubernetes.get<MappingObject>(this.at(name), { signal: this.signal }));
  }

  private knownNow({ metadata: { resourceVersion } }: MappingObject): CanaryMapping {
    return { ...this.known, ...(resourceVersion !== undefined && { resourceVersion }) };
  }
}
