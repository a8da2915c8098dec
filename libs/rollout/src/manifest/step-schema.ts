import { z } from 'zod';
import { parsePauseDurationMs } from '../duration.ts';
import { integer } from './fields.ts';

const duration = z
  .union([z.int(), z.string()], { error: 'must be whole seconds (60, "60") or a duration ("60s", "1h30m")' })
  .refine((value) => parsePauseDurationMs(value) !== undefined, {
    error:
      'must be at least 1 s: whole seconds (60, "60") or a duration ("60s", "1h30m"); leave it out to pause until promoted',
  })
  .meta({ description: 'Whole seconds, or a duration such as 1h30m. Absent: until promoted.', examples: ['60s'] });

const pause = z
  .strictObject({ duration: duration.optional() }, { error: 'must be {} or {duration: …}' })
  .meta({ description: 'Holds the weight for a time, or until promoted' });

const WEIGHT_RULE = 'must be an integer from 0 to 100';
const weight = z.int({ error: WEIGHT_RULE }).min(0, { error: WEIGHT_RULE }).max(100, { error: WEIGHT_RULE });

const SCALE_RULE = 'must have exactly one of replicas, weight, matchTrafficWeight';

const setCanaryScale = z
  .strictObject(
    {
      replicas: integer('pods').optional().meta({ description: 'Pods' }),
      weight: weight.optional().meta({ description: 'Percent of spec.replicas' }),
      matchTrafficWeight: z
        .literal(true, { error: 'must be true, or absent' })
        .optional()
        .meta({ description: 'Pods follow the weight again' }),
    },
    { error: SCALE_RULE },
  )
  .superRefine((value, context) => exactlyOne(value, SCALE_RULE, context))
  .meta({ description: 'Sizes the canary apart from its weight, until the next setCanaryScale. Needs pods.' });

export const step = z
  .strictObject(
    {
      setWeight: weight.optional().meta({ description: 'Percent of the traffic that the canary takes' }),
      pause: pause.optional(),
      setCanaryScale: setCanaryScale.optional(),
    },
    { error: 'must be a step: setWeight, pause or setCanaryScale' },
  )
  .superRefine((value, context) =>
    exactlyOne(value, 'must have exactly one of setWeight, pause, setCanaryScale', context),
  );

export type CheckedStep = z.infer<typeof step>;

function exactlyOne(value: object, rule: string, context: z.RefinementCtx): void {
  const given = Object.keys(value);
  if (given.length !== 1) {
    const message = `${rule}; it has ${given.length === 0 ? 'none' : given.join(' and ')}`;
    context.addIssue({ code: 'custom', message });
  }
}
