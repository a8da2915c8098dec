import { Inject, Injectable } from '@nestjs/common';
import { hashOf, replicaSetsOf } from '@weir/activities';
import { SERVICES, isKubernetesError, type KubernetesClient, type Location } from '@weir/kubernetes';
import type { Mapping, MappingApi } from '@weir/mapping';
import {
  BRAKE_FIELD_MANAGER,
  canaryMappingName,
  stableMappingNameProblem,
  workflowId,
  type Order,
  type RolloutRef,
  type Selector,
} from '@weir/rollout';
import { KUBERNETES } from '../app/dependencies.ts';
import { Installation } from '../cluster/installation.ts';
import { RolloutStore } from '../cluster/rollout-store.ts';
import { ServedMappings } from '../cluster/served-mappings.ts';
import { toRefusedProblem } from '../commands/refusal.ts';
import { isTemporalFault } from '../temporal/temporal-fault.ts';
import { brakePatch, isPromoted, leastWeight, metAnother, saysNoRunIsOpen, type BrakeInput } from './brake-rules.ts';
import { NOTHING_BRAKED, type Braked, type BrakedMapping } from './braked.ts';
import { knownCanary, knownRollout, type KnownCanary, type KnownRollout } from './known-traffic.ts';
import type { ServiceObject } from '../plan/plan-input.ts';
import { RolloutOrder } from './rollout-order.ts';
import { TrafficIndex } from './traffic-index.ts';

/** A Mapping that is replaced again and again between two requests is somebody's loop. */
const MAX_ATTEMPTS = 4;

/** One abort on its way to the Mappings. */
interface Braking {
  readonly ref: RolloutRef;
  readonly order: Order;
  readonly owner: KnownCanary['owner'];
  readonly api: MappingApi;
  readonly signal: AbortSignal;
}

/** What is there under the name of a canary Mapping. */
type Found = KnownCanary | 'missing' | 'foreign';

/** What became of one canary Mapping. */
type Effect =
  | { readonly kind: 'written'; readonly mapping: BrakedMapping }
  | { readonly kind: 'missing'; readonly name: string }
  | { readonly kind: 'failed'; readonly problem: string; readonly foreign: boolean };

/**
 * The brake (traffic rule 9): an abort takes the weight off the canary Mappings itself, and leaves the order on them, before
 * any run hears of it. What the watches have seen saves it reading; it reads whatever they have not.
 */
@Injectable()
export class BrakeService {
  constructor(
    @Inject(KUBERNETES) private readonly kubernetes: KubernetesClient,
    private readonly index: TrafficIndex,
    private readonly installation: Installation,
    private readonly mappings: ServedMappings,
    private readonly store: RolloutStore,
    private readonly rolloutOrder: RolloutOrder,
  ) {}

  /**
   * Does what it can: a failure is part of the answer, because the run must hear of the abort all the same.
   *
   * @throws Problem when the stable Service selects the new revision; then nothing is written
   */
  async apply(ref: RolloutRef, order: Order, signal: AbortSignal): Promise<Braked> {
    try {
      const [installation, api, rollout] = await Promise.all([
        this.installationId(),
        this.mappings.api(),
        this.rolloutOf(ref, signal),
      ]);
      if (api === undefined) {
        return NOTHING_BRAKED; // No gateway that we know, so no canary Mappings.
      }
      const id = workflowId(ref);
      if (installation === undefined) {
        const problems = ['no Mapping was written: whose they are is not known until Temporal could be reached once'];
        const braking = { ref, order, owner: { installation: '', workflowId: id }, api, signal };
        return await this.orderOnRollout({ ...NOTHING_BRAKED, problems }, [], 0, braking);
      }
      return await this.brake({ ref, order, owner: { installation, workflowId: id }, api, signal }, rollout);
    } catch (error) {
      if (isKubernetesError(error)) {
        return { ...NOTHING_BRAKED, problems: [`the brake could not be written (${error.message})`] };
      }
      throw error;
    }
  }

