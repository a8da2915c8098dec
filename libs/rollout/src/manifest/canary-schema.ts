import { z } from 'zod';
import { canaryMappingName, stableMappingNameProblem } from '../names.ts';
import { amount, annotationMap, DNS_SUBDOMAIN, flag, integer, labelMap, seconds, serviceName } from './fields.ts';
import { step } from './step-schema.ts';

const mappingName = z
  .string({ error: 'must be the name of a Mapping in the namespace of the Rollout' })
  .superRefine((name, context) => {
    const problem =
      stableMappingNameProblem(name) ??
      (DNS_SUBDOMAIN.test(name) ? undefined : 'must be a Mapping name: a-z, 0-9 and -');
    if (problem !== undefined) {
      context.addIssue({ code: 'custom', message: problem });
    }
  });

/**
 * Each is a PATCH of every step, and all of them are in every message between Temporal and the worker, which takes 2 MB at most;
 * what is more than this is a mistake of a generator.
 */
const MAX_MAPPINGS = 100;
const MAX_STEPS = 1_000;

const mappings = z
  .array(mappingName, { error: 'must be a list of Mapping names' })
  .max(MAX_MAPPINGS, { error: `must have at most ${MAX_MAPPINGS} Mappings`, abort: true })
  .superRefine((names, context) => {
    const known = new Set(names);
    const firsts = new Map<string, number>();
    for (const [index, name] of names.entries()) {
      const first = firsts.get(name);
      if (first !== undefined) {
        context.addIssue({
          code: 'custom',
          path: [index],
          message: `${name} is listed already, at mappings[${first}]`,
        });
        continue;
      }
      firsts.set(name, index);
      if (stableMappingNameProblem(name) === undefined && known.has(canaryMappingName(name))) {
        const message = `the canary of ${name} would have the name of another listed Mapping, ${canaryMappingName(name)}`;
        context.addIssue({ code: 'custom', path: [index], message });
      }
    }
  });

const trafficRouting = z.strictObject(
  {
    ambassador: z.strictObject(
      { mappings: mappings.optional().meta({ description: 'Names of the stable Mappings, without a weight' }) },
      { error: 'must be {mappings: [...]}' },
    ),
  },
  { error: 'must be {ambassador: {mappings: [...]}}' },
);

const roleMetadata = z.strictObject(
  { labels: labelMap.optional(), annotations: annotationMap.optional() },
  { error: 'must be {labels, annotations}' },
);

const ONE_RULE =
  'must have exactly one of requiredDuringSchedulingIgnoredDuringExecution, preferredDuringSchedulingIgnoredDuringExecution';

const antiAffinity = z
  .strictObject(
    {
      requiredDuringSchedulingIgnoredDuringExecution: z.strictObject({}, { error: 'must be {}' }).optional(),
      preferredDuringSchedulingIgnoredDuringExecution: z
        .strictObject({ weight: integer('a weight', 1, 100) }, { error: 'must be {weight: …}' })
        .optional(),
    },
    { error: ONE_RULE },
  )
  .refine((value) => Object.keys(value).length === 1, { error: ONE_RULE })
  .meta({ description: 'Keeps pods of the new revision off the nodes of the old one' });

const replicaProgressThreshold = z
  .strictObject(
    {
      type: z.enum(['Percent', 'Pods'], { error: 'must be Percent or Pods' }),
      value: integer('what is enough', 1),
    },
    { error: 'must be {type, value}' },
  )
  .superRefine(({ type, value }, context) => {
    if (type === 'Percent' && value > 100) {
      context.addIssue({ code: 'custom', path: ['value'], message: 'must be a percentage from 1 to 100' });
    }
  })
  .meta({ description: 'How many of the pods of a step must be available; default all' });

export const canary = z.strictObject(
  {
    stableService: serviceName.meta({ description: 'Service that the stable Mappings point at' }),
    canaryService: serviceName.meta({ description: 'Service that the canary Mappings point at' }),
    trafficRouting,
    steps: z
      .array(step, { error: 'must be a list of steps' })
      .max(MAX_STEPS, { error: `must have at most ${MAX_STEPS} steps`, abort: true })
      .optional()
      .meta({ description: 'What is done one after the other; without steps the canary takes everything at once' }),
    maxSurge: amount().optional().meta({ description: 'Checked, and without effect: pods come as the steps say' }),
    maxUnavailable: amount(100)
      .optional()
      .meta({ description: 'How many pods a restart may take away at once; default "25%", and at least one' }),
    minPodsPerReplicaSet: integer('pods')
      .optional()
      .meta({ description: 'Floor of a revision that has pods at all; default 1' }),
    replicaProgressThreshold: replicaProgressThreshold.optional(),
    dynamicStableScale: flag
      .optional()
      .meta({ description: 'The stable revision gives up pods as the weight rises; default false' }),
    scaleDownDelaySeconds: seconds
      .optional()
      .meta({ description: 'The old stable revision keeps its pods for this long after a promotion; default 30' }),
    scaleDownDelayRevisionLimit: integer('revisions')
      .optional()
      .meta({ description: 'How many old revisions may wait out that delay at once; default any number' }),
    abortScaleDownDelaySeconds: seconds.optional().meta({
      description: 'The canary keeps its pods for this long after an abort; 0 for ever; default 30',
    }),
    canaryMetadata: roleMetadata.optional().meta({ description: 'On pods while they are the canary' }),
    stableMetadata: roleMetadata.optional().meta({ description: 'On pods while they are stable' }),
    antiAffinity: antiAffinity.optional(),
  },
  { error: 'must be a canary strategy' },
);
