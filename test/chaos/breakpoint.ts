import { setTimeout as delay } from 'node:timers/promises';
import type { Exchange } from './exchange.ts';
import type { Lane } from './lane.ts';
import type { Cut, ProcessFault, RequestMoment } from './types.ts';

/** Before a timer is due the fault is already in force, and it lasts beyond it, so that the timer fires in the absence. */
export const TIMER_LEAD_MS = 150;

/** Well before the shortest pause is over: that a timer was just started does not hold its rollout. */
const STARTED_TIMER_MS = 2_500;
/** An activity may take 15 s; in this time its request is given up after 4 s, and the next attempt's is held in its place. */
const HELD_REQUEST_MS = 8_000;
/** A person is patient, and so is a rollout that waits for one. */
const HELD_COMMAND_MS = 15_000;

/** Between a request that was given up and the next attempt's there is no more than that. */
const GOING_MS = 5_000;

/** Resolves from outside. */
class Latch {
  readonly opened: Promise<void>;
  isOpen = false;
  private resolve: () => void = () => undefined;

  constructor() {
    this.opened = new Promise((resolve) => (this.resolve = resolve));
  }

  open(): void {
    this.isOpen = true;
    this.resolve();
  }
}

/**
 * Where one rollout stands still, as far as that can be, until a fault of processes strikes. A batch of rollouts is brought
 * to their breakpoints, and then one kill disturbs them all: `reached` by each, `go` (what is to happen just before the
 * fault), the fault, `struck`.
 */
export class Breakpoint {
  /** How long the fault may be waited for, once it is reached, in milliseconds; 0: it strikes now, or misses it. */
  readonly patienceMs: number;
  private readonly arrived = new Latch();
  private readonly going = new Latch();
  private readonly done = new Latch();
  private readonly fault = new Latch();

  constructor(
    private readonly kind: ProcessFault,
    cut: Cut,
  ) {
    this.patienceMs = patienceMsAt(cut);
  }

  get reached(): Promise<void> {
    return this.arrived.opened;
  }

  get isReached(): boolean {
    return this.arrived.isOpen;
  }

  /**
   * Brings about what is to be over when the fault strikes.
   *
   * @returns whether it is: false when it was not reached, or the rollout has gone another way meanwhile
   */
  async go(): Promise<boolean> {
    this.going.open();
    if (this.isReached) {
      await Promise.race([this.done.opened, delay(GOING_MS, undefined, { ref: false })]);
    }
    return this.done.isOpen;
  }

  /** The fault is in force. One that was not reached will not be: the rollout goes on undisturbed from there. */
  struck(): void {
    this.going.open();
    this.fault.open();
  }

  /** A point that is only watched for, and holds nothing. */
  pass(): void {
    this.arrived.open();
    this.done.open();
  }

  /** A command before which, or right after whose answer, the fault strikes. */
  async around(moment: 'before' | 'answered', command: () => Promise<void>): Promise<void> {
    if (this.fault.isOpen) {
      return command();
    }
    this.arrived.open();
    await this.going.opened;
    if (moment === 'answered') {
      await command().finally(() => this.done.open());
      return;
    }
    this.done.open();
    await this.fault.opened;
    await command();
  }

  /** A request at one of its three moments; and the same again, when whoever sent it has given it up and tries anew. */
  trap(lane: Lane, key: string, moment: RequestMoment): void {
    lane.trapFrom(key, async (exchange) => {
      if (this.fault.isOpen) {
        return exchange.reply(await exchange.forward());
      }
      if (moment !== 'before' && exchange.seen.key === key) {
        await exchange.forward();
      }
      this.arrived.open();
      await this.going.opened;
      if (exchange.isGivenUp) {
        return;
      }
      if (moment === 'answered') {
        await exchange.reply(await exchange.forward());
        this.done.open();
        return;
      }
      this.done.open();
      await this.fault.opened;
      await this.afterFault(exchange);
    });
  }

  private async afterFault(exchange: Exchange): Promise<void> {
    if (this.kind === 'kill-worker' || this.kind === 'api-down') {
      // Whoever sent it is dead or cut off: what was not forwarded is never seen, and an answer is never heard.
      exchange.tear();
      return;
    }
    await exchange.reply(await exchange.forward());
  }
}

/** Reaches the breakpoint just before a timer is due, unless it is cancelled or another is started in its place. */
export function beforeDue(breakpoint: Breakpoint, dueMs: number, signal: AbortSignal): void {
  delay(Math.max(0, dueMs - TIMER_LEAD_MS - Date.now()), undefined, { signal }).then(
    () => breakpoint.pass(),
    () => undefined, // Cancelled.
  );
}

function patienceMsAt(cut: Cut): number {
  switch (cut.kind) {
    case 'command':
      return HELD_COMMAND_MS;
    case 'timer':
      return cut.moment === 'fired' ? 0 : STARTED_TIMER_MS;
    case 'request':
    case 'shared':
      return HELD_REQUEST_MS;
  }
}
