import type { LoadCounts } from '../load.ts';

/** What became of the load, for people. */
export interface LoadSummary {
  readonly text: string;
  /** Present when requests failed. */
  readonly problem?: string;
}

/**
 * `1,234 requests: 800 answered by someapp:1.0.0 (6f9c…), 434 by someapp:2.0.0 (7d3b…), 0 failed.`
 *
 * @param images - by hash of a revision
 */
export function loadSummary(counts: LoadCounts, images: Readonly<Record<string, string>>): LoadSummary {
  const answered = Object.entries(counts.byRevision).map(
    ([revision, count], index) =>
      `${number(count)} ${index === 0 ? 'answered ' : ''}by ${nameOf(revision, images[revision])}`,
  );
  const parts = [...answered, `${number(counts.failed)} failed`];
  const causes = Object.entries(counts.problems).map(([problem, count]) => `${number(count)} × ${problem}`);
  return {
    text: `${number(counts.total)} requests: ${parts.join(', ')}.`,
    ...(counts.failed > 0 && { problem: `${number(counts.failed)} requests failed: ${causes.join('; ')}` }),
  };
}

function nameOf(revision: string, image: string | undefined): string {
  return image === undefined ? `revision ${revision}` : `${image} (${revision})`;
}

function number(value: number): string {
  return value.toLocaleString('en');
}
