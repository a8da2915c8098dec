import { z } from 'zod';
import { annotationMap, labelKey, labelMap, labelValue, objectName } from './fields.ts';

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;

const matchExpression = z
  .strictObject(
    {
      key: labelKey.meta({ description: 'Key of a label' }),
      operator: z.enum(OPERATORS, { error: `must be one of ${OPERATORS.join(', ')}` }),
      values: z.array(labelValue, { error: 'must be a list of label values' }).optional(),
    },
    { error: 'must be {key, operator, values}' },
  )
  .superRefine(({ operator, values = [] }, context) => {
    const takesValues = operator === 'In' || operator === 'NotIn';
    if (takesValues !== values.length > 0) {
      const message = `must ${takesValues ? 'have at least one value' : 'be absent'} with operator ${operator}`;
      context.addIssue({ code: 'custom', path: ['values'], message });
    }
  });

const EMPTY_SELECTOR = 'must have matchLabels or matchExpressions: an empty selector takes every pod of the namespace';

export const selector = z
  .strictObject(
    {
      matchLabels: labelMap.optional().meta({ description: 'Labels that the pods must carry' }),
      matchExpressions: z
        .array(matchExpression, { error: 'must be a list of {key, operator, values}' })
        .optional()
        .meta({ description: 'What else must hold of their labels' }),
    },
    { error: 'must be {matchLabels: …}' },
  )
  .refine(
    ({ matchLabels = {}, matchExpressions = [] }) => Object.keys(matchLabels).length + matchExpressions.length > 0,
    { error: EMPTY_SELECTOR },
  )
  .meta({
    description:
      'Which pods belong to the Rollout; it cannot be changed later. Required with template, and with a workloadRef to a ' +
      'PodTemplate; else taken from the object that workloadRef names.',
  });

const container = z.looseObject(
  {
    name: z.string({ error: 'must be the name of the container' }).min(1, { error: 'must not be empty' }),
    image: z.string({ error: 'must be the image of the container' }).min(1, { error: 'must not be empty' }),
  },
  { error: 'must be a container: {name, image, …}' },
);

/** Loose: the API server knows the hundreds of fields of a pod, and it is asked before anything is stored. */
export const template = z
  .looseObject(
    {
      metadata: z.looseObject(
        {
          labels: labelMap.meta({ description: 'Labels of the pods; spec.selector must select them' }),
          annotations: annotationMap.optional(),
        },
        { error: 'must be {labels: …}, the labels of the pods' },
      ),
      spec: z.looseObject(
        {
          containers: z
            .array(container, { error: 'must be a list of containers' })
            .min(1, { error: 'must have at least one container' }),
          restartPolicy: z
            .literal('Always', { error: 'must be Always, or absent: the pods of a ReplicaSet run for ever' })
            .optional(),
        },
        { error: 'must be the spec of a pod: {containers: […]}' },
      ),
    },
    { error: 'must be a pod template: {metadata, spec}' },
  )
  .meta({ description: 'The pods. Another template is another revision, and starts a run.' });

const API_VERSIONS = { Deployment: 'apps/v1', ReplicaSet: 'apps/v1', PodTemplate: 'v1' } as const;
const KINDS = ['Deployment', 'ReplicaSet', 'PodTemplate'] as const;
const SCALE_DOWN = ['never', 'onsuccess', 'progressively'] as const;

export const workloadRef = z
  .strictObject(
    {
      apiVersion: z.enum(['apps/v1', 'v1'], { error: 'must be apps/v1, or v1 for a PodTemplate' }),
      kind: z.enum(KINDS, { error: `must be one of ${KINDS.join(', ')}` }),
      name: objectName.meta({ description: 'In the namespace of the Rollout' }),
      scaleDown: z
        .enum(SCALE_DOWN, { error: `must be one of ${SCALE_DOWN.join(', ')}` })
        .optional()
        .meta({
          description:
            'What becomes of the own pods of a Deployment while the first revision is deployed; default never',
        }),
    },
    { error: 'must be {apiVersion, kind, name}' },
  )
  .superRefine(({ apiVersion, kind, scaleDown = 'never' }, context) => {
    if (apiVersion !== API_VERSIONS[kind]) {
      context.addIssue({
        code: 'custom',
        path: ['apiVersion'],
        message: `must be ${API_VERSIONS[kind]} for a ${kind}`,
      });
    }
    if (kind !== 'Deployment' && scaleDown !== 'never') {
      const message = `must be never, or absent: only a Deployment is scaled down, not a ${kind}`;
      context.addIssue({ code: 'custom', path: ['scaleDown'], message });
    }
  })
  .meta({ description: 'Takes the pod template of another object, instead of template' });
