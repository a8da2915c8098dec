import type { Outcome } from '@weir/rollout';
import { z } from 'zod';
import { continueSchema, flagSchema, limitSchema, namespaceSchema } from '../http/parameters.ts';

export const PHASES = ['Healthy', 'Progressing', 'Paused', 'Degraded'] as const;
export const REVISION_ROLES = ['stable', 'canary', 'old'] as const;

const OUTCOMES = {
  promoted: true,
  fastPromoted: true,
  aborted: true,
  superseded: true,
  rolledBack: true,
  deleted: true,
  nothingToDo: true,
} as const satisfies Record<Outcome, true>;

/** Of the field `outcome`, wherever it is. A text and not an enumeration: an older note may have another. */
export const OUTCOMES_IN_WORDS = `How the last run ended: ${Object.keys(OUTCOMES).join(', ')}`;

const at = z.iso.datetime().meta({ description: 'RFC 3339, UTC' });

const stepSchema = z.object({
  index: z.int().meta({ description: '0-based; as many as there are steps when all are done' }),
  count: z.int(),
  description: z.string().nullable().meta({ description: 'The step in words; null when all steps are done' }),
});

const weightSchema = z
  .object({
    intended: z.int().meta({ description: 'What the run is going to write, or has written' }),
    written: z.int().meta({ description: 'What the canary Mappings say' }),
    served: z.int().nullable().meta({
      description:
        "What the gateway's instances say, of the one that is furthest from it; null: not asked, or not known",
    }),
  })
  .meta({ description: 'Percent of the traffic that the canary Mappings take' });

const servedSchema = z
  .object({
    state: z.enum(['served', 'notServed', 'unknown', 'waived']).meta({
      description:
        'Of the weight that was written last. unknown: an instance could not be asked; waived: somebody went on without it',
    }),
    message: z.string().meta({ description: 'Which instance serves what, where it is not the weight' }),
  })
  .meta({ description: 'What the gateway said last; null: it was not asked' });

const pauseSchema = z
  .object({
    startedAt: at,
    deadline: at.nullable().meta({ description: 'null: until promoted' }),
    remainingSeconds: z.number().nullable(),
  })
  .meta({ description: 'The pause under way' });

const heldSchema = z
  .object({ actor: z.string(), reason: z.string().nullable() })
  .meta({ description: 'Held by the command pause' });

const replicasSchema = z
  .object({
    desired: z.int().meta({ description: '`spec.replicas`' }),
    updated: z.int().meta({ description: 'Of the revision that is wanted' }),
    ready: z.int().meta({ description: 'Of all revisions' }),
    available: z.int().meta({ description: 'Of all revisions: ready for `minReadySeconds`' }),
  })
  .meta({ description: 'Pods; null when the Rollout has none of its own (traffic only)' });

const revisionSchema = z
  .object({
    podTemplateHash: z.string().meta({ description: 'Label `rollouts-pod-template-hash` of its pods' }),
    number: z.int().meta({ description: 'What undo takes as `toRevision`' }),
    role: z
      .enum(REVISION_ROLES)
      .meta({ description: 'stable has the traffic, canary is being tried or deployed, old is neither' }),
    replicas: z.int().meta({ description: 'Pods that it is to have' }),
    pods: z.int().meta({ description: 'Pods that it has' }),
    ready: z.int(),
    available: z.int(),
    scaleDownAt: at.optional().meta({ description: 'It keeps its pods until then' }),
  })
  .meta({ id: 'Revision' });

const warningSchema = z.object({ path: z.string(), message: z.string() });

/** Of a PUT. */
export const warningsSchema = z
  .array(warningSchema)
  .optional()
  .meta({ description: 'Of a PUT: fields of the manifest that were left out on purpose' });

const changeSchema = z
  .object({
    command: z.enum(['restart', 'undo']),
    actor: z.string().meta({ description: 'Not verified' }),
    reason: z.string().nullable(),
    at,
  })
  .meta({ description: 'The last change of the spec by a command' });

