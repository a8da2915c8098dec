import { describe, expect, test } from '@jest/globals';
import { Admission } from './admission.ts';

const CONTEXT = {
  slotType: 'activity',
  taskQueue: 'q',
  workerIdentity: 'w',
  workerBuildId: 'b',
  isSticky: false,
} as const;

/** With a clock that stands still unless it is moved. */
function given(busy: number) {
  const clock = { nowMs: 5_000 };
  const admission = new Admission(() => clock.nowMs);
  for (let index = 0; index < busy; index++) {
    admission.heardOf(`run-${index}`);
  }
  /** Whether a slot is given out, once its timers have had some turns. */
  const gives = async (slot: Promise<unknown>): Promise<boolean> => {
    const later = new Promise<false>((resolve) => setTimeout(() => resolve(false), 80));
    return Promise.race([slot.then(() => true), later]);
  };
  const reserve = (signal = new AbortController().signal) => admission.slots.reserveSlot(CONTEXT, signal);
  return { clock, admission, gives, reserve };
}

describe('the admission of runs', () => {
  test.each([
    [0, 0, false],
    [9, 0, false],
    [10, 0, true],
    [10, 999, true],
    [10, 1_000, false],
  ])('with %d runs that were heard of %d ms ago, is it full? %s', (busy, agoMs, expected) => {
    const { admission, clock } = given(busy);
    clock.nowMs += agoMs;
    expect(admission.isFull()).toBe(expected);
  });

  test('one run counts once, however often it is heard of, from the last time on', () => {
    const { admission, clock } = given(10);
    for (let index = 0; index < 20; index++) {
      admission.heardOf('run-0');
    }
    expect(admission.isFull()).toBe(true);
    clock.nowMs += 900;
    admission.heardOf('run-0');
    clock.nowMs += 200;
    expect(admission.isFull()).toBe(false);
    for (let index = 1; index < 10; index++) {
      admission.heardOf(`another-${index}`);
    }
    expect(admission.isFull()).toBe(true);
  });

  test('given ten busy runs, then another begins when one of them has nothing more to do', async () => {
    const { clock, gives, reserve } = given(10);
    const slot = reserve();
    expect(await gives(slot)).toBe(false);
    clock.nowMs += 1_000;
    expect(await gives(slot)).toBe(true);
  });

  test('given ten runs that always have something to do, then another begins after two seconds', async () => {
    const { admission, clock, gives, reserve } = given(10);
    const slot = reserve();
    clock.nowMs += 1_900;
    for (let index = 0; index < 10; index++) {
      admission.heardOf(`run-${index}`);
    }
    expect(await gives(slot)).toBe(false);
    clock.nowMs += 100;
    expect(admission.isFull()).toBe(true);
    expect(await gives(slot)).toBe(true);
  });

  test('given a worker that stops, then it waits no longer', async () => {
    const { reserve } = given(10);
    const stop = new AbortController();
    const slot = reserve(stop.signal);
    stop.abort();
    await expect(slot).rejects.toMatchObject({ name: 'AbortError' });
  });
});