  private async installationId(): Promise<string | undefined> {
    try {
      return await this.installation.id();
    } catch (error) {
      if (isTemporalFault(error)) {
        return undefined;
      }
      throw error;
    }
  }

  private async brake(braking: Braking, rollout: KnownRollout | undefined): Promise<Braked> {
    const known = this.index.canariesOf(braking.owner.workflowId).filter((one) => isOurs(one, braking));
    const wanted = canaryNames(rollout).filter((name) => !known.some((canary) => canary.name === name));
    const [input, found] = await Promise.all([
      this.inputOf(rollout, wanted.length > 0 || known.some(mayBePromoted), braking),
      Promise.all(wanted.map((name) => this.find(name, braking))),
    ]);
    const ours = [...known, ...found.filter((one) => typeof one === 'object')];
    if (isPromoted(input, ours)) {
      const message = 'promoted; use undo: the stable Service selects the new revision';
      throw toRefusedProblem({ code: 'AlreadyPromoted', message });
    }
    const least = leastWeight(input);
    const effects = await Promise.all([
      ...known.map((canary) => this.write(canary.name, canary, least, braking)),
      ...wanted.map((name, index) => this.write(name, found[index] ?? 'missing', least, braking)),
    ]);
    const missing = effects.flatMap((effect) => (effect.kind === 'missing' ? [effect.name] : []));
    const done = toBraked(effects);
    return rollout !== undefined && (missing.length > 0 || effects.length === 0)
      ? this.orderOnRollout(done, missing, least, braking)
      : done;
  }

  /** A canary Mapping that is not there yet is being created, or will be: whoever does it looks at the Rollout after it. */
  private async orderOnRollout(
    done: Braked,
    missing: readonly string[],
    least: number,
    braking: Braking,
  ): Promise<Braked> {
    const { ref, order, signal } = braking;
    let reached = done;
    try {
      const stored = await this.store.find(ref, signal);
      const isFor = stored !== undefined && !saysNoRunIsOpen(stored);
      if (!isFor || !(await this.rolloutOrder.put(stored, order, signal))) {
        return done;
      }
      reached = { ...done, isOnRollout: true };
      // It may have come between the first look and the order: then whoever made it may have looked too early.
      const late = toBraked(
        await Promise.all(
          missing.map(async (name) => this.write(name, await this.find(name, braking), least, braking)),
        ),
      );
      return {
        ...reached,
        written: [...done.written, ...late.written],
        seen: done.seen || late.seen,
        problems: [...done.problems, ...late.problems],
      };
    } catch (error) {
      if (!isKubernetesError(error)) {
        throw error;
      }
      const problem = `canary Mappings that are not there yet could not be seen to (${error.message})`;
      return { ...reached, problems: [...done.problems, problem] };
    }
  }

  /** PATCHes what is known; where that is another by now, what is there. */
  private async write(name: string, known: Found, least: number, braking: Braking): Promise<Effect> {
    const failed = (why: string, foreign = false): Effect => ({
      kind: 'failed',
      problem: `Mapping ${name} ${why}`,
      foreign,
    });
    let canary = known;
    try {
      for (let attempt = 1; typeof canary === 'object' && attempt <= MAX_ATTEMPTS; attempt++) {
        const weight = Math.min(canary.weight, least);
        if (await this.patch(canary, weight, braking)) {
          return { kind: 'written', mapping: { name, weight } };
        }
        canary = await this.find(name, braking);
      }
    } catch (error) {
      if (!isKubernetesError(error)) {
        throw error;
      }
      return failed(`could not be written (${error.message})`);
    }
    if (canary === 'missing') {
      return { kind: 'missing', name };
    }
    return canary === 'foreign'
      ? failed('is not ours and was left as it is', true)
      : failed('is another each time it is written');
  }

