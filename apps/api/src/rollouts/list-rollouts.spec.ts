import { describe, expect, test } from '@jest/globals';
import type { RolloutObject } from '../cluster/rollout-object.ts';
import { aRollout } from '../testing/builders.ts';
import { listRollouts, type FetchPage } from './list-rollouts.ts';
import { rolloutSummary } from './rollout-view.ts';
import type { ListPosition } from './list-token.ts';

/** r00, r01, …: every third is Paused, the others are Healthy. */
function cluster(count: number): RolloutObject[] {
  return Array.from({ length: count }, (_, index) =>
    aRollout({
      name: `r${String(index).padStart(2, '0')}`,
      status: { phase: index % 3 === 0 ? 'Paused' : 'Healthy', observedGeneration: '1' },
    }),
  );
}

/** Kubernetes' list, in pages of at most `most`; its token is the index where the next page begins. */
function paged(objects: readonly RolloutObject[], most: number): FetchPage {
  return (limit, token) => {
    const from = Number(token ?? 0);
    const to = from + Math.min(limit, most);
    const metadata = to < objects.length ? { continue: String(to) } : {};
    return Promise.resolve({ metadata, items: objects.slice(from, to) });
  };
}

async function pages(fetchPage: FetchPage, limit: number, phase?: 'Paused'): Promise<string[]> {
  const found: string[] = [];
  let from: ListPosition | undefined = {};
  while (from !== undefined) {
    const page: Awaited<ReturnType<typeof listRollouts>> = await listRollouts(
      { limit, phase, from },
      fetchPage,
      (one) => rolloutSummary(one, 0),
    );
    found.push(page.items.map(({ name }) => name).join(' '));
    from = page.next;
  }
  return found;
}

describe('a list of Rollouts', () => {
  test('without a filter goes on where the page of Kubernetes ended', async () => {
    expect(await pages(paged(cluster(5), 100), 2)).toEqual(['r00 r01', 'r02 r03', 'r04']);
  });

  test('is empty when there are none', async () => {
    expect(await pages(paged([], 100), 2)).toEqual(['']);
  });

  test.each([1, 2, 3, 4, 5, 7, 100])('by phase tells each one once, with pages of Kubernetes of %i', async (most) => {
    expect(await pages(paged(cluster(13), most), 2, 'Paused')).toEqual(['r00 r03', 'r06 r09', 'r12']);
  });

  test('by phase is not thrown off by a Rollout that goes between two pages', async () => {
    const first = await listRollouts({ limit: 2, phase: 'Paused', from: {} }, paged(cluster(13), 100), (one) =>
      rolloutSummary(one, 0),
    );
    const rest = cluster(13).filter(({ metadata }) => metadata.name !== 'r00');
    const second = await listRollouts({ limit: 2, phase: 'Paused', from: first.next ?? {} }, paged(rest, 100), (one) =>
      rolloutSummary(one, 0),
    );
    expect(second.items.map(({ name }) => name)).toEqual(['r06', 'r09']);
  });
});
