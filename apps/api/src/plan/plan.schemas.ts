import { z } from 'zod';
import { warningsSchema } from '../rollouts/rollout.schemas.ts';

const problemSchema = z.object({
  reason: z.string().meta({
    description: 'Reason of the Warning Event with which the run would end',
    examples: ['AmbassadorMappingNotFound'],
  }),
  message: z.string(),
});

const plannedShareSchema = z.object({
  mapping: z.string().meta({ description: 'Name of the stable Mapping' }),
  canary: z.number(),
  stable: z.number(),
});

const plannedStepSchema = z
  .object({
    index: z.int(),
    what: z.string().meta({ examples: ['setWeight 30'] }),
    weightBefore: z.int(),
    weightAfter: z.int(),
    shares: z.array(plannedShareSchema).meta({
      description:
        'Percent of the requests of its route that the gateway would give each Mapping at weightAfter, with all other Mappings and ' +
        'Hosts as they are now. The two are less than 100 together where other Mappings, or nobody, would get the rest',
    }),
    canaryReplicas: z
      .int()
      .nullable()
      .meta({ description: 'Pods that the canary has then; null when the Rollout has no pods of its own' }),
    durationSeconds: z.number().nullable().meta({ description: 'null: no pause, or a pause until promoted' }),
  })
  .meta({ id: 'PlannedStep' });

const plannedWriteSchema = z
  .object({
    verb: z.enum(['APPLY', 'POST', 'PATCH', 'DELETE']),
    fieldManager: z.string(),
    apiVersion: z.string(),
    kind: z.string(),
    namespace: z.string(),
    name: z.string(),
    step: z
      .int()
      .nullable()
      .meta({ description: 'Index of the step that writes it; null before the first and after the last' }),
    body: z.unknown().meta({
      description:
        'What would be sent (a merge patch for PATCH); for APPLY the object as the API server would store it; null for DELETE. ' +
        'Where it says <…>, there is what is known only then',
    }),
  })
  .meta({ id: 'PlannedWrite' });

export const planSchema = z
  .object({
    namespace: z.string(),
    name: z.string(),
    outcome: z.string().meta({
      description: 'How the run would end if nobody interfered and every pause were promoted',
      examples: ['promoted'],
    }),
    message: z.string(),
    steps: z.array(plannedStepSchema),
    writes: z
      .array(plannedWriteSchema)
      .meta({ description: 'In order. Status, annotation and Events of the Rollout are written besides' }),
    warnings: warningsSchema,
    problems: z.array(problemSchema).meta({
      description:
        'What stands in the way of a weight: such a run ends aborted before the first one. A first deploy moves no traffic, ' +
        'and is done all the same. Endpoints are looked at when they are needed, not here',
    }),
  })
  .meta({ id: 'Plan', description: 'What a PUT of this manifest would do' });

export type Plan = z.infer<typeof planSchema>;
export type PlannedShare = z.infer<typeof plannedShareSchema>;
export type PlannedStep = z.infer<typeof plannedStepSchema>;
export type PlannedWrite = z.infer<typeof plannedWriteSchema>;
