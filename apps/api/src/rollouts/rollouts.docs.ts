import { rolloutManifestSchema } from '@weir/rollout/manifest';
import { JSON_TYPE, YAML_TYPES } from '../http/body.ts';
import { rolloutKeySchema } from '../http/parameters.ts';
import type { ProblemKind } from '../http/problem.ts';
import { Describe } from '../openapi/describe.ts';
import { MANIFEST, PLAN, ROLLOUT, SUMMARY } from '../openapi/examples.ts';
import { planSchema } from '../plan/plan.schemas.ts';
import {
  deletionSchema,
  listQuerySchema,
  putQuerySchema,
  rolloutListSchema,
  rolloutViewSchema,
} from './rollout.schemas.ts';

const CLUSTER: readonly ProblemKind[] = ['clusterRefused', 'kubernetesUnavailable'];
const TEMPORAL: readonly ProblemKind[] = ['temporalRefused', 'temporalUnavailable'];
const DELETION = { namespace: 'default', name: 'someapp', uid: SUMMARY.uid };

export const DescribePut = (): MethodDecorator =>
  Describe({
    id: 'putRollout',
    summary: 'Store a Rollout and start its run',
    description:
      'Takes the manifest as users of Argo Rollouts have it. It is stored by server-side apply, then its run is told. When ' +
      'Temporal cannot be reached the answer is 503 with `stored: true`: a worker starts the run later. A canary Mapping of an Argo ' +
      'controller on the same route stands in the way of a run; `adopt=true` notes on the Rollout (annotation `weir.dev/adopt`) that ' +
      'the run takes it over first.',
    path: rolloutKeySchema,
    query: putQuerySchema,
    body: {
      types: [JSON_TYPE, ...YAML_TYPES],
      schema: rolloutManifestSchema,
      required: true,
      examples: { 'two weights': MANIFEST },
    },
    answers: [
      {
        status: 200,
        description: 'Stored over the one that was there; with dryRun=true the plan, and nothing was stored',
        schema: { oneOf: [rolloutViewSchema, planSchema] },
        example: PLAN,
      },
      { status: 201, description: 'Created', schema: rolloutViewSchema, example: ROLLOUT },
    ],
    problems: [
      'malformedBody',
      'notFound',
      'requestTimeout',
      'otherController',
      'fieldConflict',
      'beingDeleted',
      'changedMeanwhile',
      'tooLarge',
      'unsupportedMediaType',
      'invalidManifest',
      ...CLUSTER,
      ...TEMPORAL,
    ],
  });

export const DescribeGet = (): MethodDecorator =>
  Describe({
    id: 'getRollout',
    summary: 'One Rollout, where it stands, and its newest run',
    path: rolloutKeySchema,
    answers: [{ status: 200, description: 'Found', schema: rolloutViewSchema, example: ROLLOUT }],
    problems: ['notFound', ...CLUSTER],
  });

export const DescribeList = (): MethodDecorator =>
  Describe({
    id: 'listRollouts',
    summary: 'The Rollouts that Weir owns, by namespace and name',
    query: listQuerySchema,
    answers: [
      { status: 200, description: 'A page', schema: rolloutListSchema, example: { items: [SUMMARY], continue: null } },
    ],
    problems: ['listExpired', ...CLUSTER],
  });

export const DescribeDelete = (): MethodDecorator =>
  Describe({
    id: 'deleteRollout',
    summary: 'Delete a Rollout',
    description: 'A run that is under way first takes the traffic back to stable and its canary Mappings away.',
    path: rolloutKeySchema,
    answers: [
      {
        status: 200,
        description: 'It is gone',
        schema: deletionSchema,
        example: { ...DELETION, deleted: true, message: 'the Rollout is gone' },
      },
      {
        status: 202,
        description: 'It goes once its run has cleaned up',
        schema: deletionSchema,
        example: {
          ...DELETION,
          deleted: false,
          message: 'the Rollout goes once its run has taken the traffic back to stable',
        },
      },
    ],
    problems: [
      ...(['notFound', 'otherController', 'changedMeanwhile'] as const),
      // Of a body, although none is taken.
      ...(['malformedBody', 'unsupportedMediaType', 'tooLarge'] as const),
      ...CLUSTER,
      ...TEMPORAL,
    ],
  });
