import type { LoggerService } from '@nestjs/common';
import { pino, type Logger } from 'pino';

export type { Logger } from 'pino';

/** JSON lines on stdout: a constant message and fields. */
export function createLogger(name: string, level: string): Logger {
  return pino({ name, level });
}

/** Nest's own messages, through the same logger. */
export function nestLogger(logger: Logger): LoggerService {
  const fields = (context: unknown[]): object => ({ context: context.filter((one) => typeof one === 'string').at(-1) });
  return {
    log: (message: unknown, ...context: unknown[]) => logger.debug(fields(context), String(message)),
    warn: (message: unknown, ...context: unknown[]) => logger.warn(fields(context), String(message)),
    error: (message: unknown, ...context: unknown[]) => logger.error({ detail: context }, String(message)),
  };
}
