import { refuseUnknownMappingApi } from '@weir/mapping';
import { commonSettings, readSettings, settings } from '@weir/platform';

/** Environment of the worker. */
export const workerSettings = {
  ...commonSettings,
  /** Health endpoints, on loopback. 0: any free port, named in the log. */
  WEIR_WORKER_HEALTH_PORT: settings.port(0),
  /** Loopback unless a probe must reach it from outside a container. */
  WEIR_WORKER_HEALTH_HOST: settings.text,
};

export type WorkerSettings = ReturnType<typeof readWorkerSettings>;

/** @throws Error that names every bad variable */
export function readWorkerSettings() {
  const read = readSettings(workerSettings);
  refuseUnknownMappingApi(read.WEIR_MAPPING_API_VERSION);
  return read;
}
