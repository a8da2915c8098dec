import type { Action, ActivityAction } from '../actions.ts';
import { assertNever } from '../assert-never.ts';
import { evolve, type RunEvent } from '../evolve.ts';
import type { Repaired } from '../mappings.ts';
import { canaryMappingName } from '../names.ts';
import { needsFollowUp, nextAction } from '../planner.ts';
import { wantedHash } from '../pods.ts';
import {
  newRun,
  type CanaryMapping,
  type Observation,
  type ObservedRollout,
  type Run,
  type ServedReport,
} from '../run.ts';
import { stepsHash } from '../steps.ts';
import type { RolloutSpec } from '../types.ts';
import type { ServiceRevisions } from '../workload.ts';
import { describeAction } from './describe-action.ts';
import { mayPoint, mayRemoveMappings, mayScale, mayWrite, type Traffic } from './invariants.ts';
import { SimulatedPods } from './simulated-pods.ts';

/**
 * A cluster that does what the planner says, and whose pods do what a test says. A write that must never happen throws. One
 * run after another, as the workflow continues as new.
 */
export class SimulatedCluster {
  run: Run = newRun();
  nowMs = 1_000_000;
  /** Whether the last run has closed and nothing started another. */
  isIdle = true;
  readonly courses: string[] = [];
  /** Whether the gateway can be asked, and what it says, in order; an answer that it does not serve a weight takes all the time there is. */
  verifies = false;
  readonly gateway: ServedReport[] = [];
  /** What the next repair finds and does; nothing by itself. */
  repaired: Partial<Repaired> = {};
  protected generation = 1;
  private deleting = false;
  private abort: ObservedRollout['abort'];
  private tried: { revision: string; steps: string } | undefined;
  protected services: ServiceRevisions = {};
  protected readonly pods = new SimulatedPods();
  protected readonly mappings = new Map<string, number>();

  constructor(
    protected spec: RolloutSpec,
    protected wanted: string,
    /** Whether pods of a revision come up; a test may change its mind. */
    public isGood: (hash: string) => boolean,
  ) {}

  /** The Rollout changes, and the watch tells the run or starts one. */
  change(change: { readonly spec?: RolloutSpec; readonly image?: string }): void {
    this.spec = change.spec ?? this.spec;
    this.wanted = change.image ?? this.wanted;
    this.generation++;
    this.tell();
  }

  delete(): void {
    this.deleting = true;
    this.generation++;
    this.tell();
  }

  tell(): void {
    this.start();
    this.evolve({ kind: 'told', wanted: { uid: 'u', generation: this.generation }, lookAgain: true });
  }

  /** Pods that can come up do; the run hears of it. */
  podsComeUp(): void {
    for (const hash of this.hashes()) {
      this.pods.setAvailable(hash, this.isGood(hash) ? this.pods.replicasOf(hash) : 0);
    }
    this.news();
  }

  /** The watch saw that a Mapping is not what it is to be. */
  hearOfMappings(): void {
    this.evolve({ kind: 'mappingsHeard', wanted: { uid: 'u', generation: this.generation } });
  }

  /** All pods of a revision are lost, but for so many. */
  podsDie(hash: string, left = 0): void {
    if (this.pods.has(hash)) {
      this.pods.setAvailable(hash, left);
      this.news();
    }
  }

  hashes = (): string[] => this.pods.hashes();

  /** Does what the run wants next. @returns false when it waits, or is over */
  step(): boolean {
    if (this.isIdle) {
      return false;
    }
    const action = nextAction(this.run, this.nowMs);
    switch (action.kind) {
      case 'wait':
        return false;
      case 'close':
        this.close();
        return true;
      case 'finishStep':
        this.evolve({ kind: 'stepFinished' });
        return true;
      case 'startPromotion':
        this.evolve({ kind: 'promotionStarted' });
        return true;
      case 'progressDeadline':
        this.evolve({ kind: 'progressDeadlineExceeded' });
        return true;
      default:
        this.perform(action);
        return true;
    }
  }

  /** Until it waits. */
  drive(): Action | undefined {
    for (let left = 300; left > 0; left--) {
      if (!this.step()) {
        return this.isIdle ? undefined : nextAction(this.run, this.nowMs);
      }
    }
    throw new Error(`the run does not come to rest: ${this.courses.slice(-12).join(', ')}`);
  }

  evolve(event: RunEvent): void {
    this.run = evolve(this.run, event, this.nowMs);
  }

  private start(): void {
    if (this.isIdle) {
      this.isIdle = false;
      this.run = newRun();
    }
  }

  protected close(): void {
    this.courses.push('close');
    if (this.mappings.size > 0) {
      throw new Error(`canary Mappings outlive their run: ${[...this.mappings.keys()].join(', ')}`);
    }
    const { ending, revision, spec } = this.run;
    this.abort =
      ending?.outcome === 'aborted' ? { reason: ending.reason, message: ending.message, atMs: this.nowMs } : undefined;
    this.tried = { revision: revision.canary, steps: stepsHash(spec.steps) };
    const { retryRequested: retrying, lastMappingWriteMs } = this.run;
    const follows = needsFollowUp(this.run);
    this.run = { ...newRun(), retrying, askedAnew: true, ...(lastMappingWriteMs && { lastMappingWriteMs }) };
    this.isIdle = !follows || this.deleting;
  }

