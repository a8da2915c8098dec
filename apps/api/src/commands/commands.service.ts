import { Inject, Injectable } from '@nestjs/common';
import { workflowId, type CommandName, type RolloutRef } from '@weir/rollout';
import type { UpdateName } from '@weir/temporal';
import { RUNS } from '../app/dependencies.ts';
import { RolloutOrder } from '../brake/rollout-order.ts';
import { ClusterIdentity } from '../cluster/cluster-identity.ts';
import { readStatus } from '../cluster/rollout-object.ts';
import { RolloutStore, kubernetesDeadline } from '../cluster/rollout-store.ts';
import type { RolloutKey } from '../http/parameters.ts';
import type { RunGateway } from '../temporal/run-gateway.ts';
import { isTemporalFault } from '../temporal/temporal-fault.ts';
import { attempted } from './attempted.ts';
import { taken, type CommandOutcome } from './command-outcome.ts';
import { NotRunning } from './not-running.ts';
import type { ReadCommand } from './read-command.ts';
import { refusalOf, toRefusedProblem } from './refusal.ts';

/** Commands go to the run first: it alone knows whether they can be taken. */
@Injectable()
export class CommandsService {
  constructor(
    @Inject(RUNS) private readonly runs: RunGateway,
    private readonly cluster: ClusterIdentity,
    private readonly store: RolloutStore,
    private readonly rolloutOrder: RolloutOrder,
    private readonly notRunning: NotRunning,
  ) {}

  update<Name extends UpdateName>(name: Name, key: RolloutKey, command: ReadCommand<Name>): Promise<CommandOutcome> {
    return attempted(async () => {
      const ref = await this.cluster.ref(key, kubernetesDeadline());
      try {
        const { stepIndex, phase, message } = await this.runs.command(ref, name, command.payload, command.updateId);
        const outcome = taken(200, ref, command, message);
        return { ...outcome, answer: { ...outcome.answer, updateId: command.updateId, stepIndex, phase } };
      } catch (error) {
        if (isTemporalFault(error, 'timedOut') && (await this.runs.isThere())) {
          return unknown(ref, command);
        }
        throw await this.explained(error, key, name);
      }
    });
  }

  /** To the open run; to a new one when the last one was aborted. */
  retry(key: RolloutKey, command: ReadCommand<'retry'>): Promise<CommandOutcome> {
    return attempted(async () => {
      const signal = kubernetesDeadline();
      const ref = await this.cluster.ref(key, signal);
      const rollout = await this.store.find(key, signal);
      const aborted = rollout !== undefined && readStatus(rollout).abort === true;
      if (aborted) {
        // The order of that abort is done; to the run that tries again it would be one to itself.
        await this.rolloutOrder.takeOff(key, signal);
      }
      if (!aborted || !(await this.isClosed(ref))) {
        return this.update('retry', key, command);
      }
      await this.runs.retry(ref, command.payload);
      return taken(202, ref, command, 'a new run tries the revision again');
    });
  }

  private async isClosed(ref: RolloutRef): Promise<boolean> {
    const run = await this.runs.newest(ref);
    return run === undefined || run.closedAt !== null;
  }

  /** Why a run did not take a command, in the place of what Temporal threw. */
  private async explained(error: unknown, key: RolloutKey, name: CommandName): Promise<unknown> {
    if (isTemporalFault(error, 'notFound')) {
      return this.notRunning.explain(key, name);
    }
    const refusal = refusalOf(error);
    return refusal === undefined ? error : toRefusedProblem(refusal);
  }
}

function unknown(ref: RolloutRef, { actor, updateId, payload }: ReadCommand): CommandOutcome {
  const next =
    payload.idempotencyKey === undefined
      ? 'look at the Rollout before it is repeated'
      : 'it can be repeated with the same Idempotency-Key';
  return {
    status: 202,
    answer: {
      accepted: 'unknown',
      workflowId: workflowId(ref),
      updateId,
      actor: { name: actor, claimed: true },
      message: `no worker answered in time; the command may still be taken, once: ${next}`,
    },
  };
}
