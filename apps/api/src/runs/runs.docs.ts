import { rolloutKeySchema, runKeySchema } from '../http/parameters.ts';
import type { ProblemKind } from '../http/problem.ts';
import { Describe } from '../openapi/describe.ts';
import { RUN, RUN_EVENT } from '../openapi/examples.ts';
import { runEventListSchema, runListQuerySchema, runListSchema } from './run.schemas.ts';

const PROBLEMS: readonly ProblemKind[] = [
  'notFound',
  'clusterRefused',
  'kubernetesUnavailable',
  'temporalRefused',
  'temporalUnavailable',
];

const { workflowId, runId, temporalUiUrl } = RUN;

export const DescribeRuns = (): MethodDecorator =>
  Describe({
    id: 'listRuns',
    summary: 'The runs of a Rollout, newest first',
    path: rolloutKeySchema,
    query: runListQuerySchema,
    answers: [
      {
        status: 200,
        description: 'A page',
        schema: runListSchema,
        example: { items: [{ ...RUN, continuedAsNew: false }], continue: null },
      },
    ],
    problems: PROBLEMS,
  });

export const DescribeRunEvents = (): MethodDecorator =>
  Describe({
    id: 'listRunEvents',
    summary: 'What happened in a run: when, what, who and why',
    path: runKeySchema,
    answers: [
      {
        status: 200,
        description: 'In the order in which it happened',
        schema: runEventListSchema,
        example: { workflowId, runId, temporalUiUrl, items: [RUN_EVENT] },
      },
    ],
    problems: PROBLEMS,
  });
