/**
 * Envoy's own buckets of a histogram in milliseconds, but for the longest ones: no request through the double takes minutes.
 */
const BUCKETS_MS = [0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000] as const;

interface ClusterCounters {
  readonly byClass: Map<string, number>;
  /** Requests that took up to so long; not cumulative. */
  readonly times: number[];
  timeSumMs: number;
  timeCount: number;
}

/**
 * Counters of requests by Envoy cluster, as Emissary's `/metrics` shows them (facts/mapping.md 4): cumulative since the
 * start, and gone with the last Mapping of a cluster.
 */
export class ClusterMetrics {
  #clusters = new Map<string, ClusterCounters>();

  /** The clusters that there are now; counters of others go. */
  keep(names: Iterable<string>): void {
    this.#clusters = new Map([...new Set(names)].map((name) => [name, this.#clusters.get(name) ?? newCounters()]));
  }

  /** @param tookMs - undefined when no endpoint was reached: Envoy counts such a request by its status only */
  record(name: string, status: number, tookMs?: number): void {
    // Answered by a cluster that the configuration has lost since: Envoy has dropped its counters, too.
    const counters = this.#clusters.get(name);
    if (counters === undefined) {
      return;
    }
    const statusClass = String(Math.floor(status / 100));
    counters.byClass.set(statusClass, (counters.byClass.get(statusClass) ?? 0) + 1);
    if (tookMs === undefined) {
      return;
    }
    const bucket = BUCKETS_MS.findIndex((limitMs) => tookMs <= limitMs);
    const index = bucket === -1 ? BUCKETS_MS.length : bucket;
    counters.times[index] = (counters.times[index] ?? 0) + 1;
    counters.timeSumMs += tookMs;
    counters.timeCount += 1;
  }

  /** In Prometheus' text format. */
  render(): string {
    const clusters = [...this.#clusters].map(([name, counters]) => ({ name: labelValue(name), counters }));
    const lines = [
      '# TYPE envoy_cluster_upstream_rq_total counter',
      ...clusters.map(
        ({ name, counters }) => `envoy_cluster_upstream_rq_total{envoy_cluster_name="${name}"} ${counters.timeCount}`,
      ),
      '# TYPE envoy_cluster_upstream_rq_xx counter',
      ...clusters.flatMap(({ name, counters }) =>
        [...counters.byClass].map(
          ([statusClass, count]) =>
            `envoy_cluster_upstream_rq_xx{envoy_response_code_class="${statusClass}",envoy_cluster_name="${name}"} ${count}`,
        ),
      ),
      '# TYPE envoy_cluster_upstream_rq_time histogram',
      ...clusters.flatMap(({ name, counters }) => histogramLines(name, counters)),
    ];
    return `${lines.join('\n')}\n`;
  }
}

function newCounters(): ClusterCounters {
  return { byClass: new Map(), times: [], timeSumMs: 0, timeCount: 0 };
}

function histogramLines(name: string, { times, timeSumMs, timeCount }: ClusterCounters): string[] {
  const metric = 'envoy_cluster_upstream_rq_time';
  let upTo = 0;
  return [
    ...BUCKETS_MS.map((limitMs, index) => {
      upTo += times[index] ?? 0;
      return `${metric}_bucket{envoy_cluster_name="${name}",le="${limitMs}"} ${upTo}`;
    }),
    `${metric}_bucket{envoy_cluster_name="${name}",le="+Inf"} ${timeCount}`,
    `${metric}_sum{envoy_cluster_name="${name}"} ${timeSumMs}`,
    `${metric}_count{envoy_cluster_name="${name}"} ${timeCount}`,
  ];
}

function labelValue(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
