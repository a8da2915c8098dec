import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DefaultLogger, Runtime, type LogEntry } from '@temporalio/worker';
import { createLogger, nestLogger, type Logger } from '@weir/platform';
import { HealthController } from './health.controller.ts';
import { readWorkerSettings } from './settings.ts';
import { WorkerService } from './worker.service.ts';

const settings = readWorkerSettings();
const logger = createLogger('worker', settings.WEIR_LOG_LEVEL);

// Nest handles the signals: the worker must drain before the watch and the connections go.
Runtime.install({ logger: temporalLogger(logger), shutdownSignals: [] });

@Module({
  controllers: [HealthController],
  providers: [{ provide: WorkerService, useFactory: () => new WorkerService(settings, logger) }],
})
class WorkerModule {}

const app = await NestFactory.create<NestFastifyApplication>(WorkerModule, new FastifyAdapter(), {
  logger: nestLogger(logger),
});
app.enableShutdownHooks();
await app.listen(settings.WEIR_WORKER_HEALTH_PORT, settings.WEIR_WORKER_HEALTH_HOST ?? '127.0.0.1');
logger.info({ health: await app.getUrl() }, 'the worker is up');

/** Temporal's own messages as our log lines; its levels are pino's in capitals. */
function temporalLogger(target: Logger): DefaultLogger {
  return new DefaultLogger('INFO', ({ level, message, meta }: LogEntry) => {
    target[level.toLowerCase() as 'trace' | 'debug' | 'info' | 'warn' | 'error']({ ...meta }, message);
  });
}
