import { setTimeout as delay } from 'node:timers/promises';
import type { Handler } from './lane.ts';
import type { RequestFault } from './types.ts';

/** The client gives a request up after 4 s (`REQUEST_TIMEOUT_MS`), so that what lands after this is long forgotten. */
const LATE_MS = 10_000;
const RETRY_AFTER_SECONDS = 1;

/** What the proxy does instead of passing a request on. */
export const REQUEST_FAULT_HANDLERS: Readonly<Record<RequestFault, Handler>> = {
  '409': (exchange) => exchange.refuse(409, 'Conflict'),
  '429': (exchange) => exchange.refuse(429, 'TooManyRequests', { 'retry-after': String(RETRY_AFTER_SECONDS) }),
  '500': (exchange) => exchange.refuse(500, 'InternalError'),
  // The harder half of the broken connections: the API server has done it, and nobody was told.
  torn: async (exchange) => {
    await exchange.forward();
    exchange.tear();
  },
  late: async (exchange) => {
    await delay(LATE_MS);
    await exchange.reply(await exchange.forward());
  },
};
