import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import type { KeyPairFiles } from './pki.ts';
import type { Supervised } from './supervisor.ts';

/** Short, because every server is waited for, and the sum is what a person waits. */
const POLL_MS = 50;
/** A health endpoint that takes longer is not healthy. */
const PROBE_TIMEOUT_MS = 2000;
const LOG_LINES_IN_ERROR = 15;
/** Servers log whole requests in a line. */
const LOG_LINE_LENGTH = 300;

/** A process that ended, or was not ready in time; the message ends with the last lines of its log. */
export class NotReadyError extends Error {
  override readonly name = 'NotReadyError';
  /** Whether its log says that a port of its own was taken. */
  readonly portTaken: boolean;

  constructor(process: Supervised, what: string) {
    const lines = process.logTail(LOG_LINES_IN_ERROR).split('\n');
    const tail = lines.map((line) => line.slice(0, LOG_LINE_LENGTH)).join('\n');
    super(`${process.name} ${what}. The end of its log, ${process.logFile}:\n${tail}`);
    this.portTaken = /address already in use|EADDRINUSE/.test(tail);
  }
}

/**
 * Waits until `isReady` answers true; an answer that throws counts as not yet.
 *
 * @throws {NotReadyError} when the process ends first, or is not ready within `timeoutMs`.
 * @throws the reason of `signal` when it aborts.
 */
export async function waitUntilReady(
  process: Supervised,
  isReady: () => Promise<boolean>,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    if (process.ended !== undefined) {
      throw new NotReadyError(process, `ended before it was ready (${process.ended})`);
    }
    if (await isReady().catch(() => false)) {
      return;
    }
    if (Date.now() > deadline) {
      throw new NotReadyError(process, `was not ready within ${timeoutMs / 1000} s`);
    }
    await delay(POLL_MS);
  }
}

/** Whether `url` answers 200; with `https:` the authority and the client certificate are needed. */
export function answersOk(
  url: string,
  tls?: { readonly ca: string; readonly client?: KeyPairFiles },
): Promise<boolean> {
  const credentials = tls && {
    ca: readFileSync(tls.ca),
    ...(tls.client && { cert: readFileSync(tls.client.certificate), key: readFileSync(tls.client.key) }),
  };
  const options = { ...credentials, agent: false, timeout: PROBE_TIMEOUT_MS } as const;
  return new Promise((resolve) => {
    const request = (url.startsWith('https:') ? httpsRequest : httpRequest)(url, options, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
    request.end();
  });
}
