import { z } from 'zod';
import { JSON_TYPE } from '../http/body.ts';
import { rolloutKeySchema } from '../http/parameters.ts';
import type { ProblemKind } from '../http/problem.ts';
import { Describe, type DescribedAnswer } from '../openapi/describe.ts';
import { COMMAND_ANSWER } from '../openapi/examples.ts';
import { commandAnswerSchema, commandBodySchema, idempotencyKeySchema, promoteBodySchema } from './command.schemas.ts';

const PROBLEMS: readonly ProblemKind[] = [
  'malformedBody',
  'notFound',
  'requestTimeout',
  'otherController',
  'notRunning',
  'tooLarge',
  'unsupportedMediaType',
  'invalidCommand',
  'clusterRefused',
  'temporalRefused',
  'kubernetesUnavailable',
  'temporalUnavailable',
];

const { updateId: _updateId, stepIndex: _stepIndex, phase: _phase, ...TOLD } = COMMAND_ANSWER;

const taken: DescribedAnswer = {
  status: 200,
  description: 'Taken by the run',
  schema: commandAnswerSchema,
  example: COMMAND_ANSWER,
};

const unknown: DescribedAnswer = {
  status: 202,
  description: 'No worker answered within 5 s; it may still be taken, once, under that updateId',
  schema: commandAnswerSchema,
  example: { ...TOLD, accepted: 'unknown', updateId: COMMAND_ANSWER.updateId, message: 'no worker answered in time' },
};

function told(message: string): DescribedAnswer {
  return { status: 202, description: 'The run was told', schema: commandAnswerSchema, example: { ...TOLD, message } };
}

interface More {
  readonly description?: string;
  readonly schema?: z.ZodType;
  /** Whether the run answers, and so can refuse. */
  readonly refused?: boolean;
}

function describe(
  id: string,
  summary: string,
  answers: readonly DescribedAnswer[],
  { description, schema = commandBodySchema, refused = true }: More = {},
): MethodDecorator {
  return Describe({
    id,
    summary,
    ...(description !== undefined && { description }),
    path: rolloutKeySchema,
    headers: z.object({ 'Idempotency-Key': idempotencyKeySchema }),
    body: {
      types: [JSON_TYPE],
      schema,
      required: false,
      examples: { 'with a reason': { actor: 'ada', reason: 'error rate is flat' } },
    },
    answers,
    problems: [...PROBLEMS, ...(refused ? (['commandRefused'] as const) : [])],
  });
}

export const DescribePromote = (): MethodDecorator =>
  describe('promoteRollout', 'Go on to the next step, or to the end', [taken, unknown], { schema: promoteBodySchema });

export const DescribeAbort = (): MethodDecorator =>
  describe(
    'abortRollout',
    'Take all traffic back to stable',
    [told('the run was told to take the traffic back to stable')],
    {
      description: 'A signal: it is kept even when no worker is up.',
      refused: false,
    },
  );

export const DescribeRetry = (): MethodDecorator =>
  describe('retryRollout', 'Try an aborted revision again', [taken, told('a new run tries the revision again')]);

export const DescribePause = (): MethodDecorator =>
  describe('pauseRollout', 'Hold the rollout at its step', [taken, unknown], {
    description: 'The deadline of a pause that is under way stands: it passes while the rollout is held.',
  });

export const DescribeResume = (): MethodDecorator =>
  describe('resumeRollout', 'Let a held rollout go on', [taken, unknown]);
