import type { CanaryRolloutActivities, RepairedMappings, ReportStatusInput, SpecChanged } from '@weir/contract';
import {
  NO_SPEC,
  abortIn,
  wasAborted,
  type Observation,
  type ObservedRollout,
  type RevisionTarget,
  type RolloutSpec,
  type RolloutStatus,
  type ServedReport,
  type Step,
  type WorkloadSpec,
} from '@weir/rollout';
import { setTimeout as delay } from 'node:timers/promises';
import { FakePods } from './fake-pods.ts';

export { finalFailure } from './fake-pods.ts';

const UID = 'uid-1';
const STABLE_SERVICE = 'app-stable';
/** Until the gateway says that it does not serve a weight: time enough for a test to do something else. */
const SLOW_ANSWER_MS = 1_500;

/** What a test may change of the Rollout in one go. */
export interface RolloutChange extends Omit<Partial<RolloutSpec>, 'workload'> {
  readonly workload?: Partial<WorkloadSpec>;
  /** Hash of another pod template. */
  readonly revision?: string;
}

/**
 * What the workflow asked of the cluster, in order; status reports are kept apart because they run beside. With `pods` it has
 * ReplicaSets, too, and tells the run what becomes of them, as the worker's watch does.
 */
export class FakeCluster {
  readonly calls: string[] = [];
  readonly reports: ReportStatusInput[] = [];
  /** Called before each activity: a test makes one fail, or wait. */
  before: (call: string) => Promise<void> | void = () => undefined;
  /** Brings a message to the run; set by whoever starts it. */
  tell: (change: SpecChanged) => Promise<void> = async () => undefined;
  observation: Observation;
  /** What the next repairs find and do; nothing by itself. */
  repaired: Partial<RepairedMappings> = {};
  /** What the gateway says when it is asked, in order; then that it serves the weight. */
  readonly gateway: ServedReport[] = [];

  /** Of a Rollout that has a workload. */
  readonly pods = new FakePods('v1');

  constructor(steps: readonly Step[], mappings: readonly string[] = ['app']) {
    this.observation = {
      rollout: {
        uid: UID,
        generation: 1,
        deleting: false,
        owned: true,
        spec: { stableService: STABLE_SERVICE, canaryService: 'app-canary', mappings, steps },
        aborted: false,
        conditions: [],
      },
      revision: { stable: 'old', canary: 'new' },
      problems: [],
      mappingApiVersion: 'getambassador.io/v2',
    };
  }

  /** A Rollout of four pods that was never deployed, and wants revision `v1`. Delays are of one second. */
  static withPods(steps: readonly Step[], workload: Partial<WorkloadSpec> = {}): FakeCluster {
    const cluster = new FakeCluster(steps);
    cluster.changeRollout({ spec: { ...cluster.spec, workload: { ...WORKLOAD, ...workload } } });
    return cluster;
  }

  /** The same with `v1` deployed, and `v2` wanted. */
  static withUpdate(steps: readonly Step[], workload: Partial<WorkloadSpec> = {}): FakeCluster {
    const cluster = FakeCluster.withPods(steps, workload);
    const { replicas } = { ...WORKLOAD, ...workload };
    cluster.pods.scale({ targets: [{ podTemplateHash: 'v1', replicas }], wanted: 'v1' });
    cluster.pods.follow(true);
    cluster.pods.point({ stable: 'v1', canary: 'v1' });
    cluster.pods.want('v2');
    return cluster;
  }

  changeRollout(change: Partial<NonNullable<Observation['rollout']>>): void {
    const { rollout } = this.observation;
    if (rollout !== undefined) {
      this.observation = { ...this.observation, rollout: { ...rollout, ...change } };
    }
  }

  /** The user applies another manifest, and the watch says so. */
  async apply({ revision, workload, ...change }: RolloutChange): Promise<void> {
    const { spec } = this;
    this.pods.want(revision ?? this.pods.wanted);
    const pods = spec.workload && { workload: { ...spec.workload, ...workload } };
    this.changeRollout({ generation: this.generation + 1, spec: { ...spec, ...change, ...pods } });
    await this.tell({ uid: UID, generation: this.generation });
  }

  /** What the watch says of ReplicaSets. */
  async tellOfPods(): Promise<void> {
    await this.tell({ uid: UID, generation: this.generation, revisions: this.pods.revisions });
  }

  /** Activities do the action that comes next as well; false: as those of a worker of an older version. */
  goesAhead = false;

