/** Requests that an API server has answered since it started, by client and by what was asked; from its own metrics. */
export interface RequestCounts {
  /** By FlowSchema. A watch counts once, when it begins. */
  readonly bySchema: ReadonlyMap<string, number>;
  /** By `PATCH mappings`, `PATCH rollouts/status`, whoever asked; watches left out. */
  readonly byKind: ReadonlyMap<string, number>;
}

const DISPATCHED = 'apiserver_flowcontrol_dispatched_requests_total';
const ANSWERED = 'apiserver_request_total';
/** Of these the metric counts the end, which may be long after what is measured. */
const LASTING = ['WATCH', 'CONNECT'];

/** @param metrics - what `/metrics` of an API server answers: Prometheus' text format */
export function countsIn(metrics: string): RequestCounts {
  const bySchema = new Map<string, number>();
  const byKind = new Map<string, number>();
  for (const line of metrics.split('\n')) {
    if (line.startsWith(`${DISPATCHED}{`)) {
      add(bySchema, label(line, 'flow_schema'), valueOf(line));
    } else if (line.startsWith(`${ANSWERED}{`) && !LASTING.includes(label(line, 'verb'))) {
      const subresource = label(line, 'subresource');
      const kind = `${label(line, 'resource')}${subresource === '' ? '' : `/${subresource}`}`;
      add(byKind, `${label(line, 'verb')} ${kind}`, valueOf(line));
    }
  }
  return { bySchema, byKind };
}

/** What has come since; what has not grown is left out. */
export function growth(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): Map<string, number> {
  const grown = [...after].map(([key, value]) => [key, value - (before.get(key) ?? 0)] as const);
  return new Map(grown.filter(([, value]) => value > 0));
}

function add(counts: Map<string, number>, key: string, value: number): void {
  counts.set(key, (counts.get(key) ?? 0) + value);
}

function label(line: string, name: string): string {
  return new RegExp(`[{,]${name}="([^"]*)"`).exec(line)?.[1] ?? '';
}

function valueOf(line: string): number {
  return Number(line.slice(line.lastIndexOf(' ') + 1));
}