  /** @returns false when what is there now is another, or nothing */
  private async patch(canary: KnownCanary, weight: number, braking: Braking): Promise<boolean> {
    const { order, signal } = braking;
    const options = { fieldManager: BRAKE_FIELD_MANAGER, signal };
    try {
      await this.kubernetes.mergePatch(placeOf(canary.name, braking), brakePatch(canary, weight, order), options);
      return true;
    } catch (error) {
      if (metAnother(error)) {
        return false;
      }
      throw error;
    }
  }

  private async find(name: string, braking: Braking): Promise<Found> {
    try {
      const { signal } = braking;
      const canary = knownCanary(await this.kubernetes.get<Mapping>(placeOf(name, braking), { signal }));
      return canary !== undefined && isOurs(canary, braking) ? canary : 'foreign';
    } catch (error) {
      if (isKubernetesError(error, 'notFound')) {
        return 'missing';
      }
      if (isKubernetesError(error, 'notServed')) {
        this.mappings.forget();
      }
      throw error;
    }
  }

  private async rolloutOf(ref: RolloutRef, signal: AbortSignal): Promise<KnownRollout | undefined> {
    const known = this.index.rollout(ref);
    if (known !== undefined) {
      return known;
    }
    const object = await this.store.find(ref, signal);
    return object && knownRollout(object);
  }

  /** @param mayBeSwitched - the stable Service is read only where it can select the new revision by now: each read is latency */
  private async inputOf(
    rollout: KnownRollout | undefined,
    mayBeSwitched: boolean,
    { ref, signal }: Braking,
  ): Promise<BrakeInput> {
    const { spec, uid = '' } = rollout ?? {};
    const isDynamic = spec?.workload?.dynamicStableScale === true;
    if (spec === undefined || !(mayBeSwitched || isDynamic)) {
      return { spec, selector: undefined, available: new Map() };
    }
    const [selector, replicaSets] = await Promise.all([
      this.selectorOf(ref.namespace, spec.stableService, signal),
      isDynamic ? replicaSetsOf(this.kubernetes, ref.namespace, uid, { signal }) : [],
    ]);
    const available = new Map(replicaSets.map((one) => [hashOf(one), one.status?.availableReplicas ?? 0]));
    return { spec, selector, available };
  }

  private async selectorOf(namespace: string, name: string, signal: AbortSignal): Promise<Selector | undefined> {
    try {
      const { spec } = await this.kubernetes.get<ServiceObject>({ resource: SERVICES, namespace, name }, { signal });
      return spec?.selector;
    } catch (error) {
      if (isKubernetesError(error, 'notFound')) {
        return undefined;
      }
      throw error;
    }
  }
}

/** A run switches the stable Service only once the canary has all traffic. */
function mayBePromoted({ weight }: KnownCanary): boolean {
  return weight >= 100;
}

function isOurs({ owner }: KnownCanary, { owner: { installation, workflowId: id } }: Braking): boolean {
  return owner.installation === installation && owner.workflowId === id;
}

/** Of the canary Mappings that a run makes for the Rollout as it is stored. */
function canaryNames(rollout: KnownRollout | undefined): string[] {
  const { mappings = [] } = rollout?.spec ?? {};
  return mappings.filter((name) => stableMappingNameProblem(name) === undefined).map(canaryMappingName);
}

function placeOf(name: string, { api, ref: { namespace } }: Braking): Location {
  return { resource: api, namespace, name };
}

function toBraked(effects: readonly Effect[]): Braked {
  return {
    written: effects.flatMap((effect) => (effect.kind === 'written' ? [effect.mapping] : [])),
    seen: effects.some((effect) => effect.kind === 'written' || (effect.kind === 'failed' && !effect.foreign)),
    isOnRollout: false,
    problems: effects.flatMap((effect) => (effect.kind === 'failed' ? [effect.problem] : [])),
  };
}
