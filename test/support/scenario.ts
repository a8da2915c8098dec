import { watchForever } from '@weir/kubernetes';
import { revisionOf } from '@weir/rollout';
import { randomUUID } from 'node:crypto';
import { Application, type MappingObject } from './application.ts';
import type { TestCluster } from './cluster.ts';
import {
  DEPLOYMENTS,
  MAPPINGS,
  NAMESPACE_LIST,
  SERVICES,
  deployment,
  mapping,
  rollout,
  service,
  type ManifestStep,
} from './objects.ts';
import { eventually } from './wait.ts';

const STABLE = { app: 'someapp', version: 'v1' };
const CANARY = { app: 'someapp', version: 'v2' };

/** One write to a canary Mapping, as the API server tells it to everybody who watches. */
export interface WeightWrite {
  readonly mapping: string;
  /** `gone` when it was deleted. */
  readonly weight: number | 'gone';
  readonly generation: number;
  readonly atMs: number;
}

export interface Given {
  readonly steps: readonly ManifestStep[];
  /** Stable Mappings to create and to list; default one. */
  readonly mappings?: readonly string[];
  readonly name?: string;
}

/**
 * An application in a namespace of its own: two Deployments behind a stable and a canary Service, and stable Mappings. It
 * records every weight that a canary Mapping is given.
 */
export class Scenario extends Application {
  readonly writes: WeightWrite[] = [];

  private constructor(
    cluster: TestCluster,
    namespace: string,
    name: string,
    readonly steps: readonly ManifestStep[],
    readonly mappings: readonly string[],
  ) {
    super(cluster, namespace, name);
  }

  static async given(
    cluster: TestCluster,
    { steps, mappings = ['stable-mapping'], name = 'someapp' }: Given,
  ): Promise<Scenario> {
    const namespace = `t-${randomUUID().slice(0, 8)}`;
    const scenario = new Scenario(cluster, namespace, name, steps, mappings);
    await scenario.create(
      NAMESPACE_LIST,
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      false,
    );
    await Promise.all([
      scenario.create(DEPLOYMENTS, deployment('someapp-stable', STABLE)),
      scenario.create(DEPLOYMENTS, deployment('someapp-canary', CANARY)),
      scenario.create(SERVICES, service('someapp-stable', STABLE)),
      scenario.create(SERVICES, service('someapp-canary', CANARY)),
      // A route of its own: Mappings of all namespaces share one gateway.
      ...mappings.map((one) => scenario.create(MAPPINGS, mapping(one, { prefix: `/${namespace}/${one}` }))),
    ]);
    await Promise.all(
      ['someapp-stable', 'someapp-canary'].map((one) =>
        eventually(`ready endpoints of ${one}`, () => scenario.hasReadyEndpoints(one)),
      ),
    );
    scenario.record();
    return scenario;
  }

  manifest(): ReturnType<typeof rollout> {
    return rollout(this.name, this.steps, this.mappings);
  }

  /** Weights in the order in which they were written, without times: `app0-canary 30`. */
  course(): string[] {
    return this.writes.map(({ mapping: name, weight }) => `${name} ${weight}`);
  }

  revisionOfCanary(): string {
    return revisionOf(CANARY);
  }

  private record(): void {
    const seen = new Map<string, number>();
    void watchForever<MappingObject>(this.cluster.kubernetes, {
      at: { resource: MAPPINGS, namespace: this.namespace },
      selector: { labelSelector: 'weir.dev/rollout' },
      signal: this.cluster.closing,
      onChange: ({ type, object: { metadata, spec } }) => {
        const { name, generation = 0, uid = '' } = metadata;
        if (type === 'DELETED') {
          this.writes.push({ mapping: name, weight: 'gone', generation, atMs: Date.now() });
        } else if (seen.get(uid) !== generation) {
          seen.set(uid, generation);
          this.writes.push({ mapping: name, weight: spec.weight ?? Number.NaN, generation, atMs: Date.now() });
        }
      },
    });
  }
}
