import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Application } from '../support/application.ts';
import type { TestCluster } from '../support/cluster.ts';
import { PODS, ROLLOUTS, type KubernetesObject } from '@weir/kubernetes';
import { MAPPINGS, NAMESPACE_LIST, REPLICA_SETS, SERVICES, mapping, service } from '../support/objects.ts';
import { eventually } from '../support/wait.ts';
import { APP_LABELS, SERVICE } from '../support/workload-app.ts';
import { NAME, type Scenario } from './scenarios.ts';

/** A batch of these is set up at once, on a machine that does other things too. */
const READY_MS = 90_000;
/** What a person who is told "not now" waits before the next try. */
const AGAIN_MS = 500;
/** Many of these are set up at once, on the cores on which rollouts run. */
const LOOK_MS = 100;
const VERSIONS = { stable: { ...APP_LABELS, version: 'v1' }, canary: { ...APP_LABELS, version: 'v2' } } as const;

interface Answer {
  readonly accepted?: unknown;
  readonly stored?: unknown;
}

/** The application of one trial, in a namespace of its own, with a user who repeats what was not taken. */
export class ChaosApp extends Application {
  private constructor(
    cluster: TestCluster,
    namespace: string,
    private readonly scenario: Scenario,
  ) {
    super(cluster, namespace, NAME);
  }

  /** Its objects are there; where Weir runs the pods, version 1 is PUT. */
  static async given(cluster: TestCluster, scenario: Scenario): Promise<ChaosApp> {
    const namespace = `chaos-${randomUUID().slice(0, 8)}`;
    const app = new ChaosApp(cluster, namespace, scenario);
    const metadata = { name: namespace };
    await app.create(NAMESPACE_LIST, { apiVersion: 'v1', kind: 'Namespace', metadata }, false);
    await Promise.all(
      // A route of its own: Mappings of all namespaces share one gateway.
      scenario.mappings.map((name) => app.create(MAPPINGS, mapping(name, { prefix: `/${namespace}/${name}` }))),
    );
    await (scenario.pods ? app.givenPods() : app.givenTrafficOnly());
    return app;
  }

  manifest(version = 1): object {
    return this.scenario.manifest(version);
  }

  /** PUTs until it is stored. That it is stored and not started is Weir's to mend. */
  async store(version: number, signal: AbortSignal): Promise<void> {
    await this.until('PUT', signal, async () => {
      const response = await this.request('PUT', '', this.manifest(version));
      const { stored } = (await response.json()) as Answer;
      return response.ok || stored === true || later(response);
    });
  }

  /** Gives a command until it is known to be taken, each time with the same key. */
  async give(command: string, signal: AbortSignal): Promise<void> {
    const headers = { 'idempotency-key': randomUUID() };
    let isUnknown = false;
    await this.until(command, signal, async () => {
      const response = await this.request('POST', `/${command}`, { actor: 'chaos' }, headers);
      const { accepted } = (await response.json()) as Answer;
      if (response.ok && accepted === 'unknown') {
        isUnknown = true;
        return 'unknown';
      }
      // What nobody knew of was taken after all, when the run has gone on or is over.
      return response.ok || (isUnknown && response.status === 409) || later(response);
    });
  }

  /**
   * Removes what it made, and leaves the empty namespace: to delete that too, the namespace controller would send some hundred
   * requests. Two busy cores may take longer for one than the client waits, which is no reason to end a campaign.
   */
  async dispose(): Promise<void> {
    const { namespace, cluster } = this;
    const kinds = [ROLLOUTS, MAPPINGS, REPLICA_SETS, PODS, SERVICES];
    await eventually(`nothing in ${namespace}`, async () => {
      await Promise.all(kinds.map((resource) => cluster.kubernetes.delete({ resource, namespace })));
      return true;
    });
  }

  /** Somebody else's pods, without what they would have above them: a rollout of traffic only looks at their labels. */
  private async givenTrafficOnly(): Promise<void> {
    const roles = ['stable', 'canary'] as const;
    await Promise.all(
      roles.flatMap((role) => [
        this.create(PODS, pod(SERVICE[role], VERSIONS[role])),
        this.create(SERVICES, service(SERVICE[role], VERSIONS[role])),
      ]),
    );
    await Promise.all(
      roles.map((role) =>
        eventually(`endpoints of ${SERVICE[role]}`, () => this.hasReadyEndpoints(SERVICE[role]), READY_MS, LOOK_MS),
      ),
    );
  }

  private async givenPods(): Promise<void> {
    await Promise.all(Object.values(SERVICE).map((name) => this.create(SERVICES, service(name, APP_LABELS))));
    await this.store(1, AbortSignal.timeout(READY_MS));
  }

  /** @throws Error when it is refused for good */
  private async until(what: string, signal: AbortSignal, attempt: () => Promise<true | string>): Promise<void> {
    for (;;) {
      const outcome = await attempt();
      if (outcome === true) {
        return;
      }
      if (outcome.startsWith('refused')) {
        throw new Error(`${what} was ${outcome}`);
      }
      await delay(AGAIN_MS, undefined, { signal });
    }
  }
}

function later({ status }: Response): string {
  return status >= 500 || status === 429 ? `put off with ${status}` : `refused with ${status}`;
}

/** On the one node of the sandbox, past the scheduler. */
function pod(name: string, labels: Readonly<Record<string, string>>): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels },
    spec: { nodeName: 'fake-node', containers: [{ name: 'app', image: 'app:1' }] },
  } as KubernetesObject;
}
