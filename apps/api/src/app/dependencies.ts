import type { KubernetesClient } from '@weir/kubernetes';
import type { Logger } from '@weir/platform';
import type { ApiSettings } from './settings.ts';
import type { RunGateway } from '../temporal/run-gateway.ts';

/** Injection tokens for what has no class of ours, or stands for a remote system. */
export const SETTINGS = Symbol('settings');
export const LOGGER = Symbol('logger');
export const KUBERNETES = Symbol('kubernetes');
export const RUNS = Symbol('runs');

/** What the API is made of; tests and the OpenAPI writer bring their own. */
export interface ApiDependencies {
  readonly settings: ApiSettings;
  readonly logger: Logger;
  readonly kubernetes: KubernetesClient;
  readonly runs: RunGateway;
}
