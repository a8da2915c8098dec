import { describe, expect, test } from '@jest/globals';
import type { Figure, SideName } from './figures.ts';
import { rowsOf, tableOf } from './table.ts';

const figure = (side: SideName, p50: number, p99: number, more: Partial<Figure> = {}): Figure => ({
  ...{ what: 'update to the end', when: '1 at once', side, unit: 'ms', n: 10, p50, p99, max: p99 },
  ...more,
});
const bare = { n: 9, p50: 10, p99: 40, max: 40 };

describe('the table', () => {
  test('given a figure of each side, then they are one row, with what Weir needs as a multiple of the others', () => {
    const [row, ...others] = rowsOf([
      figure('weir', 50, 80, { bare }),
      figure('argo', 500, 400, { bare: { ...bare, p50: 20 } }),
      figure('argoTuned', 100, 160),
    ]);
    expect(others).toEqual([]);
    expect(row).toMatchObject({
      toPeer: { argo: { p50: 0.1, p99: 0.2 }, argoTuned: { p50: 0.5, p99: 0.5 } },
      toBarePatch: { weir: { p50: 5, p99: 2 }, argo: { p50: 25, p99: 10 } },
    });
  });

  test('given Weir alone, then the cells of the others are empty', () => {
    expect(
      tableOf(rowsOf([figure('weir', 50, 180, { bare })]))
        .split('\n')
        .at(-1),
    ).toBe('| update to the end | 1 at once | ms | 50.0 / 180 |  |  |  |  | 5.0 / 4.5 |');
  });

  test('given something that was counted once, then it has no p99, and no ratio to a bare PATCH', () => {
    const requests = { unit: 'requests', n: 1, bare } as const;
    const rows = rowsOf([figure('weir', 20, 20, requests), figure('argo', 80, 80, requests)]);
    expect(tableOf(rows).split('\n').at(-1)).toBe(
      '| update to the end | 1 at once | requests | 20.0 | 80.0 |  | 0.25 |  |  |',
    );
  });
});
