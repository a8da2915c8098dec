import { describe, expect, test } from '@jest/globals';
import type { RolloutEvent } from '@weir/contract';
import { combined } from './combined-events.ts';

const event = (id: number, reason: string, message: string, type: RolloutEvent['type'] = 'Normal'): RolloutEvent => ({
  id: `r/${id}`,
  atMs: id * 100,
  type,
  reason,
  message,
});

describe('Events that are told at once', () => {
  test('of one reason are one, with what each says, how many they are, and the times of the first and the last', () => {
    const events = [
      event(1, 'Weight', '20'),
      event(2, 'Step', '1'),
      event(3, 'Weight', '40'),
      event(4, 'Weight', '60'),
    ];
    expect(combined(events)).toEqual([
      { ...event(4, 'Weight', '20; 40; 60'), firstAtMs: 100, count: 3 },
      event(2, 'Step', '1'),
    ]);
  });

  test('are not one where one is a warning', () => {
    const events = [event(1, 'Weight', '20'), event(2, 'Weight', '40', 'Warning')];
    expect(combined(events)).toEqual(events);
  });

  test('are as many as their text needs', () => {
    const events = Array.from({ length: 30 }, (_, index) => event(index + 1, 'Weight', 'x'.repeat(99)));
    const told = combined(events);
    expect(told.map(({ count }) => count)).toEqual([9, 9, 9, 3]);
    expect(told.every(({ message }) => message.length <= 1_000)).toBe(true);
    expect(new Set(told.map(({ id }) => id)).size).toBe(4);
  });

  test('are none where there are none', () => {
    expect(combined([])).toEqual([]);
  });
});
