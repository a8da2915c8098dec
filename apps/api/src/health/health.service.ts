import { Inject, Injectable } from '@nestjs/common';
import type { KubernetesClient } from '@weir/kubernetes';
import { KUBERNETES, RUNS } from '../app/dependencies.ts';
import { Problem } from '../http/problem.ts';
import type { RunGateway } from '../temporal/run-gateway.ts';
import type { Readiness } from './health.schemas.ts';

/** A probe asks every few seconds: an answer that takes longer is a no. */
const PROBE_TIMEOUT_MS = 2_000;

/** Whether what the API works with can be reached. */
@Injectable()
export class HealthService {
  constructor(
    @Inject(KUBERNETES) private readonly kubernetes: KubernetesClient,
    @Inject(RUNS) private readonly runs: RunGateway,
  ) {}

  /** @throws Problem that lists what is missing */
  async readiness(): Promise<Readiness> {
    const [kubernetes, temporal] = await Promise.all([
      problemOf(() => this.kubernetes.ping({ signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) })),
      problemOf(() => this.searchAttributes()),
    ]);
    const errors = [
      ...(kubernetes === undefined ? [] : [{ path: 'kubernetes', message: kubernetes }]),
      ...(temporal === undefined ? [] : [{ path: 'temporal', message: temporal }]),
    ];
    if (errors.length > 0) {
      const detail = errors.map(({ path, message }) => `${path}: ${message}`).join('; ');
      throw new Problem('notReady', detail, { errors, retryAfterSeconds: 5 });
    }
    return { status: 'ready' };
  }

  private async searchAttributes(): Promise<void> {
    const missing = await this.runs.missingSearchAttributes();
    if (missing.length > 0) {
      throw new Error(
        `the search attributes ${missing.join(', ')} are not registered; a worker registers them when it starts`,
      );
    }
  }
}

async function problemOf(check: () => Promise<void>): Promise<string | undefined> {
  try {
    await check();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
