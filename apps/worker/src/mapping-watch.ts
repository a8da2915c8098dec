import { mappingsAt, type MappingObject } from '@weir/activities';
import { isKubernetesError, type Change, type KubernetesClient, type watchForever } from '@weir/kubernetes';
import { chooseMappingApi, type MappingApi } from '@weir/mapping';
import type { Logger } from '@weir/platform';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * A cluster without Mappings gets its gateway some day; nothing needs to be watched before there are any. A discovery request
 * so often costs nothing.
 */
export const LOOK_AGAIN_MS = 30_000;
/** The API server could not be asked, or has just taken a version away. */
const RETRY_MS = 1_000;

export interface MappingWatchOptions {
  readonly kubernetes: Pick<KubernetesClient, 'servedApiVersions'>;
  /** `group/version` that the operator insists on. */
  readonly configured?: string | undefined;
  readonly signal: AbortSignal;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** Watches one kind until the signal is aborted. */
  readonly watch: (
    options: Pick<
      Parameters<typeof watchForever<MappingObject>>[1],
      'at' | 'signal' | 'onChange' | 'onListed' | 'onBreak'
    >,
  ) => Promise<void>;
  readonly onChange: (change: Change<MappingObject>) => void;
  readonly onListed: () => void;
  /** The version that was watched is no longer served: what was seen of it says nothing any more. */
  readonly onForgotten: () => void;
  /** A test does not wait. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Watches the Mappings of all namespaces, in the version that the runs use, and in another when that is no longer served. */
export async function watchMappings(options: MappingWatchOptions): Promise<void> {
  const { kubernetes, configured, signal, logger, pause = untilAborted } = options;
  while (!signal.aborted) {
    try {
      const api = chooseMappingApi(await kubernetes.servedApiVersions(), configured);
      if (api === undefined) {
        logger.info({ lookAgainMs: LOOK_AGAIN_MS }, 'the cluster serves no Mappings yet');
        await pause(LOOK_AGAIN_MS, signal);
      } else {
        await watchVersion(options, api);
        options.onForgotten();
        await pause(RETRY_MS, signal); // Discovery may still name the version for a moment.
      }
    } catch (error) {
      if (!signal.aborted) {
        logger.warn({ err: error }, 'the API versions of Mapping cannot be read, trying again');
        await pause(RETRY_MS, signal);
      }
    }
  }
}

/** Until the version is no longer served, or the worker stops. */
async function watchVersion(options: MappingWatchOptions, { apiVersion }: MappingApi): Promise<void> {
  const { signal, logger, watch, onChange, onListed } = options;
  const gone = new AbortController();
  await watch({
    at: mappingsAt(apiVersion),
    signal: AbortSignal.any([signal, gone.signal]),
    onChange,
    onListed,
    onBreak: (error) => {
      logger.warn({ err: error, resource: 'mappings', apiVersion }, 'a watch broke and goes on');
      if (isKubernetesError(error, 'notServed')) {
        gone.abort();
      }
    },
  });
}

async function untilAborted(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
