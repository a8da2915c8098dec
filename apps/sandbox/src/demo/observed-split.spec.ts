import { describe, expect, it } from '@jest/globals';
import { ObservedSplit } from './observed-split.ts';
import type { RolloutView } from './progress.ts';

const at = (written: number): RolloutView => ({
  weight: { written },
  revisions: [
    { role: 'canary', podTemplateHash: 'new', replicas: 1, available: 1 },
    { role: 'stable', podTemplateHash: 'old', replicas: 3, available: 3 },
  ],
});

/** Answers the counts that are given, and keeps the times that it was asked for. */
function seen(byRevision: Record<string, number>) {
  const asked: unknown[] = [];
  const load = {
    counts: (...times: unknown[]) => {
      asked.push(times);
      return { total: 0, failed: 0, problems: {}, byRevision };
    },
  };
  return { asked, split: new ObservedSplit(load) };
}

describe('the observed split', () => {
  it('is the share of the canary among the answers since the weight is served', () => {
    const { asked, split } = seen({ old: 140, new: 60 });
    split.of(at(30), 10_000);
    expect(split.of(at(30), 15_000)).toBe(30);
    expect(asked.at(-1)).toEqual([11_000, 15_000]);
  });

  it('begins anew at another weight', () => {
    const { asked, split } = seen({ old: 140, new: 60 });
    split.of(at(30), 10_000);
    split.of(at(60), 20_000);
    expect(asked.at(-1)).toEqual([21_000, 20_000]);
  });

  it('is 0 when no canary pod has answered', () => {
    expect(seen({ old: 50 }).split.of(at(0), 0)).toBe(0);
  });

  it.each<[string, Record<string, number>, RolloutView]>([
    ['there are too few answers', { old: 40, new: 9 }, at(30)],
    ['there is no canary', { old: 500 }, { weight: { written: 0 } }],
  ])('is not known while %s', (_, byRevision, view) => {
    expect(seen(byRevision).split.of(view, 0)).toBeUndefined();
  });
});
