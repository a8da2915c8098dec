import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { CommandPayload, SpecChanged } from '@weir/contract';
import type { Logger } from '@weir/platform';
import type { RolloutRef } from '@weir/rollout';
import type { RolloutRuns } from '@weir/temporal';
import { Teller } from './teller.ts';

const APP: RolloutRef = { cluster: 'c', namespace: 'ns', name: 'app' };
const OTHER: RolloutRef = { ...APP, name: 'other' };

/** Takes messages when the test lets it. */
class SlowRuns {
  readonly calls: string[] = [];
  /** What is told after this fails, so often. */
  failures = 0;
  private letGo: (() => void)[] = [];

  readonly runs = {
    tell: (rollout: RolloutRef, change: SpecChanged) => this.take('tell', rollout, change),
    tellIfOpen: (rollout: RolloutRef, change: SpecChanged) => this.take('tellIfOpen', rollout, change),
    abortIfOpen: ({ name }: RolloutRef, { actor, idempotencyKey }: CommandPayload) =>
      this.note(`abort ${name} by ${actor}, ${idempotencyKey}`),
  } as unknown as RolloutRuns;

  /** The messages that are on their way arrive, and what that sets off is set off. */
  async arrive(): Promise<void> {
    this.letGo.splice(0).forEach((go) => go());
    await settled();
  }

  private take(how: string, { name }: RolloutRef, { generation, lookAgain }: SpecChanged): Promise<void> {
    return this.note(`${how} ${name} ${generation}${lookAgain === true ? ' look' : ''}`);
  }

  private async note(call: string): Promise<void> {
    this.calls.push(call);
    await new Promise<void>((resolve) => this.letGo.push(resolve));
    if (this.failures > 0) {
      this.failures--;
      throw new Error('Temporal is down');
    }
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function eventually(isSo: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + 3_000;
  while (!isSo() && Date.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const ORDER = { actor: 'ann', at: '2026-01-01T00:00:00Z', key: 'k1' };

const change = (generation: number, start = true, lookAgain?: true) => ({
  change: { uid: 'u', generation, ...(lookAgain && { lookAgain }) },
  start,
});

describe('the teller', () => {
  let temporal: SlowRuns;
  let teller: Teller;
  let warnings: string[];
  beforeEach(() => {
    temporal = new SlowRuns();
    warnings = [];
    const logger = { warn: (_fields: object, message: string) => warnings.push(message) } as unknown as Logger;
    teller = new Teller(temporal.runs, logger);
  });
  afterEach(async () => {
    await temporal.arrive();
    await teller.stop();
  });

  test('tells at once, and starts a run only where it should', () => {
    teller.tell(APP, change(1));
    teller.tell(OTHER, change(1, false));
    expect(temporal.calls).toEqual(['tell app 1', 'tellIfOpen other 1']);
  });

  test('has one message of a Rollout on its way; what comes meanwhile is one more', async () => {
    teller.tell(APP, change(1));
    teller.tell(APP, change(2, true, true));
    teller.tell(APP, change(3, false));
    await settled();
    expect(temporal.calls).toEqual(['tell app 1']);
    await temporal.arrive();
    expect(temporal.calls).toEqual(['tell app 1', 'tell app 3 look']);
    await temporal.arrive();
    expect(temporal.calls).toHaveLength(2);
  });

  test('lets what can wait go with what cannot', async () => {
    teller.tell(APP, change(1), 10_000);
    await settled();
    expect(temporal.calls).toEqual([]);
    teller.tell(APP, change(2));
    expect(temporal.calls).toEqual(['tell app 2']);
    await temporal.arrive();
    expect(temporal.calls).toHaveLength(1);
  });

  test('tells what can wait when its time is over', async () => {
    teller.tell(APP, change(1), 20);
    await eventually(() => temporal.calls.length === 1);
    expect(temporal.calls).toEqual(['tell app 1']);
  });

  test('does not let one Rollout wait for another', async () => {
    teller.tell(APP, change(1));
    await settled();
    teller.tell(OTHER, change(1));
    expect(temporal.calls).toEqual(['tell app 1', 'tell other 1']);
  });

  test('tells again later what has been told before', async () => {
    teller.tell(APP, change(1));
    await temporal.arrive();
    teller.tell(APP, change(2));
    expect(temporal.calls).toEqual(['tell app 1', 'tell app 2']);
  });

  test('tries again what could not be told, with what came meanwhile', async () => {
    temporal.failures = 1;
    teller.tell(APP, change(1, true, true));
    await temporal.arrive();
    teller.tell(APP, change(2, false));
    expect(warnings).toEqual(['a run could not be told of a change, trying again']);
    expect(temporal.calls).toEqual(['tell app 1 look']);
    await eventually(() => temporal.calls.length === 2);
    expect(temporal.calls).toEqual(['tell app 1 look', 'tell app 2 look']);
  });

  test('delivers an order before all else', async () => {
    teller.tell(APP, { ...change(1, false), order: ORDER });
    expect(temporal.calls).toEqual(['abort app by ann, k1']);
    await temporal.arrive();
    expect(temporal.calls).toEqual(['abort app by ann, k1', 'tellIfOpen app 1']);
  });

  test('keeps an order until Temporal takes it', async () => {
    temporal.failures = 1;
    teller.tell(APP, { ...change(1, false), order: ORDER });
    await temporal.arrive();
    await eventually(() => temporal.calls.length === 2);
    expect(temporal.calls).toEqual(['abort app by ann, k1', 'abort app by ann, k1']);
  });

  test('stops without trying again', async () => {
    temporal.failures = 1;
    teller.tell(APP, change(1));
    await temporal.arrive();
    await teller.stop();
    expect(temporal.calls).toHaveLength(1);
  });

  test('stops after what is on its way, and begins nothing more', async () => {
    teller.tell(APP, change(1));
    teller.tell(APP, change(2));
    const stopped = teller.stop();
    await temporal.arrive();
    await stopped;
    expect(temporal.calls).toEqual(['tell app 1']);
  });
});
