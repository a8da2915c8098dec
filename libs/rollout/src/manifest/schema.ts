import { z } from 'zod';
import { INSTANCE_ID, INSTANCE_ID_LABEL } from '../names.ts';
import { canary } from './canary-schema.ts';
import { flag, integer, objectName, seconds, stringMap } from './fields.ts';
import { annotationFindings } from './annotations.ts';
import { selector, template, workloadRef } from './workload-schema.ts';

const time = z.iso.datetime({ offset: true, error: 'must be a time as RFC 3339 has it: "2026-11-02T15:04:05Z"' });

/** Each field by itself; what must hold between fields is in `workload-rules.ts` and `canary-rules.ts`. */
export const rolloutSpecSchema = z.strictObject(
  {
    replicas: integer('pods')
      .optional()
      .meta({ description: 'Pods wanted; default 1. Leave it out where an autoscaler sets it.' }),
    selector: selector.optional(),
    template: template.optional(),
    workloadRef: workloadRef.optional(),
    minReadySeconds: seconds
      .optional()
      .meta({ description: 'A pod is available when it has been ready for this long; default 0' }),
    revisionHistoryLimit: integer('ReplicaSets')
      .optional()
      .meta({ description: 'Old ReplicaSets that are kept without pods; default 10' }),
    paused: flag.optional().meta({ description: 'Holds the steps; default false' }),
    progressDeadlineSeconds: seconds
      .optional()
      .meta({ description: 'Longest time without progress, pauses not counted; default 600' }),
    progressDeadlineAbort: flag
      .optional()
      .meta({ description: 'Abort when that deadline has passed; default false: only say so' }),
    restartAt: time
      .optional()
      .meta({ description: 'Pods that are older than this are replaced', examples: ['2026-11-02T15:04:05Z'] }),
    rollbackWindow: z
      .strictObject({ revisions: integer('revisions') }, { error: 'must be {revisions: …}' })
      .optional()
      .meta({ description: 'Going back by fewer revisions than this skips the steps; 0 for never' }),
    strategy: z.strictObject({ canary }, { error: 'must be {canary: …}' }),
  },
  { error: 'must be the spec of a Rollout' },
);

export type CheckedSpec = z.infer<typeof rolloutSpecSchema>;

const labels = stringMap.superRefine((value, context) => {
  const instance = value[INSTANCE_ID_LABEL];
  if (instance !== undefined && instance !== INSTANCE_ID) {
    const message = `names another controller, ${instance}; leave the label out to give the Rollout to Weir`;
    context.addIssue({ code: 'custom', path: [INSTANCE_ID_LABEL], message });
  }
});

const annotations = stringMap.superRefine((value, context) => {
  for (const { path, message } of annotationFindings(value)) {
    context.addIssue({ code: 'custom', path: [...path], message });
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
            name: objectName.optional(),
            namespace: z.string({ error: 'must be a namespace' }).optional(),
            labels: labels.optional(),
            annotations: annotations.optional(),
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
