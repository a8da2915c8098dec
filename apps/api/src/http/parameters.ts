import { z } from 'zod';

const NAMESPACE = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

export const namespaceSchema = z
  .string({ error: 'must be given once' })
  .max(63, { error: 'a namespace has at most 63 characters' })
  .regex(NAMESPACE, { error: 'must be a namespace: a-z, 0-9 and -' })
  .meta({ description: 'Kubernetes namespace', examples: ['default'] });

const nameSchema = z
  .string({ error: 'must be given once' })
  .max(253, { error: 'a name has at most 253 characters' })
  .regex(NAME, { error: 'must be the name of a Rollout: a-z, 0-9, - and .' })
  .meta({ description: 'Name of the Rollout', examples: ['someapp'] });

/** The path parameters that name a Rollout. */
export const rolloutKeySchema = z.strictObject({ namespace: namespaceSchema, name: nameSchema });
export type RolloutKey = z.infer<typeof rolloutKeySchema>;

/** Temporal's run ids are UUIDs; another text is no run that could be found. */
export const RUN_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export const runKeySchema = rolloutKeySchema.extend({
  runId: z
    .string()
    .meta({ description: "Temporal's id of the run", examples: ['0f4bd2d3-7a0e-4f0f-8a8b-2b1d6f2f7c11'] }),
});
export type RunKey = z.infer<typeof runKeySchema>;

/** A query parameter that is `true` or `false`; absent: false. */
export function flagSchema(description: string) {
  return z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .default('false')
    .transform((value) => value === 'true')
    .meta({ description });
}

/** `limit` of a list. */
export function limitSchema(fallback: number, max: number) {
  const error = `must be a number from 1 to ${max}`;
  return z.coerce
    .number({ error })
    .int({ error })
    .min(1, { error })
    .max(max, { error })
    .default(fallback)
    .meta({ description: `How many at most: 1 to ${max}` });
}

/** `continue` of a list. */
export const continueSchema = z
  .string({ error: 'must be given once' })
  .min(1, { error: 'must be the continue of the page before' })
  .max(4_096, { error: 'is too long to be the continue of the page before' })
  .optional()
  .meta({ description: 'The `continue` of the page before, as it was given' });

export const noQuerySchema = z.strictObject({});
