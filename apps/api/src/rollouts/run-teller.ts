import { Inject, Injectable } from '@nestjs/common';
import type { RolloutRef } from '@weir/rollout';
import { RUNS } from '../app/dependencies.ts';
import type { RolloutObject } from '../cluster/rollout-object.ts';
import { fromTemporal } from '../http/dependency-problems.ts';
import type { RunGateway } from '../temporal/run-gateway.ts';
import { isTemporalFault, type TemporalFault } from '../temporal/temporal-fault.ts';

/** The second half of 'stored, then told'. */
@Injectable()
export class RunTeller {
  constructor(@Inject(RUNS) private readonly runs: RunGateway) {}

  /**
   * @param isNewGeneration - the generation alone makes the run look; else it has to be asked to
   * @throws Problem that says what is stored although the run could not be told
   */
  async tell(
    ref: RolloutRef,
    { metadata: { uid = '', generation = 0 } }: RolloutObject,
    isNewGeneration = false,
  ): Promise<void> {
    try {
      await this.runs.tell(ref, { uid, generation, ...(!isNewGeneration && { lookAgain: true }) });
    } catch (error) {
      if (!isTemporalFault(error)) {
        throw error;
      }
      const started = isUncertain(error) ? 'unknown' : false;
      const effect = started === false ? 'stored, not started' : 'stored, and it is not known whether it was started';
      throw fromTemporal(error, `${effect}; a worker starts it once Temporal can be reached, or repeat the request`, {
        stored: true,
        started,
      });
    }
  }
}

function isUncertain({ kind }: TemporalFault): boolean {
  return kind === 'timedOut';
}
