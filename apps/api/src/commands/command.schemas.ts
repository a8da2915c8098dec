import type { CommandName } from '@weir/rollout';
import { z } from 'zod';

const fields = {
  actor: z
    .string({ error: 'must be a name' })
    .min(1, { error: 'must not be empty' })
    .max(200, { error: 'has at most 200 characters' })
    .optional()
    .meta({ description: 'Who gives the command. Not verified, and marked so. Absent: anonymous', examples: ['ada'] }),
  reason: z
    .string({ error: 'must be a text' })
    .max(1_000, { error: 'has at most 1000 characters' })
    .optional()
    .meta({ description: 'Why; it is kept in the history', examples: ['error rate is flat'] }),
};

const expectedStep = z
  .int({ error: 'must be the index of a step' })
  .min(0, { error: 'must be the index of a step' })
  .optional()
  .meta({
    description: '`step.index` that the caller saw; at another step the command is stale and refused',
    examples: [1],
  });

const BODY = 'Everything is optional, the body too';
const NO_OBJECT = { error: 'must be an object' };

export const commandBodySchema = z.strictObject(fields, NO_OBJECT).meta({ id: 'Command', description: BODY });

export const promoteBodySchema = z
  .strictObject(
    {
      ...fields,
      expectedStep,
      full: z
        .boolean({ error: 'must be true or false' })
        .optional()
        .meta({ description: 'To the end, not only to the next step' }),
    },
    NO_OBJECT,
  )
  .meta({ id: 'PromoteCommand', description: BODY });

export const skipBodySchema = z
  .strictObject({ ...fields, expectedStep }, NO_OBJECT)
  .meta({ id: 'SkipCommand', description: BODY });

export const restartBodySchema = z
  .strictObject(
    {
      ...fields,
      at: z.iso
        .datetime({ offset: true, error: 'must be a time of RFC 3339, such as 2026-11-23T10:00:00Z' })
        .optional()
        .meta({ description: 'Pods that are older than this are replaced. Absent: now', format: 'date-time' }),
    },
    NO_OBJECT,
  )
  .meta({ id: 'RestartCommand', description: BODY });

const REVISION_RULE = 'must be the number of a revision, 1 or more';

export const undoBodySchema = z
  .strictObject(
    {
      ...fields,
      toRevision: z
        .int({ error: REVISION_RULE })
        .min(1, { error: REVISION_RULE })
        .optional()
        .meta({ description: '`number` of a revision. Absent: the one before the newest', examples: [3] }),
    },
    NO_OBJECT,
  )
  .meta({ id: 'UndoCommand', description: BODY });

/** The body of each command. */
export const COMMAND_BODIES = {
  promote: promoteBodySchema,
  abort: commandBodySchema,
  retry: commandBodySchema,
  pause: commandBodySchema,
  resume: commandBodySchema,
  skip: skipBodySchema,
  restart: restartBodySchema,
  undo: undoBodySchema,
} as const satisfies Record<CommandName | 'restart' | 'undo', z.ZodType>;

/** Commands to a run, and the two that change the Rollout. */
export type RestCommand = keyof typeof COMMAND_BODIES;

export type CommandBody<Name extends RestCommand> = z.infer<(typeof COMMAND_BODIES)[Name]>;

export const idempotencyKeySchema = z
  .string({ error: 'must be given once' })
  .min(1, { error: 'must not be empty' })
  .max(200, { error: 'has at most 200 characters' })
  .regex(/^[\x21-\x7e]+$/, { error: 'must be printable ASCII without spaces' })
  .optional()
  .meta({ description: 'A command that was taken with this key is not taken again' });

const actorSchema = z
  .object({ name: z.string(), claimed: z.literal(true) })
  .meta({ description: 'claimed: nobody verified it' });

const brakeSchema = z
  .object({
    weight: z.int().meta({ description: 'What was written on the canary Mappings, percent: the highest' }),
    mappings: z.array(z.string()).meta({ description: 'Canary Mappings on which it was written' }),
    note: z.string().optional().meta({ description: 'What was not done, or not at once, and why' }),
  })
  .meta({ description: 'Of abort: what was written before the run was told; null: nothing' });

export type BrakeView = z.infer<typeof brakeSchema>;

export const commandAnswerSchema = z
  .object({
    accepted: z.union([z.literal(true), z.literal('unknown')]),
    workflowId: z.string(),
    updateId: z.string().optional().meta({ description: 'Of a command that the run answers' }),
    actor: actorSchema,
    stepIndex: z.int().optional(),
    phase: z.string().optional(),
    restartAt: z.string().optional().meta({ description: 'Of restart: pods that are older than this are replaced' }),
    brake: brakeSchema.nullable().optional(),
    revision: z.int().optional().meta({ description: 'Of undo: number of the revision whose pod template was taken' }),
    message: z.string(),
  })
  .meta({ id: 'CommandAnswer' });

export type CommandAnswerView = z.infer<typeof commandAnswerSchema>;
