import { describe, expect, test } from '@jest/globals';
import { tellVanished } from './vanished.ts';

describe('open runs when a worker starts', () => {
  test('are told when their Rollout is not in view; one that fails is tried again, and nobody is told twice', async () => {
    const told: string[] = [];
    const failures: unknown[] = [];
    const runs = {
      open: async () => ['known', 'gone', 'also gone'],
      lookAgain: async (id: string) => {
        if (id === 'also gone' && failures.length === 0) {
          throw new Error('Temporal is down');
        }
        told.push(id);
      },
    };
    const { signal } = new AbortController();
    await tellVanished(runs, (id) => id === 'known', { retryMs: 1, signal, failed: (error) => failures.push(error) });
    expect(told).toEqual(['gone', 'also gone']);
    expect(failures).toHaveLength(1);
  });

  test('are left alone when the worker stops meanwhile', async () => {
    const stopping = new AbortController();
    const failures: unknown[] = [];
    const runs = {
      open: async (): Promise<string[]> => {
        stopping.abort();
        throw new Error('the connection was closed');
      },
      lookAgain: async () => undefined,
    };
    const options = { retryMs: 60_000, signal: stopping.signal, failed: (error: unknown) => failures.push(error) };
    await tellVanished(runs, () => false, options);
    expect(failures).toEqual([]);
  });
});
