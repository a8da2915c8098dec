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

export const commandBodySchema = z
  .strictObject(fields, { error: 'must be an object' })
  .meta({ id: 'Command', description: 'Everything is optional, the body too' });

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
    { error: 'must be an object' },
  )
  .meta({ id: 'PromoteCommand', description: 'Everything is optional, the body too' });

export type CommandBody = z.infer<typeof promoteBodySchema>;

export const idempotencyKeySchema = z
  .string({ error: 'must be given once' })
  .min(1, { error: 'must not be empty' })
  .max(200, { error: 'has at most 200 characters' })
  .regex(/^[\x21-\x7e]+$/, { error: 'must be printable ASCII without spaces' })
  .optional()
  .meta({ description: 'A command that the run has taken with this key is not taken again' });

const actorSchema = z
  .object({ name: z.string(), claimed: z.literal(true) })
  .meta({ description: 'claimed: nobody verified it' });

export const commandAnswerSchema = z
  .object({
    accepted: z.union([z.literal(true), z.literal('unknown')]),
    workflowId: z.string(),
    updateId: z.string().optional().meta({ description: 'Of a command that the run answers' }),
    actor: actorSchema,
    stepIndex: z.int().optional(),
    phase: z.string().optional(),
    message: z.string(),
  })
  .meta({ id: 'CommandAnswer' });

export type CommandAnswerView = z.infer<typeof commandAnswerSchema>;
