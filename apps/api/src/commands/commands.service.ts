import { Inject, Injectable } from '@nestjs/common';
import { isKubernetesError } from '@weir/kubernetes';
import { refuse, workflowId, type CommandName, type RolloutRef } from '@weir/rollout';
import type { UpdateName } from '@weir/temporal';
import { RUNS } from '../app/dependencies.ts';
import { ClusterIdentity } from '../cluster/cluster-identity.ts';
import { readStatus } from '../cluster/rollout-object.ts';
import { RolloutStore, kubernetesDeadline } from '../cluster/rollout-store.ts';
import { fromKubernetes, fromTemporal } from '../http/dependency-problems.ts';
import type { RolloutKey } from '../http/parameters.ts';
import type { RunGateway } from '../temporal/run-gateway.ts';
import { isTemporalFault } from '../temporal/temporal-fault.ts';
import type { CommandOutcome } from './command-outcome.ts';
import { NotRunning } from './not-running.ts';
import type { ReadCommand } from './read-command.ts';
import { refusalOf, toRefusedProblem } from './refusal.ts';

/** Commands go to the run first: it alone knows whether they can be taken, and nothing may hold an abort up. */
@Injectable()
export class CommandsService {
  constructor(
    @Inject(RUNS) private readonly runs: RunGateway,
    private readonly cluster: ClusterIdentity,
    private readonly store: RolloutStore,
    private readonly notRunning: NotRunning,
  ) {}

  abort(key: RolloutKey, command: ReadCommand<'abort'>): Promise<CommandOutcome> {
    return attempted(async () => {
      const ref = await this.cluster.ref(key, kubernetesDeadline());
      try {
        await this.runs.abort(ref, command.payload);
      } catch (error) {
        throw await this.explained(error, key, 'abort');
      }
      await this.refuseTooLate(ref);
      return taken(202, ref, command, 'the run was told to take the traffic back to stable');
    });
  }

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
      if (!aborted || !(await this.isClosed(ref))) {
        return this.update('retry', key, command);
      }
      await this.runs.retry(ref, command.payload);
      return taken(202, ref, command, 'a new run tries the revision again');
    });
  }

  /** A signal is not answered; the run is asked whether it came too late. Without a worker that is not known. */
  private async refuseTooLate(ref: RolloutRef): Promise<void> {
    const run = await this.runs.state(ref);
    const refusal = run && refuse(run, { name: 'abort', actor: '' });
    if (refusal?.code === 'AlreadyPromoted') {
      throw toRefusedProblem(refusal);
    }
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

function taken(status: 200 | 202, ref: RolloutRef, { actor }: ReadCommand, message: string): CommandOutcome {
  return {
    status,
    answer: { accepted: true, workflowId: workflowId(ref), actor: { name: actor, claimed: true }, message },
  };
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

/** Says of a command that did not come through what became of it. */
async function attempted<T>(body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (isKubernetesError(error)) {
      throw fromKubernetes(error, 'nothing was done', { delivered: false });
    }
    if (isTemporalFault(error)) {
      throw error.kind === 'timedOut'
        ? fromTemporal(error, 'it is not known whether the run was told', { delivered: 'unknown' })
        : fromTemporal(error, 'nothing was done', { delivered: false });
    }
    throw error;
  }
}
