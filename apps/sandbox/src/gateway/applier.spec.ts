import { beforeEach, describe, expect, it } from '@jest/globals';
import { Applier, type Clock, type Outcome } from './applier.ts';
import { Configuration } from './cluster-view.ts';
import { DEFAULT_SETTINGS, type InstanceSettings } from './settings.ts';
import { mapping } from './testing/objects.ts';

/** Stands until it is turned; then what is due is called in its order. */
class HandTurned implements Clock {
  #nowMs = 1_000;
  #timers: { readonly atMs: number; readonly callback: () => void }[] = [];

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, callback };
    this.#timers.push(timer);
    return () => (this.#timers = this.#timers.filter((one) => one !== timer));
  }

  turn(byMs: number): void {
    const endMs = this.#nowMs + byMs;
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > endMs) {
        this.#nowMs = endMs;
        return;
      }
      this.#timers = this.#timers.filter((one) => one !== next);
      this.#nowMs = next.atMs;
      next.callback();
    }
  }
}

const canary = (weight: number) =>
  new Configuration([mapping('app'), mapping('app0-canary', { service: 'canary:80', weight })], []);

let clock: HandTurned;
let settings: InstanceSettings;
let outcomes: Outcome[];
let applier: Applier;

beforeEach(() => {
  clock = new HandTurned();
  settings = DEFAULT_SETTINGS;
  outcomes = [];
  applier = new Applier(
    () => settings,
    (outcome) => outcomes.push(outcome),
    clock,
  );
});

function set(change: Partial<InstanceSettings>): void {
  settings = { ...settings, ...change };
  applier.settingsChanged();
}

/** Percent of the canary that is served; undefined: nothing is. */
function served(): number | undefined {
  return (
    applier.applied?.groups[0]?.routes.find(({ mapping: { metadata } }) => metadata.name === 'app0-canary')?.share ??
    (applier.applied && 0)
  );
}

describe('an instance', () => {
  beforeEach(() => applier.offer(canary(10)));

  it('serves the first configuration at once', () => {
    expect(served()).toBe(10);
  });

  it('serves each later one when its lag is over, and not before', () => {
    applier.offer(canary(20));
    clock.turn(150);
    applier.offer(canary(30));
    clock.turn(49);
    expect(served()).toBe(10);
    clock.turn(1);
    expect(served()).toBe(20);
    clock.turn(149);
    expect(served()).toBe(20);
    clock.turn(1);
    expect(served()).toBe(30);
  });

  it('takes a new lag for what it knows already', () => {
    set({ lagMs: 5_000 });
    applier.offer(canary(20));
    clock.turn(1_000);
    expect(served()).toBe(10);
    set({ lagMs: 500 });
    expect(served()).toBe(20);
  });

  it('that is frozen serves what it had, and the newest when it is not any more', () => {
    set({ frozen: true });
    applier.offer(canary(20));
    applier.offer(canary(30));
    clock.turn(10_000);
    expect(served()).toBe(10);
    set({ frozen: false });
    expect(served()).toBe(30);
  });

  it('that is frozen takes no other setting up either', () => {
    set({ frozen: true, refuse: { mapping: 'shop/app0-canary', message: 'no' } });
    expect(served()).toBe(10);
    set({ frozen: false });
    expect(served()).toBe(0);
  });

  it('whose Envoy rejects serves what it had, says why, and goes on when Envoy takes it', () => {
    set({ rejecting: true });
    applier.offer(canary(20));
    clock.turn(200);
    expect(served()).toBe(10);
    expect(outcomes.at(-1)).toEqual({ kept: expect.stringContaining('as it was told') });
    set({ rejecting: false });
    expect(served()).toBe(20);
  });

  it('keeps what it had when a configuration is invalid, until one comes that is not', () => {
    applier.offer(canary(-5));
    clock.turn(200);
    expect(served()).toBe(10);
    expect(outcomes.at(-1)).toEqual({ kept: expect.stringContaining('comes to -5') });
    applier.offer(canary(40));
    clock.turn(200);
    expect(served()).toBe(40);
  });

  it('leaves out a Mapping that it is told to refuse, with an error, and takes it again', () => {
    set({ refuse: { mapping: 'shop/app0-canary', message: 'bad policy' } });
    expect(served()).toBe(0);
    expect(applier.applied?.errors).toEqual([['app0-canary.shop.1', 'bad policy']]);
    set({ refuse: null });
    expect(served()).toBe(10);
    expect(applier.applied?.errors).toEqual([]);
  });

  it('does nothing more once it is stopped', () => {
    applier.offer(canary(20));
    applier.stop();
    clock.turn(1_000);
    expect(served()).toBe(10);
  });
});

describe('an instance that starts with an invalid configuration', () => {
  it('serves nothing, until one comes that is valid', () => {
    applier.offer(canary(-5));
    expect(applier.applied).toBeUndefined();
    applier.offer(canary(10));
    clock.turn(200);
    expect(served()).toBe(10);
  });
});
