import { setTimeout as delay } from 'node:timers/promises';
import { TIMER_LEAD_MS } from './breakpoint.ts';
import type { Stage } from './stage.ts';
import type { ProcessFault } from './types.ts';

/** How long the API server is away: longer than a request may take (4 s), so that every client has given up once. */
const API_AWAY_MS = 5_000;
/** A process that was killed is away for so long at least: a timer that was about to fire fires meanwhile. */
const KILLED_MS = TIMER_LEAD_MS + 500;

/** A fault of processes: strikes, and is mended. */
export interface Outage {
  /** Returns when it is in force. */
  strike(): Promise<void>;
  /** Returns when what is needed to mend it was done; what was started may not be ready yet. */
  mend(): Promise<void>;
}

export function outageOf(kind: ProcessFault, stage: Stage): Outage {
  const { processes, proxies } = stage;
  const worker = stage.workers[0];
  switch (kind) {
    case 'kill-worker':
      return {
        strike: async () => worker?.kill(),
        mend: async () => {
          await delay(KILLED_MS);
          await worker?.start();
        },
      };
    case 'kill-temporal':
      return {
        strike: () => processes.kill('temporal'),
        mend: async () => {
          await delay(KILLED_MS);
          await processes.start('temporal');
        },
      };
    case 'api-down':
      // What workers and API meet when it is killed: broken connections, and then none. The server itself goes on, so that
      // what was written can be watched from elsewhere without a gap.
      return {
        strike: async () => void (await Promise.all(proxies.map((proxy) => proxy.refuseAll()))),
        mend: async () => {
          await delay(API_AWAY_MS);
          await Promise.all(proxies.map((proxy) => proxy.acceptAgain()));
        },
      };
  }
}
