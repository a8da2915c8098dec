import type { RolloutStatus } from '@weir/rollout';
import type { RolloutObject } from '../support/application.ts';
import { eventually } from '../support/wait.ts';
import type { Breakpoint } from './breakpoint.ts';
import { ChaosApp } from './chaos-app.ts';
import type { SeenRequest } from './exchange.ts';
import { newestRun } from './history.ts';
import type { Lane } from './lane.ts';
import { differences, finalObjects, type Objects } from './normalise.ts';
import type { WeightWrite } from './observer.ts';
import { FIRST_VERSION, type Actor, type Scenario } from './scenarios.ts';
import type { Stage } from './stage.ts';

/** Longer than any course with any fault: a kill costs some 10 s, and a late request 10 s. Past it a rollout is stuck. */
const LONGEST_MS = 120_000;
/** What a run leaves is taken away by the sweeper within a minute (traffic rule 4). */
const SWEPT_MS = 75_000;
/** Endpoints, pods and their ReplicaSets follow what Weir wrote. */
const CONTROLLERS_MS = 15_000;
/** A batch of these is set up at once, on a machine that does other things too. */
const FIRST_VERSION_MS = 90_000;
/** Many rollouts ask at once, on the cores on which they run. */
const LOOK_MS = 250;

export interface GivenCommand {
  readonly name: string;
  readonly sentMs: number;
  readonly answeredMs: number;
}

/** What was seen of one rollout, from its first PUT until nothing of it moves any more. */
export interface Observed {
  readonly namespace: string;
  readonly startedMs: number;
  readonly tookMs: number;
  readonly end: 'ended' | 'lost' | 'stuck';
  /** Why it did not end; absent: it did. */
  readonly why?: string;
  readonly writes: readonly WeightWrite[];
  readonly requests: readonly SeenRequest[];
  readonly commands: readonly GivenCommand[];
  /** How runs closed that should have completed. */
  readonly badRuns: readonly string[];
  readonly leftMappings: readonly string[];
  readonly objects: Objects;
}

/** What happens to a rollout on its way. Nothing, in the undisturbed run. */
export interface Disturbance {
  /** Before the first PUT. */
  readonly arm?: (trial: Trial, signal: AbortSignal) => Promise<void> | void;
  /** Commands, but for the first PUT, are given only when all requests that were kept back have landed. */
  readonly isPatient?: true;
  /** Around the command of that name; `put-2` is the PUT of version 2. */
  readonly command?: { readonly name: string; readonly moment: 'before' | 'answered'; readonly breakpoint: Breakpoint };
}

/** One rollout of a scenario. */
export class Trial implements Actor {
  readonly lane: Lane;
  private readonly commands: GivenCommand[] = [];
  private readonly over = new AbortController();
  private disturbance: Disturbance = {};
  private startedMs = 0;

  private constructor(
    readonly stage: Stage,
    readonly scenario: Scenario,
    readonly app: ChaosApp,
    /** The run before, of version 1; undefined: there was none. */
    readonly firstRun: string | undefined,
  ) {
    this.lane = stage.proxy.lane(app.namespace);
  }

  /** Where Weir runs the pods, version 1 serves. */
  static async given(stage: Stage, scenario: Scenario): Promise<Trial> {
    const app = await ChaosApp.given(stage.cluster, scenario);
    if (scenario.pods) {
      await stage.observer.rolloutThat(app.namespace, isNow('Healthy'), AbortSignal.timeout(FIRST_VERSION_MS));
      await eventually('version 1 serves', async () => !(await isOpen(stage, app)), FIRST_VERSION_MS, LOOK_MS);
    }
    return new Trial(stage, scenario, app, await newestRun(stage.cluster.temporal, app.workflowId));
  }

  /** @param expected - the objects of the undisturbed run, which controllers are given some time to bring about */
  async run(disturbance: Disturbance, expected?: Objects): Promise<Observed> {
    this.disturbance = disturbance;
    const signal = AbortSignal.any([this.over.signal, AbortSignal.timeout(LONGEST_MS)]);
    await disturbance.arm?.(this, signal);
    this.startedMs = Date.now();
    let why: string | undefined;
    try {
      // A cleared deadline of the whole course: each of its waits ends with it.
      await this.scenario.act(this);
      await this.closed();
    } catch (error) {
      why = String(error);
    }
    const end = why === undefined ? 'ended' : (await this.isOpen()) ? 'stuck' : 'lost';
    await this.lane.landed();
    await this.swept();
    const observed = await this.observed(end, why, await this.finalObjects(expected));
    this.over.abort();
    return observed;
  }

  /** Removes what it made; the proxy and the watch forget it. */
  async dispose(): Promise<void> {
    const { namespace } = this.app;
    this.stage.proxy.drop(namespace);
    await this.app.dispose();
    this.stage.observer.drop(namespace);
  }

  // --- the actor ---

