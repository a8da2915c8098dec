import type { GatewayModel } from '@weir/mapping';
import type { Logger } from '@weir/platform';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Applier, type Outcome } from './applier.ts';
import { clusterOf } from './clusters.ts';
import type { ClusterView, Configuration } from './cluster-view.ts';
import { ClusterMetrics } from './metrics.ts';
import { DEFAULT_SETTINGS, type ControlChange, type ControlSettings, type InstanceSettings } from './settings.ts';
import { answerOf, type Answer } from './traffic.ts';
import { TEST_DOUBLE_HEADER, TEST_DOUBLE_TEXT } from './test-double.ts';

/**
 * Envoy closes a connection that has been idle for an hour. Node's own 5 s would close one under a client that is just
 * sending on it, which then sees a reset that no gateway of Emissary's gives.
 */
const IDLE_CONNECTION_MS = 3_600_000;

/** How pods behave: of all instances together, because they stand behind all of them. */
export interface Pods {
  revisions: ControlSettings['revisions'];
}

/** One gateway: takes configurations, and answers requests by the one that it has applied. */
export class GatewayInstance {
  readonly server: Server;
  readonly #cluster: ClusterView;
  readonly #pods: Pods;
  readonly #logger: Logger;
  readonly #applier: Applier;
  readonly #metrics = new ClusterMetrics();
  readonly #turns = new Map<string, number>();
  #settings: InstanceSettings = DEFAULT_SETTINGS;

  constructor(cluster: ClusterView, pods: Pods, logger: Logger) {
    this.#cluster = cluster;
    this.#pods = pods;
    this.#logger = logger;
    this.#applier = new Applier(
      () => this.#settings,
      (outcome) => this.#onOutcome(outcome),
    );
    this.server = createServer({ keepAliveTimeout: IDLE_CONNECTION_MS }, (request, response) =>
      this.#answer(request, response),
    );
  }

  get applied(): GatewayModel | undefined {
    return this.#applier.applied;
  }

  get settings(): ControlSettings {
    return { ...this.#settings, revisions: this.#pods.revisions };
  }

  /** What is absent stays as it was; `revisions` is replaced as a whole. */
  set({ revisions, ...own }: ControlChange): void {
    this.#pods.revisions = revisions ?? this.#pods.revisions;
    const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
    this.#settings = { ...this.#settings, ...given };
    this.#logger.info({ settings: this.settings }, 'settings changed');
    this.#applier.settingsChanged();
  }

  offer(configuration: Configuration): void {
    this.#applier.offer(configuration);
  }

  metrics(): string {
    return this.#metrics.render();
  }

  stop(): void {
    this.#applier.stop();
  }

  #onOutcome(outcome: Outcome): void {
    if ('kept' in outcome) {
      this.#logger.warn({ why: outcome.kept }, 'the new configuration is not served');
      return;
    }
    const { groups, dropped, errors } = outcome.applied;
    const mappings = groups.flatMap(({ routes }) => routes.map(({ mapping }) => mapping));
    this.#metrics.keep(mappings.map(clusterOf));
    this.#logger.debug({ mappings: mappings.length, dropped: dropped.length, errors }, 'configuration applied');
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const startedMs = performance.now();
    // Nobody reads it, and a connection with an unread body cannot be used again.
    request.resume();
    const answer = answerOf(request, {
      model: this.#applier.applied,
      cluster: this.#cluster,
      revisions: this.#pods.revisions,
      turn: (service) => this.#nextTurn(service),
      random: Math.random,
    });
    const send = (): void => {
      if (answer.cluster !== undefined) {
        const tookMs = answer.reached ? performance.now() - startedMs : undefined;
        this.#metrics.record(answer.cluster, answer.status, tookMs);
      }
      write(response, answer);
    };
    if (answer.latencyMs === 0) {
      send();
      return;
    }
    const timer = setTimeout(send, answer.latencyMs);
    response.once('close', () => clearTimeout(timer));
  }

  /** Pods of a Service take turns. */
  #nextTurn(service: string): number {
    const turn = this.#turns.get(service) ?? 0;
    this.#turns.set(service, turn + 1);
    return turn;
  }
}

function write(response: ServerResponse, { status, headers, body }: Answer): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    [TEST_DOUBLE_HEADER]: TEST_DOUBLE_TEXT,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}
