import { Inject, Injectable } from '@nestjs/common';
import type { RolloutRef } from '@weir/rollout';
import { RUNS, SETTINGS } from '../app/dependencies.ts';
import type { ApiSettings } from '../app/settings.ts';
import type { RunView } from '../rollouts/rollout.schemas.ts';
import type { RunGateway, RunInfo } from '../temporal/run-gateway.ts';
import { isTemporalFault } from '../temporal/temporal-fault.ts';
import { temporalUiUrl } from './temporal-ui-url.ts';

/** The newest run of a Rollout, for answers that are worth having without it. */
@Injectable()
export class NewestRun {
  constructor(
    @Inject(RUNS) private readonly runs: RunGateway,
    @Inject(SETTINGS) private readonly settings: ApiSettings,
  ) {}

  /** null: there is none; undefined: Temporal could not be asked */
  async of(ref: RolloutRef): Promise<RunView | null | undefined> {
    try {
      const run = await this.runs.newest(ref);
      return run === undefined ? null : this.toView(run);
    } catch (error) {
      if (isTemporalFault(error)) {
        return undefined;
      }
      throw error;
    }
  }

  toView(run: RunInfo): RunView {
    const url = temporalUiUrl(this.settings.WEIR_TEMPORAL_UI_URL, this.runs.namespace, run);
    return { ...run, temporalUiUrl: url ?? null };
  }
}
