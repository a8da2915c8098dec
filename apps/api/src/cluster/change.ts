import type { KubernetesObject } from '@weir/kubernetes';
import { CHANGE_ANNOTATION } from '@weir/rollout';
import { z } from 'zod';

const changeSchema = z.object({
  command: z.enum(['restart', 'undo']),
  actor: z.string(),
  reason: z.string().optional(),
  at: z.string(),
  key: z.string().optional(),
  restartAt: z.string().optional(),
  revision: z.int().optional(),
});

/**
 * Who changed a Rollout's spec by a command, and why: {@link CHANGE_ANNOTATION}, written in the same request as the change.
 * `at` is RFC 3339, `key` the command's own idempotency key, `restartAt` and `revision` what the command came to.
 */
export type Change = z.infer<typeof changeSchema>;

/** The last change that was noted; undefined when there was none, or the note is not ours. */
export function readChange({ metadata }: KubernetesObject): Change | undefined {
  const text = metadata.annotations?.[CHANGE_ANNOTATION];
  try {
    return text === undefined ? undefined : changeSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** The annotation as it is written. */
export function noted(change: Change): Readonly<Record<string, string>> {
  return { [CHANGE_ANNOTATION]: JSON.stringify(change) };
}
