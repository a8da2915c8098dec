import type {
  ActivityExecuteInput,
  ActivityInterceptorsFactory,
  ActivitySlotInfo,
  CustomSlotSupplier,
} from '@temporalio/worker';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Runs that have something to do at once. Ten keep two cores busy that do all of it, servers included; from some 35 on workflow
 * tasks come too late for their worker, and all of them are slower (docs/performance.md).
 */
const MAX_BUSY_RUNS = 10;

/** From one activity of a run to its next there are some 50 ms, under load half a second; a run that pauses is not busy. */
const BUSY_MS = 1_000;

/** Where many runs always have something to do, others begin all the same, at the pace of a machine that is near its limit. */
const LONGEST_WAIT_MS = 2_000;

/** Half of what a step takes: no slot is free for long, and the look is one of a short list. */
const LOOK_AGAIN_MS = 25;

/**
 * Lets runs begin no faster than those under way get on, so that a hundred updates at once finish one after the other, and not
 * all of them late. Runs that have to wait do so in Temporal's task queue, where they cost nothing and any worker may take them
 * (docs/adr/0026).
 */
export class Admission {
  /** When each run was last heard of; the longest ago first. */
  private readonly heardOfAtMs = new Map<string, number>();

  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /** A run has something to do, or has just done it. */
  heardOf(workflowId: string): void {
    this.heardOfAtMs.delete(workflowId);
    this.heardOfAtMs.set(workflowId, this.nowMs());
  }

  /** Whether so many runs are busy that no other should begin. */
  isFull(): boolean {
    const busySinceMs = this.nowMs() - BUSY_MS;
    for (const [workflowId, atMs] of this.heardOfAtMs) {
      if (atMs > busySinceMs) {
        break;
      }
      this.heardOfAtMs.delete(workflowId);
    }
    return this.heardOfAtMs.size >= MAX_BUSY_RUNS;
  }

  /** Hears of every run whose activities a worker executes. */
  readonly interceptor: ActivityInterceptorsFactory = ({ info: { workflowExecution } }) => ({
    inbound: {
      execute: async (input: ActivityExecuteInput, next) => {
        const { workflowId = '' } = workflowExecution ?? {};
        this.heardOf(workflowId);
        try {
          return await next(input);
        } finally {
          this.heardOf(workflowId);
        }
      },
    },
  });

  /** For the worker that executes the first activity of runs: while it has no slot it does not ask for a task. */
  readonly slots: CustomSlotSupplier<ActivitySlotInfo> = {
    type: 'custom',
    reserveSlot: async (_context, signal) => {
      const untilMs = this.nowMs() + LONGEST_WAIT_MS;
      while (this.isFull() && this.nowMs() < untilMs) {
        await delay(LOOK_AGAIN_MS, undefined, { signal });
      }
      return {};
    },
    tryReserveSlot: () => null,
    markSlotUsed: () => undefined,
    releaseSlot: () => undefined,
  };
}
