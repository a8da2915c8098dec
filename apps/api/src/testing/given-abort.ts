import { jest } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { KubernetesClient } from '@weir/kubernetes';
import { TrafficIndex } from '../brake/traffic-index.ts';
import type { RunGateway } from '../temporal/run-gateway.ts';
import { TemporalFault } from '../temporal/temporal-fault.ts';
import { INSTALLATION, aCanary, aRollout, aService } from './builders.ts';
import { FakeKubernetes } from './fake-kubernetes.ts';
import { aServer } from './server.ts';

/** The canary Mapping of the Rollout that a {@link GivenAbort} has. */
export const CANARY = 'stable-mapping0-canary';
export const CLOSED = new TemporalFault('notFound', 'workflow execution already completed', undefined);
export const AWAY = new TemporalFault('unreachable', 'no connection', undefined);

type FakeRuns = jest.Mocked<Pick<RunGateway, 'abort' | 'bringHome' | 'installation' | 'newest' | 'state'>>;

/** A rollout of traffic at 30 %, in a cluster and a Temporal that a test changes before it aborts. */
export class GivenAbort {
  readonly cluster = new FakeKubernetes()
    .has('rollouts', aRollout())
    .has('mappings', aCanary())
    .has('services', aService('someapp-stable', { app: 'someapp', version: 'v1' }));

  readonly runs: FakeRuns = {
    abort: jest.fn<RunGateway['abort']>(() => Promise.resolve()),
    bringHome: jest.fn<RunGateway['bringHome']>(() => Promise.resolve(true)),
    installation: jest.fn<RunGateway['installation']>(() => Promise.resolve(INSTALLATION)),
    newest: jest.fn<RunGateway['newest']>(() => Promise.resolve(undefined)),
    state: jest.fn<RunGateway['state']>(() => Promise.resolve(undefined)),
  };

  private app: NestFastifyApplication | undefined;

  /** The watches have seen the Rollout and these Mappings as they are now. */
  async watched(...names: readonly string[]): Promise<void> {
    const index = (await this.server()).get(TrafficIndex);
    index.rolloutChanged({ type: 'LISTED', object: this.cluster.stored('rollouts', 'someapp') ?? aRollout() });
    names.forEach((name) =>
      index.mappingChanged({ type: 'LISTED', object: this.cluster.stored('mappings', name) as never }),
    );
  }

  /** @param kubernetes - in the place of the cluster */
  async abort(kubernetes?: Partial<KubernetesClient>) {
    return this.send({ 'idempotency-key': 'k1' }, { actor: 'eve', reason: '5xx' }, kubernetes);
  }

  async send(headers: Record<string, string>, body?: object, kubernetes?: Partial<KubernetesClient>) {
    const url = '/v1/namespaces/default/rollouts/someapp/abort';
    const request = { method: 'POST', url, headers: { host: 'localhost', ...headers } } as const;
    const answer = await (await this.server(kubernetes)).inject(body === undefined ? request : { ...request, body });
    return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
  }

  weight(name = CANARY): unknown {
    return (this.cluster.stored('mappings', name)?.spec as { weight?: number } | undefined)?.weight;
  }

  order(plural: 'mappings' | 'rollouts', name: string): unknown {
    const text = this.cluster.stored(plural, name)?.metadata.annotations?.['weir.dev/order'];
    return text === undefined ? undefined : JSON.parse(text);
  }

  async end(): Promise<void> {
    await this.app?.close();
  }

  private async server(kubernetes: Partial<KubernetesClient> = this.cluster.client): Promise<NestFastifyApplication> {
    this.app ??= await aServer({ kubernetes, runs: this.runs });
    return this.app;
  }
}
