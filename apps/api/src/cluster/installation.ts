import { Inject, Injectable } from '@nestjs/common';
import { RUNS, SETTINGS } from '../app/dependencies.ts';
import type { ApiSettings } from '../app/settings.ts';
import type { RunGateway } from '../temporal/run-gateway.ts';

/** Which installation of Weir this is, as canary Mappings carry it. Asked for once; it lives as long as Temporal's namespace. */
@Injectable()
export class Installation {
  private known?: string;

  constructor(
    @Inject(RUNS) private readonly runs: RunGateway,
    @Inject(SETTINGS) private readonly settings: ApiSettings,
  ) {}

  /** @throws TemporalFault when it is not known yet, and Temporal cannot be asked */
  async id(): Promise<string> {
    this.known ??= await this.runs.installation(this.settings.WEIR_TASK_QUEUE);
    return this.known;
  }
}
