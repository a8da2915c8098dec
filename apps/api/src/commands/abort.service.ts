import { Inject, Injectable } from '@nestjs/common';
import { isKubernetesError } from '@weir/kubernetes';
import type { Logger } from '@weir/platform';
import { refuse, timestamp, type Order, type RolloutRef, type Run } from '@weir/rollout';
import { setTimeout as delay } from 'node:timers/promises';
import { LOGGER, RUNS } from '../app/dependencies.ts';
import { BrakeService } from '../brake/brake.service.ts';
import { abortMessage, brakeView, isWritten, type AbortFate, type Braked } from '../brake/braked.ts';
import { RolloutOrder } from '../brake/rollout-order.ts';
import { ClusterIdentity } from '../cluster/cluster-identity.ts';
import { kubernetesDeadline } from '../cluster/rollout-store.ts';
import type { RolloutKey } from '../http/parameters.ts';
import { isProblem } from '../http/problem.ts';
import type { RunGateway } from '../temporal/run-gateway.ts';
import { isTemporalFault, type TemporalFault } from '../temporal/temporal-fault.ts';
import { attempted, notDelivered } from './attempted.ts';
import { taken, type CommandOutcome } from './command-outcome.ts';
import { NotRunning } from './not-running.ts';
import type { ReadCommand } from './read-command.ts';
import { toRefusedProblem } from './refusal.ts';

/** The brake takes milliseconds; a cluster that answers more slowly must not hold up the run, which may reach it. */
const HEAD_START_MS = 1_000;

/** An idle worker says in some 20 ms how its run stands. */
const GLANCE_MS = 250;

/** One abort. */
interface Abort {
  readonly key: RolloutKey;
  readonly ref: RolloutRef;
  readonly command: ReadCommand<'abort'>;
  readonly payload: ReadCommand<'abort'>['payload'];
  readonly order: Order;
}

/** `abort`: the brake first, then the run. Either is enough for the traffic to go home. */
@Injectable()
export class AbortService {
  constructor(
    @Inject(RUNS) private readonly runs: RunGateway,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly cluster: ClusterIdentity,
    private readonly brake: BrakeService,
    private readonly rolloutOrder: RolloutOrder,
    private readonly notRunning: NotRunning,
  ) {}

  abort(key: RolloutKey, command: ReadCommand<'abort'>): Promise<CommandOutcome> {
    return attempted(async () => {
      const signal = kubernetesDeadline();
      const ref = await this.cluster.ref(key, signal);
      const { actor, reason } = command.payload;
      const order = {
        actor,
        ...(reason !== undefined && { reason }),
        at: timestamp(Date.now()),
        key: command.updateId,
      };
      const payload = { ...command.payload, idempotencyKey: order.key };
      const abort = { key, ref, command, payload, order };
      const braking = this.brake.apply(ref, order, signal);
      await withHeadStart(braking);
      const fault = await this.tell(abort);
      const braked = await braking;
      return fault === undefined ? this.afterTold(abort, braked) : this.afterFault(abort, braked, fault);
    });
  }

  private async tell({ ref, payload }: Abort): Promise<TemporalFault | undefined> {
    try {
      await this.runs.abort(ref, payload);
      return undefined;
    } catch (error) {
      if (isTemporalFault(error)) {
        return error;
      }
      throw error;
    }
  }

  /**
   * A signal is not answered; the run is asked whether it came too late. Without a worker that is not known. Where the brake wrote
   * every Mapping it has seen that the stable Service was the old one, so a busy worker is not waited for.
   */
  private async afterTold(abort: Abort, braked: Braked): Promise<CommandOutcome> {
    const isBraked = braked.written.length > 0 && !braked.isOnRollout && braked.problems.length === 0;
    const state = this.runs.state(abort.ref);
    const run = await (isBraked ? Promise.race([state, delay(GLANCE_MS, undefined)]) : state);
    if (run !== undefined && !run.handledKeys.includes(abort.order.key)) {
      // The run that follows must not take it for an order to itself.
      await this.takeOff(abort, braked);
    }
    const refusal = run && refusalAfter(run, abort.order);
    if (refusal?.code === 'AlreadyPromoted') {
      throw toRefusedProblem(refusal);
    }
    return outcome(abort, braked, 'told');
  }

  private async afterFault(abort: Abort, braked: Braked, fault: TemporalFault): Promise<CommandOutcome> {
    if (fault.kind === 'notFound') {
      return this.afterNotFound(abort, braked);
    }
    if (isWritten(braked)) {
      return outcome(abort, braked, fateOf(fault));
    }
    if (braked.problems.length > 0) {
      throw notDelivered(fault, braked.problems);
    }
    // The cluster answered, and there was nothing to brake: the Rollout is gone, or its run is over.
    throw await this.notRunning.explain(abort.key, 'abort');
  }

  /** No run is open. What one left behind, because somebody terminated it, is taken home by another. */
  private async afterNotFound(abort: Abort, braked: Braked): Promise<CommandOutcome> {
    if (!braked.seen) {
      await this.takeOff(abort, braked);
      throw await this.notRunning.explain(abort.key, 'abort');
    }
    try {
      if (await this.runs.bringHome(abort.ref, abort.payload)) {
        return outcome(abort, braked, 'broughtHome');
      }
      await this.runs.abort(abort.ref, abort.payload); // One was opened meanwhile.
      return outcome(abort, braked, 'told');
    } catch (error) {
      if (isTemporalFault(error) && isWritten(braked)) {
        return outcome(abort, braked, fateOf(error));
      }
      throw error;
    }
  }

  private async takeOff({ key, order }: Abort, { isOnRollout }: Braked): Promise<void> {
    if (!isOnRollout) {
      return;
    }
    try {
      await this.rolloutOrder.takeOff(key, kubernetesDeadline(), order.key);
    } catch (error) {
      if (!isKubernetesError(error)) {
        throw error;
      }
      this.logger.warn({ ...key, err: error }, 'an order that no run took stays on the Rollout');
    }
  }
}

/**
 * Waits for the brake, but not for long. A defect in it comes up when the run was told: it must not keep the abort from the run.
 *
 * @throws Problem with which the brake refuses the abort within that time
 */
async function withHeadStart(braking: Promise<Braked>): Promise<void> {
  const over = new AbortController();
  const late = delay(HEAD_START_MS, undefined, { signal: over.signal }).catch(() => undefined);
  const refused = braking.then(
    () => undefined,
    (error: unknown) => (isProblem(error) ? error : undefined),
  );
  const refusal = await Promise.race([refused, late]);
  over.abort();
  if (refusal !== undefined) {
    throw refusal;
  }
}

/** Without Temporal the order on the Mappings, or on the Rollout, is what is left of the abort: workers watch for it. */
function fateOf({ kind }: TemporalFault): AbortFate {
  return kind === 'refused' || kind === 'failed' ? 'temporalRefuses' : 'temporalAway';
}

/** Why the run did not take the abort; undefined when it did, or is on its way home anyway. */
function refusalAfter(run: Run, { actor, key }: Order): ReturnType<typeof refuse> {
  return refuse(run, { name: 'abort', actor, idempotencyKey: key });
}

function outcome({ ref, command }: Abort, braked: Braked, fate: AbortFate): CommandOutcome {
  const { status, answer } = taken(202, ref, command, abortMessage(braked, fate));
  return { status, answer: { ...answer, brake: brakeView(braked) } };
}
