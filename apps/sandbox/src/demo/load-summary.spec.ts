import { describe, expect, it } from '@jest/globals';
import { loadSummary } from './load-summary.ts';

describe('the summary of the load', () => {
  it('says who answered how much, by image where it is known', () => {
    const counts = { total: 1300, failed: 0, byRevision: { a1: 1000, b2: 300 }, problems: {} };
    expect(loadSummary(counts, { a1: 'app:1' })).toEqual({
      text: '1,300 requests: 1,000 answered by app:1 (a1), 300 by revision b2, 0 failed.',
    });
  });

  it('names what went wrong when requests failed', () => {
    const counts = {
      total: 10,
      failed: 3,
      byRevision: { a1: 7 },
      problems: { '503 no endpoint': 2, 'socket hang up': 1 },
    };
    expect(loadSummary(counts, {})).toEqual({
      text: '10 requests: 7 answered by revision a1, 3 failed.',
      problem: '3 requests failed: 2 × 503 no endpoint; 1 × socket hang up',
    });
  });
});
