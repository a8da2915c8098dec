import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';

/** Longer than the dev server's 24 h: a rollout of last week can still be looked at. */
const RETENTION_MS = 30 * 24 * 60 * 60 * 1000;
/** One attempt of many while the server starts. */
const ATTEMPT_TIMEOUT_MS = 2000;

/**
 * Whether the server has the namespace; sets how long its closed runs are kept.
 *
 * @throws when the server does not answer yet.
 */
export async function prepareTemporal(address: string, namespace: string): Promise<boolean> {
  const connection = Connection.lazy({ address });
  try {
    await connection.withDeadline(Date.now() + ATTEMPT_TIMEOUT_MS, () =>
      connection.workflowService.updateNamespace({
        namespace,
        config: { workflowExecutionRetentionTtl: msToTs(RETENTION_MS) },
      }),
    );
    return true;
  } finally {
    await connection.close();
  }
}
