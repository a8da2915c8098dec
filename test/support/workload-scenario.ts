import { afterEach, expect } from '@jest/globals';
import { PODS, ROLLOUTS, type KubernetesObject } from '@weir/kubernetes';
import {
  POD_TEMPLATE_HASH_LABEL,
  REVISION_ANNOTATION,
  RUN_ANNOTATION,
  type Outcome,
  type RolloutStatus,
} from '@weir/rollout';
import { randomUUID } from 'node:crypto';
import { Application } from './application.ts';
import type { TestCluster } from './cluster.ts';
import { MAPPINGS, NAMESPACE_LIST, REPLICA_SETS, SERVICES, mapping, service } from './objects.ts';
import { courseOf, type Course } from './trace/course.ts';
import { goldenText, renderCourse } from './trace/golden.ts';
import { leftMappings, violations } from './trace/invariants.ts';
import { Recorder, type ReplicaSetObject } from './trace/recorder.ts';
import type { Trace } from './trace/snapshot.ts';
import { eventually } from './wait.ts';
import { APP_LABELS, SERVICE, manifestOf, type App } from './workload-app.ts';

/** Of a run that is still open it is the way home: the weight to 0, the Mappings, the Rollout. */
const END_TIMEOUT_MS = 40_000;

export interface PodObject extends KubernetesObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Pods by number of revision; those with none are left out. */
export type PodCounts = Readonly<Record<number, number>>;

/**
 * An application whose pods Weir runs: its Services and Mappings in a namespace of their own. From the first moment on it is
 * recorded what is so there; {@link useWorkloads} checks the invariants when the test is over.
 */
export class WorkloadScenario extends Application {
  private readonly recorder: Recorder;
  private readonly ending = new AbortController();

  private constructor(
    cluster: TestCluster,
    namespace: string,
    /** What the next PUT sends; {@link when} changes it. */
    private app: App,
  ) {
    super(cluster, namespace, 'someapp');
    const signal = AbortSignal.any([cluster.closing, this.ending.signal]);
    this.recorder = new Recorder(cluster.kubernetes, namespace, signal);
  }

  static async given(cluster: TestCluster, app: App): Promise<WorkloadScenario> {
    const namespace = `t-${randomUUID().slice(0, 8)}`;
    const metadata = { name: namespace };
    await cluster.kubernetes.create(
      { resource: NAMESPACE_LIST },
      { apiVersion: 'v1', kind: 'Namespace', metadata },
      { fieldManager: 'test' },
    );
    const scenario = new WorkloadScenario(cluster, namespace, app);
    await Promise.all([
      ...Object.values(SERVICE).map((name) => scenario.create(SERVICES, service(name, APP_LABELS))),
      ...(app.mappings ?? ['app']).map((name) => scenario.hasMapping(name)),
    ]);
    await scenario.recorder.caughtUp();
    return scenario;
  }

  manifest(): object {
    return manifestOf(this.name, this.app);
  }

  // --- what the user does ---

  /** PUTs the first manifest, and waits until it is deployed and its run has closed. */
  async deployed(): Promise<RolloutStatus> {
    await this.put();
    const status = await this.healthy();
    await this.settled();
    return status;
  }

  /** PUTs the manifest with that changed. */
  async when(change: App): Promise<void> {
    this.app = { ...this.app, ...change };
    await this.put();
  }

  whenImage(image: string): Promise<void> {
    return this.when({ image });
  }

  /** Gives a command that must be taken. */
  async command(name: string, body: object = {}): Promise<void> {
    await this.recorder.deed('full' in body ? `${name} in full` : name);
    const response = await this.post(name, body);
    if (!response.ok) {
      throw new Error(`${name}: ${response.status} ${await response.text()}`);
    }
  }

  /** As an autoscaler does it. */
  async scaled(replicas: number): Promise<void> {
    await this.patch(ROLLOUTS, this.name, { spec: { replicas } }, 'scale');
  }

  /** A stable Mapping with a route of its own: Mappings of all namespaces share one gateway. */
  async hasMapping(name: string): Promise<void> {
    await this.create(MAPPINGS, mapping(name, { prefix: `/${this.namespace}/${name}` }));
  }

  // --- what there is ---

  /** ReplicaSets that Weir made, by number of revision. */
  async revisions(): Promise<ReadonlyMap<number, ReplicaSetObject>> {
    const items = await this.list<ReplicaSetObject>(REPLICA_SETS, POD_TEMPLATE_HASH_LABEL);
    return new Map(items.map((item) => [Number(item.metadata.annotations?.[REVISION_ANNOTATION]), item]));
  }

  async revision(number: number): Promise<ReplicaSetObject> {
    const found = (await this.revisions()).get(number);
    if (found === undefined) {
      throw new Error(`there is no revision ${number}`);
    }
    return found;
  }