export const runSchema = z
  .object({
    workflowId: z.string(),
    runId: z.string(),
    status: z.string().meta({ description: "Temporal's: RUNNING, COMPLETED, FAILED, CANCELLED, TERMINATED, …" }),
    startedAt: at,
    closedAt: at.nullable(),
    temporalUiUrl: z.string().nullable().meta({ description: 'null when the API was not told where the UI is' }),
  })
  .meta({ id: 'Run', description: 'The newest run of the Rollout' });

export const rolloutSummarySchema = z
  .object({
    namespace: z.string(),
    name: z.string(),
    uid: z.string(),
    generation: z.int(),
    deleting: z.boolean(),
    phase: z.enum(PHASES),
    message: z.string(),
    step: stepSchema,
    weight: weightSchema,
    served: servedSchema.nullable(),
    replicas: replicasSchema.nullable(),
    revisions: z
      .array(revisionSchema)
      .nullable()
      .meta({ description: 'Newest first, as the last run noted them; null when the Rollout has no pods of its own' }),
    pause: pauseSchema.nullable(),
    held: heldSchema.nullable(),
    outcome: z.string().nullable().meta({ description: OUTCOMES_IN_WORDS }),
    reason: z.string().nullable(),
  })
  .meta({ id: 'RolloutSummary', description: 'Where a Rollout stands' });

export const rolloutViewSchema = rolloutSummarySchema
  .extend({
    change: changeSchema.nullable(),
    conditions: z.array(z.record(z.string(), z.unknown())).meta({ description: 'status.conditions of the Rollout' }),
    run: runSchema.nullable(),
    runUnavailable: z.literal(true).optional().meta({ description: 'Temporal could not be asked for the run' }),
    warnings: warningsSchema,
    manifest: z
      .object({
        apiVersion: z.string(),
        kind: z.string(),
        metadata: z.object({
          name: z.string(),
          namespace: z.string(),
          labels: z.record(z.string(), z.string()),
          annotations: z.record(z.string(), z.string()),
        }),
        spec: z.unknown(),
      })
      .meta({ description: 'What is stored' }),
  })
  .meta({ id: 'Rollout', description: 'A Rollout, where it stands, and its newest run' });

export const rolloutListSchema = z
  .object({
    items: z.array(rolloutSummarySchema),
    continue: z.string().nullable().meta({ description: 'For the next page; null: this was the last one' }),
  })
  .meta({ id: 'RolloutList' });

export const deletionSchema = z
  .object({
    namespace: z.string(),
    name: z.string(),
    uid: z.string(),
    deleted: z.boolean().meta({ description: 'false: the run cleans up first, then the Rollout goes' }),
    message: z.string(),
  })
  .meta({ id: 'Deletion' });

export const putQuerySchema = z.strictObject({
  dryRun: flagSchema('Stores nothing and answers the plan'),
  force: flagSchema('Takes fields over that other field managers own'),
  adopt: flagSchema(
    'Takes over canary Mappings that an Argo controller left on the same routes: weight 0, then deleted',
  ),
});

export const listQuerySchema = z.strictObject({
  namespace: namespaceSchema.optional(),
  phase: z
    .enum(PHASES, { error: `must be one of ${PHASES.join(', ')}` })
    .optional()
    .meta({ description: 'Only those in this phase' }),
  limit: limitSchema(100, 500),
  continue: continueSchema,
});

export type PutQuery = z.infer<typeof putQuerySchema>;
export type ListQuery = z.infer<typeof listQuerySchema>;
export type RevisionView = z.infer<typeof revisionSchema>;
export type RolloutSummary = z.infer<typeof rolloutSummarySchema>;
export type RolloutView = z.infer<typeof rolloutViewSchema>;
export type RunView = z.infer<typeof runSchema>;
export type RolloutList = z.infer<typeof rolloutListSchema>;
export type Deletion = z.infer<typeof deletionSchema>;
export type Phase = (typeof PHASES)[number];