  readonly activities: CanaryRolloutActivities = {
    observeRollout: async () => {
      await this.before('observe');
      return this.spec.workload === undefined
        ? this.observation
        : withPods(this.observation, this.pods, this.reports.at(-1));
    },
    ensureCanaryMappings: async ({ stableMappings }) => {
      await this.note('create');
      return stableMappings.map((stableName) => ({ stableName, name: `${stableName}0-canary`, resourceVersion: '1' }));
    },
    setCanaryWeight: async ({ weight, canaryMappings }) => {
      await this.note(`weight ${weight}`);
      return { canaryMappings };
    },
    repairCanaryMappings: async ({ canaryMappings, policy }) => {
      await this.note(`repair by policy ${policy}`);
      return { canaryMappings, repairs: [], missingStable: [], ...this.repaired };
    },
    adoptCanaryMappings: async ({ names }) => {
      await this.note(`adopt ${names.join(', ')}`);
      return names.map((name) => ({ name, stableName: name.replace(/-canary$/, ''), weight: 25 }));
    },
    awaitServedWeight: async ({ weight, untilMs }) => {
      await this.note(`served ${weight}?`);
      const report = this.gateway.shift() ?? { state: 'served', weight, message: '' };
      if (report.state !== 'served') {
        await delay(Math.min(SLOW_ANSWER_MS, Math.max(0, untilMs - Date.now())));
      }
      return report;
    },
    switchStableService: async () => {
      await this.note('switch');
      return { switched: true };
    },
    awaitStableEndpoints: () => this.note('endpoints'),
    removeCanaryMappings: async ({ names, release }) => {
      await this.note('remove');
      if (!this.goesAhead || release !== true) {
        return { removed: names };
      }
      await this.note('release');
      return { removed: names, released: true };
    },
    releaseRollout: () => this.note('release'),
    awaitEndpoints: ({ service }) => this.note(`endpoints of ${service}`),
    scaleReplicaSets: async (input) => {
      await this.note(input.targets.map(textOf).join(', '));
      const scaled = this.pods.scale(input);
      if (this.pods.follow()) {
        void this.tellOfPods();
      }
      return scaled;
    },
    pointServices: async ({ services, awaited }) => {
      await this.note(services.map(({ name, podTemplateHash }) => `${name} -> ${podTemplateHash}`).join(', '));
      for (const { name, podTemplateHash } of services) {
        this.pods.point({ [name === STABLE_SERVICE ? 'stable' : 'canary']: podTemplateHash });
      }
      return this.goesAhead ? { endpointsReady: awaited !== undefined } : undefined;
    },
    restartPods: async ({ atMost }) => {
      await this.note(`restart ${atMost}`);
      return { left: 0, evicted: atMost };
    },
    trimRevisions: async ({ names }) => {
      await this.note(`trim ${names.join(', ')}`);
      names.forEach((name) => this.pods.forget(name));
    },
    scaleReferenced: ({ name, replicas }) => this.note(`${name}: ${replicas}`),
    labelPods: async ({ revisions }) => {
      await this.note(`label ${revisions.map(({ podTemplateHash }) => podTemplateHash).join(', ')}`);
      revisions.forEach(({ podTemplateHash, metadata }) => this.pods.label(podTemplateHash, metadata));
    },
    reportStatus: async (input) => {
      await this.before('report');
      this.reports.push(input);
    },
  };

  private get spec(): RolloutSpec {
    return this.observation.rollout?.spec ?? NO_SPEC;
  }

  private get generation(): number {
    return this.observation.rollout?.generation ?? 0;
  }

  private async note(call: string): Promise<void> {
    await this.before(call);
    this.calls.push(call);
  }
}

const WORKLOAD: WorkloadSpec = {
  replicas: 4,
  progressDeadlineSeconds: 600,
  progressDeadlineAbort: false,
  revisionHistoryLimit: 10,
  minPodsPerReplicaSet: 1,
  dynamicStableScale: false,
  scaleDownDelaySeconds: 1,
  abortScaleDownDelaySeconds: 1,
  maxUnavailable: { percent: 25 },
  gatewaySettleSeconds: 0,
};

/** What an observation of such pods is, with what the last report left in the Rollout's status. */
function withPods(observation: Observation, pods: FakePods, report: ReportStatusInput | undefined): Observation {
  const { rollout } = observation;
  const { revisions, services } = pods;
  const isKnown = (hash: string | undefined): boolean => revisions.some((one) => one.hash === hash);
  const stable = [services.stable, report?.status.stableRS].find(isKnown) ?? '';
  return {
    ...observation,
    ...(rollout && { rollout: { ...rollout, ...(report && saidBy(report.status)) } }),
    revision: { stable, canary: pods.wanted },
    workload: { revisions, services, selector: 'app=app' },
  };
}

function saidBy(status: RolloutStatus): Partial<ObservedRollout> {
  const abort = abortIn(status);
  return {
    observedGeneration: Number(status.observedGeneration),
    aborted: wasAborted(status),
    ...(abort && { abort }),
    triedRevision: status.currentPodHash,
    ...(status.currentStepHash !== undefined && { triedSteps: status.currentStepHash }),
    ...(status.restartedAt !== undefined && { restartedAtMs: Date.parse(status.restartedAt) }),
    conditions: status.conditions,
  };
}

function textOf({ podTemplateHash, replicas, scaleDownAtMs }: RevisionTarget): string {
  return `${podTemplateHash}: ${replicas}${typeof scaleDownAtMs === 'number' ? ' for now' : ''}`;
}