  /** Pods of a revision, those that are going away not counted. */
  async podsOf(revision: number): Promise<readonly PodObject[]> {
    const hash = (await this.revisions()).get(revision)?.metadata.labels?.[POD_TEMPLATE_HASH_LABEL];
    const pods = hash === undefined ? [] : await this.list<PodObject>(PODS, `${POD_TEMPLATE_HASH_LABEL}=${hash}`);
    return pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  /** Which revision each Service selects; undefined: the pods of all. */
  async selected(): Promise<{ readonly stable: number | undefined; readonly canary: number | undefined }> {
    const revisions = [...(await this.revisions())];
    const revisionOf = async (name: string): Promise<number | undefined> => {
      const hash = (await this.selectorOf(name))[POD_TEMPLATE_HASH_LABEL];
      return revisions.find(([, { metadata }]) => metadata.labels?.[POD_TEMPLATE_HASH_LABEL] === hash)?.[0];
    };
    return { stable: await revisionOf(SERVICE.stable), canary: await revisionOf(SERVICE.canary) };
  }

  /** Weight by name of each canary Mapping. */
  async weights(): Promise<Readonly<Record<string, number | undefined>>> {
    return Object.fromEntries((await this.canaryMappings()).map(({ metadata, spec }) => [metadata.name, spec.weight]));
  }

  /** What the last run ended with, by the Rollout's annotation. */
  async outcome(): Promise<Outcome | undefined> {
    const text = (await this.rollout())?.metadata.annotations?.[RUN_ANNOTATION];
    return (JSON.parse(text ?? '{}') as { outcome?: Outcome }).outcome;
  }

  /** Everything that was so, from the first moment until now. */
  async trace(): Promise<Trace> {
    await this.recorder.caughtUp();
    return this.recorder.trace();
  }

  async course(): Promise<Course> {
    return courseOf(await this.trace());
  }

  // --- what a test waits for ---

  healthy(timeoutMs?: number): Promise<RolloutStatus> {
    return this.phase('Healthy', timeoutMs);
  }

  degraded(reason: string, timeoutMs?: number): Promise<RolloutStatus> {
    const isSo = ({ phase, message }: RolloutStatus): boolean => phase === 'Degraded' && message.startsWith(reason);
    return this.statusThat(`Degraded ${reason}`, isSo, timeoutMs);
  }

  /** Exactly these pods are there, and no others. */
  async hasPods(wanted: PodCounts, timeoutMs?: number): Promise<void> {
    let seen: PodCounts = {};
    await eventually(
      `pods ${JSON.stringify(wanted)}`,
      async () => {
        seen = await this.podCounts();
        const numbers = [...Object.keys(seen), ...Object.keys(wanted)].map(Number);
        return numbers.every((number) => (seen[number] ?? 0) === (wanted[number] ?? 0));
      },
      timeoutMs,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}; pods: ${JSON.stringify(seen)}`);
    });
  }

  /** Its ReplicaSet is there, with pods or without. */
  async hasRevision(number: number): Promise<void> {
    await eventually(`revision ${number}`, async () => (await this.revisions()).has(number));
  }

  /** Exactly these canary Mappings are there, by name, at these weights. */
  async hasWeights(wanted: Readonly<Record<string, number>>): Promise<void> {
    let seen: object = {};
    await eventually(`canary Mappings ${JSON.stringify(wanted)}`, async () => {
      const weights = await this.weights();
      seen = weights;
      const names = [...Object.keys(weights), ...Object.keys(wanted)];
      return names.every((name) => weights[name] === wanted[name]);
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}; canary Mappings: ${JSON.stringify(seen)}`);
    });
  }

  /** Sets the readiness of that many pods of a revision that have another. kwok leaves what somebody wrote. */
  async pods(revision: number, ready: 'ready' | 'unready', count: number): Promise<void> {
    const status = ready === 'ready' ? 'True' : 'False';
    const others = await eventually(`${count} pods of revision ${revision} that are not ${ready}`, async () => {
      const found = (await this.podsOf(revision)).filter((pod) => {
        const condition = pod.status?.conditions?.find(({ type }) => type === 'Ready');
        return condition !== undefined && condition.status !== status;
      });
      return found.length >= count && found;
    });
    await this.recorder.deed(`rev ${revision}: ${count} ${ready}`);
    const conditions = ['Initialized', 'ContainersReady', 'Ready', 'PodScheduled'].map((type) => ({
      type,
      status: type === 'Ready' || type === 'ContainersReady' ? status : 'True',
      lastTransitionTime: new Date().toISOString(),
    }));
    await Promise.all(
      others
        .slice(0, count)
        .map(({ metadata: { name } }) => this.patch(PODS, name, { status: { conditions } }, 'status')),
    );
  }

  /** The course is that of the golden file, line by line. */
  async went(name: string): Promise<void> {
    // Jest joins the names of describe and test by a space.
    const title = expect.getState().currentTestName?.replace(/ (given|when|then) /, ', $1 ');
    const actual = renderCourse(title ?? name, await this.course());
    expect(actual).toBe(await goldenText(name, actual));
  }

  // --- the end of a test ---

  /** Ends what is still open, and checks what must be so in every test. */
  async end(): Promise<void> {
    try {
      if (await this.isOpen()) {
        await this.delete(ROLLOUTS, this.name);
        await this.settled();
      }
      const trace = await this.trace();
      expect({ violations: violations(trace, SERVICE), leftMappings: leftMappings(trace) }).toEqual({
        violations: [],
        leftMappings: [],
      });
    } finally {
      this.ending.abort();
    }
  }

  private async podCounts(): Promise<PodCounts> {
    const counts = [...(await this.revisions()).keys()].map(async (number) => [
      number,
      (await this.podsOf(number)).length,
    ]);
    return Object.fromEntries(await Promise.all(counts)) as PodCounts;
  }

  private async isOpen(): Promise<boolean> {
    const description = await this.cluster.runs
      .handle(this.ref)
      .describe()
      .catch(() => undefined);
    return description?.status.name === 'RUNNING';
  }
}

/** For the tests of one file: `given` starts a scenario, and after each test the invariants are checked for all of its scenarios. */
export function useWorkloads(used: { readonly cluster: TestCluster }): (app: App) => Promise<WorkloadScenario> {
  let scenarios: WorkloadScenario[] = [];
  afterEach(async () => {
    const ended = scenarios;
    scenarios = [];
    await Promise.all(ended.map((scenario) => scenario.end()));
  }, END_TIMEOUT_MS);
  return async (app) => {
    const scenario = await WorkloadScenario.given(used.cluster, app);
    scenarios.push(scenario);
    return scenario;
  };
}
