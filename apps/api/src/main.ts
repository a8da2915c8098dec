import { KubernetesClient } from '@weir/kubernetes';
import { createLogger } from '@weir/platform';
import { RolloutRuns, createTemporalClient } from '@weir/temporal';
import { readApiSettings } from './app/settings.ts';
import { createServer } from './app/server.ts';
import { TrafficWatch } from './brake/traffic-watch.ts';
import { briefRetries } from './temporal/retries.ts';
import { RunGateway } from './temporal/run-gateway.ts';

/** Neither Kubernetes nor Temporal is waited for here: the API starts while they are down. */
async function main(): Promise<void> {
  const settings = readApiSettings();
  const logger = createLogger('api', settings.WEIR_LOG_LEVEL);
  const { client, connection } = createTemporalClient({ interceptors: [briefRetries()] });
  const runs = new RunGateway(client, new RolloutRuns(client, settings.WEIR_TASK_QUEUE));
  const app = await createServer({ settings, logger, kubernetes: KubernetesClient.fromEnvironment(), runs });
  app.get(TrafficWatch).start();
  await app.listen({ host: settings.WEIR_API_HOST, port: settings.WEIR_API_PORT });
  logger.info({ address: await app.getUrl() }, 'the API listens');

  const stop = (signal: NodeJS.Signals): void => {
    logger.info({ signal }, 'the API stops');
    app
      .close()
      .then(() => connection.close())
      .catch((error: unknown) => logger.error({ err: error }, 'the API did not stop cleanly'))
      .finally(() => process.exit());
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
