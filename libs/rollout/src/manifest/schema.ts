import { z } from 'zod';
import { parsePauseDurationMs } from '../duration.ts';
import { canaryMappingName, INSTANCE_ID, INSTANCE_ID_LABEL, stableMappingNameProblem } from '../names.ts';

const DNS_LABEL = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Kubernetes' limits: a Service is a DNS label, a Rollout and a Mapping a DNS subdomain. */
const serviceName = z
  .string({ error: 'must be the name of a Service' })
  .max(63, { error: 'a Service name has at most 63 characters' })
  .regex(DNS_LABEL, { error: 'must be a Service name: a-z, 0-9 and -, beginning with a letter' });

const rolloutName = z
  .string({ error: 'must be a name' })
  .max(253, { error: 'a name has at most 253 characters' })
  .regex(DNS_SUBDOMAIN, { error: 'must be a DNS subdomain: a-z, 0-9, - and .' });

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
const weight = z
  .int({ error: WEIGHT_RULE })
  .min(0, { error: WEIGHT_RULE })
  .max(100, { error: WEIGHT_RULE })
  .meta({ description: 'Percent of the traffic that the canary takes' });

const step = z
  .strictObject(
    { setWeight: weight.optional(), pause: pause.optional() },
    { error: 'must be a step: setWeight or pause' },
  )
  .superRefine((value, context) => {
    const kinds = Object.keys(value);
    if (kinds.length !== 1) {
      const given = kinds.length === 0 ? 'none' : kinds.join(' and ');
      context.addIssue({ code: 'custom', message: `must have exactly one of setWeight, pause; it has ${given}` });
    }
  });

const mappings = z.array(mappingName, { error: 'must be a list of Mapping names' }).superRefine((names, context) => {
  for (const [index, name] of names.entries()) {
    const first = names.indexOf(name);
    if (first !== index) {
      context.addIssue({ code: 'custom', path: [index], message: `${name} is listed already, at mappings[${first}]` });
    } else if (stableMappingNameProblem(name) === undefined && names.includes(canaryMappingName(name))) {
      const message = `the canary of ${name} would have the name of another listed Mapping, ${canaryMappingName(name)}`;
      context.addIssue({ code: 'custom', path: [index], message });
    }
  }
});

const canary = z
  .strictObject(
    {
      stableService: serviceName.meta({ description: 'Service that the stable Mappings point at' }),
      canaryService: serviceName.meta({ description: 'Service that the canary Mappings point at' }),
      trafficRouting: z.strictObject(
        { ambassador: z.strictObject({ mappings: mappings.optional() }, { error: 'must be {mappings: [...]}' }) },
        { error: 'must be {ambassador: {mappings: [...]}}' },
      ),
      steps: z.array(step, { error: 'must be a list of steps' }).optional(),
    },
    { error: 'must be a canary strategy' },
  )
  .superRefine(({ stableService, canaryService }, context) => {
    if (stableService === canaryService) {
      context.addIssue({
        code: 'custom',
        path: ['canaryService'],
        message: `must be another Service than stableService (${stableService})`,
      });
    }
  });

export const rolloutSpecSchema = z.strictObject(
  { strategy: z.strictObject({ canary }, { error: 'must be {canary: …}' }) },
  { error: 'must be the spec of a Rollout' },
);

const stringMap = z.record(z.string(), z.string({ error: 'must be a string' }), { error: 'must be a map of strings' });

const labels = stringMap.superRefine((value, context) => {
  const instance = value[INSTANCE_ID_LABEL];
  if (instance !== undefined && instance !== INSTANCE_ID) {
    const message = `names another controller, ${instance}; leave the label out to give the Rollout to Weir`;
    context.addIssue({ code: 'custom', path: [INSTANCE_ID_LABEL], message });
  }
});

/** What the API server writes into every object: taken as `kubectl get -o yaml` prints it, and left to the API server. */
const serverOwned = z
  .unknown()
  .meta({ description: 'Written by the API server; taken and left to it', readOnly: true });

export const rolloutManifestSchema = z
  .strictObject(
    {
      apiVersion: z.literal('argoproj.io/v1alpha1', { error: 'must be argoproj.io/v1alpha1' }),
      kind: z.literal('Rollout', { error: 'must be Rollout' }),
      metadata: z
        .strictObject(
          {
            name: rolloutName.optional(),
            namespace: z.string({ error: 'must be a namespace' }).optional(),
            labels: labels.optional(),
            annotations: stringMap.optional(),
            uid: z.string({ error: 'must be a string' }).optional(),
            resourceVersion: z.string({ error: 'must be a string' }).optional(),
            creationTimestamp: serverOwned.optional(),
            deletionGracePeriodSeconds: serverOwned.optional(),
            deletionTimestamp: serverOwned.optional(),
            finalizers: serverOwned.optional(),
            generation: serverOwned.optional(),
            managedFields: serverOwned.optional(),
            ownerReferences: serverOwned.optional(),
            selfLink: serverOwned.optional(),
          },
          { error: 'must be an object' },
        )
        .optional(),
      spec: rolloutSpecSchema,
      status: serverOwned.optional(),
    },
    { error: 'must be a Rollout: an object with apiVersion, kind, metadata and spec' },
  )
  .meta({ id: 'RolloutManifest', description: 'A Rollout as users of Argo Rollouts have it' });

/**
 * Fields of Argo's Rollout that Weir knows and does not act on. Storing what would be ignored would be a lie, so they are
 * refused by name; paths are as in error messages, without indices.
 */
export const NOT_SUPPORTED_YET: ReadonlySet<string> = new Set([
  ...[
    'analysis minReadySeconds paused progressDeadlineAbort progressDeadlineSeconds replicas restartAt',
    'revisionHistoryLimit rollbackWindow selector template workloadRef',
  ]
    .join(' ')
    .split(' ')
    .map((field) => `spec.${field}`),
  'spec.strategy.blueGreen',
  ...[
    'abortScaleDownDelaySeconds analysis antiAffinity canaryMetadata dynamicStableScale maxSurge maxUnavailable',
    'minPodsPerReplicaSet pingPong replicaProgressThreshold scaleDownDelayRevisionLimit scaleDownDelaySeconds stableMetadata',
  ]
    .join(' ')
    .split(' ')
    .map((field) => `spec.strategy.canary.${field}`),
  ...'alb apisix appMesh istio managedRoutes maxTrafficWeight nginx plugins smi traefik'
    .split(' ')
    .map((field) => `spec.strategy.canary.trafficRouting.${field}`),
  ...'analysis experiment plugin setCanaryScale setHeaderRoute setMirrorRoute'
    .split(' ')
    .map((field) => `spec.strategy.canary.steps.${field}`),
]);