  async put(version: number): Promise<void> {
    if (version !== FIRST_VERSION) {
      await this.patience();
    }
    await this.given(`put-${version}`, () => this.app.store(version, this.deadline()));
  }

  paused(stepIndex: number): Promise<void> {
    return this.until((rollout) => isNow('Paused')(rollout) && rollout.status?.currentStepIndex === stepIndex);
  }

  async command(name: 'promote' | 'abort'): Promise<void> {
    await this.patience();
    await this.give(name);
  }

  commandWhileWriting(mapping: string, weight: number, name: 'abort'): Promise<void> {
    return new Promise((resolve, reject) => {
      this.deadline().addEventListener('abort', () => reject(new Error(`no request wrote weight ${weight}`)));
      let given: Promise<void> | undefined;
      // A command may take longer than the worker waits for its answer: what it then tries anew is held as well.
      this.lane.gateFrom(
        `PATCH.mappings.${mapping}.w${weight}#1`,
        () => (given ??= this.give(name).then(resolve, reject)),
      );
    });
  }

  private async patience(): Promise<void> {
    if (this.disturbance.isPatient === true) {
      await this.lane.landed();
    }
  }

  private give(name: 'promote' | 'abort'): Promise<void> {
    return this.given(name, () => this.app.give(name, this.deadline()));
  }

  private async given(name: string, give: () => Promise<void>): Promise<void> {
    const { command } = this.disturbance;
    const timed = async (): Promise<void> => {
      const sentMs = Date.now();
      await give();
      this.commands.push({ name, sentMs, answeredMs: Date.now() });
    };
    await (command?.name === name ? command.breakpoint.around(command.moment, timed) : timed());
  }

  // --- its end ---

  private deadline(): AbortSignal {
    return AbortSignal.timeout(Math.max(1, this.startedMs + LONGEST_MS - Date.now()));
  }

  private until(isSo: (rollout: RolloutObject) => boolean): Promise<void> {
    return this.stage.observer.rolloutThat(this.app.namespace, isSo, this.deadline());
  }

  private async closed(): Promise<void> {
    await this.until(isNow(this.scenario.ends.phase));
    const leftMs = this.startedMs + LONGEST_MS - Date.now();
    await eventually('no run is open', async () => !(await this.isOpen()), leftMs, LOOK_MS);
  }

  private isOpen(): Promise<boolean> {
    return isOpen(this.stage, this.app);
  }

  private async swept(): Promise<void> {
    const isSwept = async (): Promise<boolean> =>
      (await this.app.canaryMappings()).length === 0 && !(await this.isOpen());
    // That they are not gone is said by `leftMappings`.
    await eventually('the canary Mappings are gone', isSwept, SWEPT_MS, LOOK_MS).catch(() => undefined);
  }

  private async finalObjects(expected: Objects | undefined): Promise<Objects> {
    let found = await finalObjects(this.app);
    if (expected !== undefined) {
      const isSame = async (): Promise<boolean> => {
        found = await finalObjects(this.app);
        return differences(expected, found).length === 0;
      };
      // What differs then is said by the comparison.
      await eventually('the objects are as they should be', isSame, CONTROLLERS_MS, LOOK_MS).catch(() => undefined);
    }
    return found;
  }

  private async observed(end: Observed['end'], why: string | undefined, objects: Objects): Promise<Observed> {
    const { app, stage, lane, startedMs } = this;
    const mappings = await app.canaryMappings();
    return {
      namespace: app.namespace,
      startedMs,
      tookMs: Date.now() - startedMs,
      end,
      ...(why !== undefined && { why }),
      writes: stage.observer.writesIn(app.namespace),
      requests: lane.requests,
      commands: this.commands,
      badRuns: await this.badRuns(),
      leftMappings: mappings.map(({ metadata }) => metadata.name),
      objects,
    };
  }

  /** Each run is asked itself: the list says what there are, but lags, by a second and more where Temporal was killed. */
  private async badRuns(): Promise<string[]> {
    const { workflow } = this.stage.cluster.temporal;
    const runs: string[] = [];
    const query = `WorkflowId = '${this.app.workflowId}'`;
    for await (const { workflowId, runId } of workflow.list({ query })) {
      const { status } = await workflow.getHandle(workflowId, runId).describe();
      runs.push(status.name);
    }
    return runs.filter((name) => name !== 'COMPLETED' && name !== 'CONTINUED_AS_NEW');
  }
}

/** Whether a status is of that phase, and of what is stored now. */
function isNow(phase: RolloutStatus['phase']): (rollout: RolloutObject) => boolean {
  return ({ metadata, status }) =>
    status?.phase === phase && Number(status.observedGeneration) >= (metadata.generation ?? Infinity);
}

async function isOpen({ cluster }: Stage, { ref }: ChaosApp): Promise<boolean> {
  const { status } = await cluster.runs.handle(ref).describe();
  return status.name === 'RUNNING' || status.name === 'CONTINUED_AS_NEW';
}
