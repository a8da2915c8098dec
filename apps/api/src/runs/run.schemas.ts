import { z } from 'zod';
import { continueSchema, limitSchema } from '../http/parameters.ts';
import { OUTCOMES_IN_WORDS, runSchema } from '../rollouts/rollout.schemas.ts';

export const listedRunSchema = runSchema
  .extend({
    outcome: z
      .string()
      .optional()
      .meta({ description: `${OUTCOMES_IN_WORDS}. Absent where that is not known` }),
    continuedAsNew: z.boolean().meta({ description: 'It went on under another run id, with a fresh history' }),
  })
  .meta({ id: 'ListedRun' });

export const runListSchema = z
  .object({
    items: z.array(listedRunSchema),
    continue: z.string().nullable().meta({ description: 'For the next page; null: this was the last one' }),
  })
  .meta({ id: 'RunList', description: 'Runs, newest first. Temporal keeps closed ones for its retention time' });

export const runEventSchema = z
  .object({
    id: z.int(),
    time: z.string(),
    type: z.string().meta({ description: "Temporal's name of the event type", examples: ['TIMER_STARTED'] }),
    what: z.string().meta({ examples: ['canary weight 30 written'] }),
    who: z.string().meta({
      description: 'The actor of a command, `worker …` or `client …` with its identity, `workflow`, or `temporal`',
    }),
    why: z.string().nullable().meta({ description: 'The reason that was given, or what it was for' }),
    details: z.record(z.string(), z.unknown()).meta({ description: 'Decoded payloads' }),
  })
  .meta({ id: 'RunEvent' });

export const runEventListSchema = z
  .object({
    workflowId: z.string(),
    runId: z.string(),
    temporalUiUrl: z.string().nullable(),
    items: z.array(runEventSchema),
  })
  .meta({
    id: 'RunEventList',
    description:
      'The history of one run. Workflow tasks, search attributes and first starts of activities are left out',
  });

export const runListQuerySchema = z.strictObject({ limit: limitSchema(20, 100), continue: continueSchema });

export type RunListQuery = z.infer<typeof runListQuerySchema>;
export type ListedRun = z.infer<typeof listedRunSchema>;
export type RunList = z.infer<typeof runListSchema>;
export type RunEventList = z.infer<typeof runEventListSchema>;
