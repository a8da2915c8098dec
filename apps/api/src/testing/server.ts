import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { KubernetesClient } from '@weir/kubernetes';
import { createLogger } from '@weir/platform';
import { createServer } from '../app/server.ts';
import { readApiSettings } from '../app/settings.ts';
import type { RunGateway } from '../temporal/run-gateway.ts';

/** What a test puts in the place of Kubernetes and Temporal: only what it needs. */
export interface Fakes {
  readonly kubernetes?: Partial<KubernetesClient>;
  readonly runs?: Partial<RunGateway>;
}

/** The API without a socket, on fakes. */
export function aServer({ kubernetes = {}, runs = {} }: Fakes = {}): Promise<NestFastifyApplication> {
  return createServer({
    settings: readApiSettings({ WEIR_CLUSTER: 'local' }),
    logger: createLogger('test', 'silent'),
    kubernetes: kubernetes as KubernetesClient,
    runs: { namespace: 'default', ...runs } as RunGateway,
  });
}
