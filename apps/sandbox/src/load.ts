import { Agent, request as httpRequest } from 'node:http';

export interface LoadOptions {
  /** Base URLs of gateway instances, which get the requests in turn. */
  readonly urls: readonly string[];
  readonly path: string;
  /** All together. */
  readonly requestsPerSecond: number;
}

/** One request that is over. */
export interface Sample {
  readonly url: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** HTTP status; 0: it got no answer. */
  readonly status: number;
  /** Hash of the revision whose pod answered. */
  readonly revision?: string;
  /** What a request that failed was told. */
  readonly problem?: string;
}

/** Requests of a time. */
export interface LoadCounts {
  readonly total: number;
  /** Without an answer, or with a status other than 2xx. */
  readonly failed: number;
  /** Those that a pod answered with 2xx. */
  readonly byRevision: Readonly<Record<string, number>>;
  /** Number of each problem. */
  readonly problems: Readonly<Record<string, number>>;
}

/** A load that is under way. */
export interface Load {
  /** Over since the start. */
  readonly samples: readonly Sample[];
  /** Requests that began at `fromMs` or later and were over before `toMs`; all without either. By `Date.now()`. */
  counts(fromMs?: number, toMs?: number): LoadCounts;
  /** Sends no more, and waits for what is under way. */
  stop(): Promise<void>;
}

/** A gateway that takes longer has failed: pods of the sandbox answer at once, or after a latency that a test sets. */
const REQUEST_TIMEOUT_MS = 10_000;
/** After a moment without the processor, what is late is sent at once; more than this is left out and not made up for. */
const MOST_LATE_MS = 1_000;

/**
 * Sends requests at a constant rate, whether or not the ones before have been answered, over connections that are kept.
 *
 * @throws RangeError without a URL, or with a rate that is not above 0
 */
export function startLoad({ urls, path, requestsPerSecond }: LoadOptions): Load {
  if (urls.length === 0 || !(requestsPerSecond > 0)) {
    throw new RangeError('a load needs one URL or more, and a rate above 0 requests a second');
  }
  const agent = new Agent({ keepAlive: true });
  const samples: Sample[] = [];
  const underWay = new Set<Promise<void>>();
  const intervalMs = 1000 / requestsPerSecond;
  let sent = 0;
  let nextAtMs = performance.now();
  const tick = (): void => {
    const now = performance.now();
    nextAtMs = Math.max(nextAtMs, now - MOST_LATE_MS);
    for (; nextAtMs <= now; nextAtMs += intervalMs) {
      const url = urls[sent % urls.length] ?? '';
      sent += 1;
      const one = send(agent, url, path).then((sample) => {
        samples.push(sample);
        underWay.delete(one);
      });
      underWay.add(one);
    }
  };
  const timer = setInterval(tick, Math.min(intervalMs, 10));
  tick();
  return {
    samples,
    counts: (fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY) =>
      countsOf(samples.filter(({ startedAtMs, endedAtMs }) => startedAtMs >= fromMs && endedAtMs < toMs)),
    stop: async () => {
      clearInterval(timer);
      await Promise.all(underWay);
      agent.destroy();
    },
  };
}

/** Never rejects: a failure is a sample, too. */
function send(agent: Agent, url: string, path: string): Promise<Sample> {
  const startedAtMs = Date.now();
  return new Promise((resolve) => {
    const over = (end: Pick<Sample, 'status' | 'revision' | 'problem'>): void =>
      resolve({ url, startedAtMs, endedAtMs: Date.now(), ...end });
    const failed = ({ message }: Error): void => over({ status: 0, problem: message });
    const request = httpRequest(
      `${url}${path}`,
      { agent, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) },
      (answer) => {
        const { statusCode: status = 0 } = answer;
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => (text += part));
        answer.on('error', failed);
        answer.on('end', () => over({ status, ...contentOf(status, text) }));
      },
    );
    request.on('error', failed);
    request.end();
  });
}

function contentOf(status: number, text: string): Pick<Sample, 'revision' | 'problem'> {
  const { revision, error } = parsed(text);
  const isOk = status >= 200 && status < 300;
  return {
    ...(typeof revision === 'string' && { revision }),
    ...(!isOk && { problem: `${status} ${typeof error === 'string' ? error : text.trim()}`.trim() }),
  };
}

/** An answer that is no JSON is none of a pod's: it has no revision, and its status counts all the same. */
function parsed(text: string): { readonly revision?: unknown; readonly error?: unknown } {
  try {
    return JSON.parse(text) as { revision?: unknown; error?: unknown };
  } catch {
    return {};
  }
}

function countsOf(samples: readonly Sample[]): LoadCounts {
  const byRevision: Record<string, number> = {};
  const problems: Record<string, number> = {};
  let failed = 0;
  for (const { problem, revision } of samples) {
    if (problem !== undefined) {
      failed += 1;
      problems[problem] = (problems[problem] ?? 0) + 1;
    } else if (revision !== undefined) {
      byRevision[revision] = (byRevision[revision] ?? 0) + 1;
    }
  }
  return { total: samples.length, failed, byRevision, problems };
}