  protected perform(action: ActivityAction): void {
    this.courses.push(describeAction(action));
    switch (action.kind) {
      case 'observeRollout':
        this.evolve({ kind: 'observationStarted' });
        return this.evolve({ kind: 'observed', observation: this.observation() });
      case 'ensureCanaryMappings': {
        const missing = this.spec.mappings.filter((name) => !this.mappings.has(name));
        missing.forEach((name) => this.mappings.set(name, 0));
        return this.evolve({ kind: 'canaryMappingsEnsured', canaryMappings: missing.map(canaryOf) });
      }
      case 'setCanaryWeight':
        return this.setWeight(action.weight);
      case 'dropCanaryMappings':
        action.canaryMappings.forEach(({ stableName }) => this.mappings.delete(stableName));
        return this.evolve({ kind: 'canaryMappingsDropped', canaryMappings: action.canaryMappings });
      case 'removeCanaryMappings':
        return this.remove();
      case 'repairCanaryMappings': {
        const { canaryMappings } = this.run;
        this.evolve({ kind: 'repairStarted' });
        return this.evolve({
          kind: 'mappingsRepaired',
          canaryMappings,
          repairs: [],
          missingStable: [],
          ...this.repaired,
        });
      }
      case 'adoptCanaryMappings': {
        const canaryMappings = action.names.map((name) => ({ name, stableName: '', weight: 25 }));
        return this.evolve({ kind: 'canaryMappingsAdopted', canaryMappings });
      }
      case 'awaitServedWeight':
        return this.ask(action);
      case 'releaseRollout':
        return this.evolve({ kind: 'rolloutReleased' });
      case 'awaitCanaryEndpoints':
        return this.evolve({ kind: 'canaryEndpointsReady' });
      case 'awaitStableEndpoints':
        return this.evolve({ kind: 'stableEndpointsReady' });
      case 'pointServices':
        return this.point(action.services);
      case 'scaleReplicaSets':
        return this.scale(action);
      case 'restartPods':
        return this.evolve({ kind: 'podsRestarted', left: 0, evicted: 0 });
      case 'trimRevisions':
        this.pods.delete(action.names);
        return this.evolve({ kind: 'revisionsTrimmed', names: action.names });
      case 'scaleReferenced':
        return this.evolve({ kind: 'referencedScaled', replicas: action.replicas });
      case 'labelPods':
        return this.evolve({ kind: 'podsLabelled', revisions: action.revisions });
      case 'switchStableService':
        throw new Error('a Rollout with pods switches Services by revision');
      default:
        return assertNever(action);
    }
  }

  protected remove(): void {
    mayRemoveMappings(this.traffic());
    this.mappings.clear();
    this.evolve({ kind: 'canaryMappingsRemoved' });
  }

  private ask({ weight, untilMs }: Extract<ActivityAction, { kind: 'awaitServedWeight' }>): void {
    const report = this.gateway.shift() ?? { state: 'served', weight, message: '' };
    this.nowMs = report.state === 'served' ? this.nowMs : untilMs;
    this.evolve({ kind: 'servedReported', weight: this.run.writtenWeight, report });
  }

  private setWeight(weight: number): void {
    mayWrite(this.traffic(), weight);
    this.evolve({ kind: 'weightIntended', weight });
    for (const name of this.mappings.keys()) {
      this.mappings.set(name, weight);
    }
    const canaryMappings = [...this.mappings.keys()].map(canaryOf);
    this.evolve({ kind: 'weightWritten', weight, canaryMappings });
  }

  private point(services: ServiceRevisions): void {
    mayPoint(this.traffic(), services);
    this.services = { ...this.services, ...services };
    this.evolve({ kind: 'servicesPointed', services });
  }

  private scale({ targets }: Extract<ActivityAction, { kind: 'scaleReplicaSets' }>): void {
    const scalings = targets.map((target) => {
      mayScale(this.traffic(), target);
      const isNew = this.create(target.podTemplateHash);
      const { from, ...scaling } = this.pods.scale(target, wantedHash(this.run));
      return { ...scaling, ...(!isNew && { from: from ?? 0 }) };
    });
    const revisions = this.pods.revisions().filter(({ hash }) => targets.some((one) => one.podTemplateHash === hash));
    this.evolve({ kind: 'replicaSetsScaled', revisions, scalings });
  }

  /** @returns whether it had none */
  private create(hash: string): boolean {
    const isNew = !this.pods.has(hash);
    if (isNew && hash !== this.wanted) {
      throw new Error(`nobody has the template of revision ${hash}`);
    }
    if (isNew) {
      this.pods.create(hash, this.nowMs);
    }
    return isNew;
  }

  protected traffic(): Traffic {
    const weights = [...this.mappings.values()];
    const [weight, lowest] = [Math.max(0, ...weights), weights.length === 0 ? 100 : Math.min(...weights)];
    return { run: this.run, pods: this.pods, services: this.services, weight, lowest };
  }

  private news(): void {
    this.start();
    const wanted = { uid: 'u', generation: this.generation };
    this.evolve({ kind: 'podsHeard', wanted, revisions: this.pods.revisions() });
  }

  protected observation(): Observation {
    const { stable = '' } = this.services;
    return {
      rollout: {
        uid: 'u',
        generation: this.generation,
        deleting: this.deleting,
        owned: true,
        spec: this.spec,
        aborted: this.abort?.reason === 'RolloutAborted',
        ...(this.abort && { abort: this.abort }),
        ...(this.tried && { triedRevision: this.tried.revision, triedSteps: this.tried.steps }),
        conditions: [],
      },
      revision: { stable: this.pods.has(stable) ? stable : '', canary: this.wanted },
      problems: [],
      mappingApiVersion: 'getambassador.io/v2',
      ...(this.verifies && { verifies: true as const }),
      workload: { revisions: this.pods.revisions(), services: this.services, selector: 'app=app' },
    };
  }
}

function canaryOf(stableName: string): CanaryMapping {
  return { stableName, name: canaryMappingName(stableName), resourceVersion: '1' };
}
