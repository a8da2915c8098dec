import type { KubernetesObject } from '@weir/kubernetes';
import { RUN_ANNOTATION } from '@weir/rollout';
import { z } from 'zod';

/** A Rollout as the cluster has it. Others may have written it, so what is inside is read with care. */
export interface RolloutObject extends KubernetesObject {
  readonly spec?: unknown;
  readonly status?: unknown;
}

const text = z.string().optional().catch(undefined);
/** A string in Argo's schema. */
const generation = z.coerce.number().int().optional().catch(undefined);
const count = z.int().optional().catch(undefined);

/** Of `status`, what the API shows; a field that is something else than expected counts as absent. */
const statusSchema = z
  .object({
    phase: z.enum(['Healthy', 'Progressing', 'Paused', 'Degraded']).optional().catch(undefined),
    message: text,
    observedGeneration: generation,
    workloadObservedGeneration: generation,
    currentStepIndex: z.int().optional().catch(undefined),
    currentPodHash: text,
    currentStepHash: text,
    stableRS: text,
    restartedAt: text,
    updatedReplicas: count,
    readyReplicas: count,
    availableReplicas: count,
    abort: z.boolean().optional().catch(undefined),
    canary: z
      .object({ weights: z.object({ canary: z.object({ weight: z.int() }) }) })
      .optional()
      .catch(undefined),
    conditions: z.array(z.record(z.string(), z.unknown())).optional().catch(undefined),
  })
  .catch({});

export type ReadStatus = z.infer<typeof statusSchema>;

export function readStatus({ status }: RolloutObject): ReadStatus {
  return statusSchema.parse(status ?? {});
}

/** Whether Weir runs the pods: else somebody else does, and Weir moves traffic only. */
export function hasPods({ spec }: RolloutObject): boolean {
  const { template, workloadRef } = (spec ?? {}) as { readonly template?: unknown; readonly workloadRef?: unknown };
  return template !== undefined || workloadRef !== undefined;
}

/** Of a revision in the note, what the API shows. */
const revisionSchema = z.object({
  hash: z.string(),
  number: z.int(),
  replicas: z.int(),
  pods: z.int(),
  ready: z.int(),
  available: z.int(),
  scaleDownAtMs: z.number().optional(),
});

export type NotedRevision = z.infer<typeof revisionSchema>;

/** The worker's {@link RUN_ANNOTATION}. */
const runNoteSchema = z.object({
  workflowId: text,
  runId: text,
  outcome: text,
  reason: text,
  actor: text,
  weight: z
    .object({ intended: z.int(), written: z.int(), served: z.int().optional().catch(undefined) })
    .optional()
    .catch(undefined),
  served: z
    .object({ state: z.enum(['served', 'notServed', 'unknown', 'waived']), message: z.string() })
    .optional()
    .catch(undefined),
  pause: z.object({ startedAt: z.string(), deadline: z.string().optional() }).optional().catch(undefined),
  held: z.object({ actor: z.string(), reason: z.string().optional() }).optional().catch(undefined),
  revisions: z.array(revisionSchema).optional().catch(undefined),
});

export type RunNote = z.infer<typeof runNoteSchema>;

/** What the worker noted about the newest run; nothing when there is no note, or it is not the worker's. */
export function readRunNote({ metadata }: RolloutObject): Partial<RunNote> {
  try {
    return runNoteSchema.parse(JSON.parse(metadata.annotations?.[RUN_ANNOTATION] ?? '{}'));
  } catch {
    return {};
  }
}
