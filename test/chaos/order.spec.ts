import { describe, expect, test } from '@jest/globals';
import { batchesOf, shuffled, slice } from './order.ts';
import { ALL_FAULTS, type Case, type Cut, type Fault } from './types.ts';

const SCENARIOS = ['promoted', 'superseded', 'aborted'] as const;
const request: Cut = { kind: 'request', key: 'PATCH.mappings.app0-canary.w30#1', moment: 'before' };
const due: Cut = { kind: 'timer', timer: 'pause#1', moment: 'fired' };

function aCase(scenario: string, point: string, fault: Fault, cut: Cut = request): Case {
  return { id: `${scenario}/${point}/${fault}`, scenario, cut, fault, offsetMs: 0 };
}

const all = SCENARIOS.flatMap((scenario) =>
  ALL_FAULTS.flatMap((fault) => [1, 2, 3].map((number) => aCase(scenario, `request/GET.services#${number}`, fault))),
);
const ids = (cases: readonly Case[]): string[] => cases.map(({ id }) => id);

test('the same seed gives the same order, and another seed another', () => {
  expect(shuffled(all.toReversed(), 1)).toEqual(shuffled(all, 1));
  expect(shuffled(all, 1)).not.toEqual(shuffled(all, 2));
  expect(ids(shuffled(all, 1)).toSorted()).toEqual(ids(all).toSorted());
});

test('when a case is missing, then the order of the others is the same', () => {
  const [missing, ...others] = shuffled(all, 1);
  expect(
    shuffled(
      all.filter((one) => one !== missing),
      1,
    ),
  ).toEqual(others);
});

describe('given a slice', () => {
  test('then it covers every fault and every scenario, and has no case twice', () => {
    const chosen = slice(all, 7, 12);
    expect(new Set(chosen.map(({ fault }) => fault))).toEqual(new Set(ALL_FAULTS));
    expect(new Set(chosen.map(({ scenario }) => scenario))).toEqual(new Set(SCENARIOS));
    expect(new Set(ids(chosen)).size).toBe(12);
  });

  test('then a cut point of another kind is in it, however few there are', () => {
    const timers = [aCase('promoted', 'timer/pause#1/fired', 'kill-temporal', due)];
    expect(ids(slice([...all, ...timers], 3, 12))).toContain('promoted/timer/pause#1/fired/kill-temporal');
  });

  test('when it is larger than what there is to cover, then others fill it', () => {
    expect(new Set(slice(all, 7, 50)).size).toBe(50);
    expect(slice(all, 7, 1_000)).toHaveLength(all.length);
  });
});

describe('given cases of one fault of processes', () => {
  const at = (scenario: string, offsetMs: number, cut: Cut = request): Case => ({
    ...aCase(scenario, `at ${offsetMs}`, 'kill-worker', cut),
    offsetMs,
  });

  test('then those are in a batch that are close to each other in the same scenario, and the order is kept', () => {
    const cases = [
      at('promoted', 900),
      at('aborted', 100),
      at('promoted', 100),
      at('promoted', 200),
      at('aborted', 50),
    ];
    const [late, aborted, early, next, first] = cases;
    expect(batchesOf(cases, 2)).toEqual([[late], [first, aborted], [early, next]]);
  });

  test('then a batch has one at most that cannot wait, and none is lost', () => {
    const cases = [at('promoted', 100, due), at('promoted', 110, due), at('promoted', 120), at('promoted', 130)];
    const batches = batchesOf(cases, 3);
    expect(batches.every((batch) => batch.filter(({ cut }) => cut === due).length <= 1)).toBe(true);
    expect(ids(batches.flat()).toSorted()).toEqual(ids(cases).toSorted());
  });
});
