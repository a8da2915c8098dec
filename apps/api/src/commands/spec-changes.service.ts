import { Injectable } from '@nestjs/common';
import { isKubernetesError, type KubernetesError } from '@weir/kubernetes';
import { INSTANCE_ID, INSTANCE_ID_LABEL, timestamp, workflowId, type RolloutRef } from '@weir/rollout';
import { applyProblem, refuseDeleting, refuseForeign } from '../cluster/apply-problems.ts';
import { readChange, type Change } from '../cluster/change.ts';
import { ClusterIdentity } from '../cluster/cluster-identity.ts';
import { overNewest } from '../cluster/over-newest.ts';
import { hasPods, type RolloutObject } from '../cluster/rollout-object.ts';
import { RolloutStore, kubernetesDeadline } from '../cluster/rollout-store.ts';
import type { RolloutKey } from '../http/parameters.ts';
import { Problem } from '../http/problem.ts';
import { RunTeller } from '../rollouts/run-teller.ts';
import type { CommandOutcome } from './command-outcome.ts';
import type { ReadCommand } from './read-command.ts';

/** A Rollout after a command changed it, and what was noted of that. */
export interface Changed {
  readonly rollout: RolloutObject;
  readonly change: Change;
}

type ChangingCommand = 'restart' | 'undo';

/** Writes over what was read; a conflict makes it read and decide again. */
export type WriteChange = (rollout: RolloutObject, change: Change, signal: AbortSignal) => Promise<Changed>;

/** Commands that are a change of the Rollout: stored, then told, as a PUT is. Who gave them is noted on the Rollout. */
@Injectable()
export class SpecChanges {
  constructor(
    private readonly cluster: ClusterIdentity,
    private readonly store: RolloutStore,
    private readonly teller: RunTeller,
  ) {}

  /** @param message - what was done, from what was noted */
  async give<Name extends ChangingCommand>(
    name: Name,
    key: RolloutKey,
    command: ReadCommand<Name>,
    write: WriteChange,
    message: (change: Change) => string,
  ): Promise<CommandOutcome> {
    const signal = kubernetesDeadline();
    const { ref, changed } = await stored(async () => {
      const ref = await this.cluster.ref(key, signal);
      const read = () => this.changeable(name, key, signal);
      const once = (rollout: RolloutObject) => this.writeOnce(name, rollout, command, write, signal);
      return { ref, changed: await overNewest(await read(), read, once) };
    });
    await this.teller.tell(ref, changed.rollout);
    return outcomeOf(ref, changed.change, message(changed.change));
  }

  /** A command that is repeated with its key is answered as before. */
  private async writeOnce(
    name: ChangingCommand,
    rollout: RolloutObject,
    { payload: { actor, reason, idempotencyKey: key } }: ReadCommand<ChangingCommand>,
    write: WriteChange,
    signal: AbortSignal,
  ): Promise<Changed> {
    const before = readChange(rollout);
    if (key !== undefined && before?.key === key) {
      return { rollout, change: before };
    }
    const at = timestamp(Date.now());
    const change = {
      command: name,
      actor,
      at,
      ...(reason !== undefined && { reason }),
      ...(key !== undefined && { key }),
    };
    return write(rollout, change, signal);
  }

  private async changeable(name: string, key: RolloutKey, signal: AbortSignal): Promise<RolloutObject> {
    const rollout = await this.store.find(key, signal);
    if (rollout === undefined) {
      throw new Problem('notFound', `there is no Rollout ${key.name} in namespace ${key.namespace}`);
    }
    const refusal =
      refuseForeign(rollout) ?? refuseUnowned(rollout) ?? refuseDeleting(rollout) ?? refusePodless(name, rollout);
    if (refusal) {
      throw refusal;
    }
    return rollout;
  }
}

function refuseUnowned({ metadata }: RolloutObject): Problem | undefined {
  return metadata.labels?.[INSTANCE_ID_LABEL] === INSTANCE_ID
    ? undefined
    : new Problem(
        'otherController',
        `${metadata.namespace}/${metadata.name} is not Weir's: it lacks the label ${INSTANCE_ID_LABEL}: ${INSTANCE_ID}; ` +
          'a PUT of its manifest gives it to Weir',
      );
}

function refusePodless(name: string, rollout: RolloutObject): Problem | undefined {
  return hasPods(rollout)
    ? undefined
    : new Problem(
        'commandRefused',
        `there is nothing to ${name}: the Rollout has neither template nor workloadRef, and so its pods are not Weir's`,
        { members: { code: 'NoPods' } },
      );
}

function outcomeOf(ref: RolloutRef, { actor, restartAt, revision }: Change, message: string): CommandOutcome {
  return {
    status: 202,
    answer: {
      accepted: true,
      workflowId: workflowId(ref),
      actor: { name: actor, claimed: true },
      ...(restartAt !== undefined && { restartAt }),
      ...(revision !== undefined && { revision }),
      message,
    },
  };
}

/** Says of a change that failed what became of it. */
async function stored<T>(body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    throw isKubernetesError(error) ? applyProblem(error satisfies KubernetesError) : error;
  }
}
