import { KubernetesError, type KubernetesClient, type KubernetesObject, type Location } from '@weir/kubernetes';
import type { RolloutObject } from '../cluster/rollout-object.ts';
import type { HistoryEvent } from '../history/run-event.ts';
import type { RunGateway, RunInfo } from '../temporal/run-gateway.ts';
import { INSTALLATION, aCanary, aMapping, aReplicaSet, aRollout, aService } from './builders.ts';

/** What the API meets behind its edges while it serves one request. */
export interface World {
  /** Absent: there is none. */
  readonly rollout?: RolloutObject;
  /** Of its newest run. */
  readonly history?: readonly HistoryEvent[];
  /** What a run returned. */
  readonly result?: unknown;
}

const RUN: RunInfo = {
  workflowId: 'rollout/local/default/someapp',
  runId: '0f4bd2d3-7a0e-4f0f-8a8b-2b1d6f2f7c11',
  status: 'COMPLETED',
  startedAt: '2026-11-23T09:59:59.870Z',
  closedAt: '2026-11-23T10:05:00.000Z',
};

/**
 * Kubernetes and Temporal as the API sees them, in memory: they answer everything out of a {@link World}, and remember what they
 * were told to change. What they are given is written out as their clients do, so it must be possible to.
 */
export class RecordedEdges {
  /** What would be another world now, in order: `apply rollouts default/someapp`, `command promote`. Dry runs are none. */
  readonly written: string[] = [];
  /** With what a call (`get services default/someapp-stable`) fails; undefined: it is answered. */
  fault: Fault = () => undefined;
  private world: World = {};

  given(world: World): void {
    this.world = world;
    this.written.length = 0;
    this.fault = () => undefined;
  }

  readonly kubernetes = {
    get: (at: Location) => this.asked('kubernetes', `get ${placeOf(at)}`, () => this.found(at)),
    list: (at: Location) =>
      this.asked('kubernetes', `list ${placeOf(at)}`, () => ({ metadata: {}, items: this.all(at) })),
    servedApiVersions: () => this.asked('kubernetes', 'discover', () => ['getambassador.io/v3alpha1']),
    ping: () => this.asked('kubernetes', 'ping', () => undefined),
    create: (at: Location, body: KubernetesObject, options: Written) =>
      this.told('kubernetes', `create ${placeOf(at)}`, body, () => body, options),
    apply: (at: Location, body: KubernetesObject, options: Written) =>
      this.told('kubernetes', `apply ${placeOf(at)}`, body, () => this.applied(body), options),
    mergePatch: (at: Location, body: object, options: Written) =>
      this.told('kubernetes', `patch ${placeOf(at)}`, body, () => this.found(at), options),
    jsonPatch: (at: Location, body: object, options: Written) =>
      this.told('kubernetes', `patch ${placeOf(at)}`, body, () => this.found(at), options),
    delete: (at: Location) => this.told('kubernetes', `delete ${placeOf(at)}`, {}, () => undefined),
  } as unknown as KubernetesClient;

  readonly runs: Partial<RunGateway> = {
    tell: (_rollout, change) => this.told('temporal', 'tell', change, () => undefined),
    abort: (_rollout, payload) => this.told('temporal', 'abort', payload, () => undefined),
    bringHome: (_rollout, payload) => this.told('temporal', 'bring home', payload, () => true),
    retry: (_rollout, payload) => this.told('temporal', 'retry', payload, () => undefined),
    command: (_rollout, name, payload) =>
      this.told('temporal', `command ${name}`, payload, () => ({
        stepIndex: 1,
        phase: 'Progressing',
        message: 'step 2 of 4: pause 60 s',
      })),
    // These two answer without Temporal, too.
    state: () => Promise.resolve(undefined),
    isThere: () => Promise.resolve(true),
    newest: () => this.asked('temporal', 'describe', () => RUN),
    list: () => this.asked('temporal', 'list', () => ({ runs: [RUN], nextToken: new Uint8Array() })),
    result: () => this.asked('temporal', 'result', () => this.world.result),
    history: () => this.asked('temporal', 'history', () => ({ events: [...(this.world.history ?? [])] })),
    installation: () => this.asked('temporal', 'installation', () => INSTALLATION),
    missingSearchAttributes: () => this.asked('temporal', 'search attributes', () => []),
  };

  private async asked<T>(edge: 'kubernetes' | 'temporal', call: string, answer: () => T): Promise<T> {
    // What comes from outside never comes at once.
    await Promise.resolve();
    const fault = this.fault(edge, call);
    if (fault !== undefined) {
      throw fault;
    }
    return answer();
  }

  private told<T>(
    edge: 'kubernetes' | 'temporal',
    call: string,
    body: object,
    answer: () => T,
    { dryRun = false }: Written = {},
  ): Promise<T> {
    return this.asked(edge, dryRun ? `dry run: ${call}` : call, () => {
      if (!JSON.stringify(body).isWellFormed()) {
        throw new Error(`what is sent is not UTF-8: ${call}`);
      }
      if (!dryRun) {
        this.written.push(call);
      }
      return answer();
    });
  }

  private all({ resource: { plural } }: Location): readonly KubernetesObject[] {
    switch (plural) {
      case 'rollouts':
        return this.world.rollout === undefined ? [] : [this.world.rollout];
      case 'mappings':
        return [{ ...aMapping('stable-mapping') }, aCanary()];
      case 'services':
        return [
          aService('someapp-stable', { app: 'someapp', version: 'v1' }),
          aService('someapp-canary', { app: 'someapp', version: 'v2' }),
        ];
      case 'replicasets':
        return [1, 2, 3].map((number) => aReplicaSet(number, `hash${number}`));
      default:
        return [];
    }
  }

  private found(at: Location): KubernetesObject {
    const found = at.namespace === 'default' && this.all(at).find(({ metadata }) => metadata.name === at.name);
    if (!found) {
      throw new KubernetesError('notFound', `${placeOf(at)} not found`, 404);
    }
    return found;
  }

  private applied(body: KubernetesObject): KubernetesObject {
    const { metadata } = this.world.rollout ?? aRollout();
    return { ...body, metadata: { ...metadata, ...body.metadata } };
  }
}

/** How a call to one of the edges fails. */
export type Fault = (edge: 'kubernetes' | 'temporal', call: string) => Error | undefined;

interface Written {
  readonly dryRun?: boolean;
}

function placeOf({ resource: { plural }, namespace, name }: Location): string {
  return [plural, [namespace, name].filter(Boolean).join('/')].filter(Boolean).join(' ');
}
