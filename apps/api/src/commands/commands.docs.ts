import { z } from 'zod';
import { JSON_TYPE } from '../http/body.ts';
import { rolloutKeySchema } from '../http/parameters.ts';
import type { ProblemKind } from '../http/problem.ts';
import { Describe, type DescribedAnswer } from '../openapi/describe.ts';
import { COMMAND_ANSWER } from '../openapi/examples.ts';
import {
  commandAnswerSchema,
  commandBodySchema,
  idempotencyKeySchema,
  promoteBodySchema,
  restartBodySchema,
  skipBodySchema,
  undoBodySchema,
} from './command.schemas.ts';

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
  /** Whether it can be refused for how the rollout stands. */
  readonly refused?: boolean;
  /** In the body of the example, besides who and why. */
  readonly example?: object;
  readonly problems?: readonly ProblemKind[];
}

function describe(
  id: string,
  summary: string,
  answers: readonly DescribedAnswer[],
  { description, schema = commandBodySchema, refused = true, example = {}, problems = PROBLEMS }: More = {},
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
      examples: { 'with a reason': { actor: 'ada', reason: 'error rate is flat', ...example } },
    },
    answers,
    problems: [...problems, ...(refused ? (['commandRefused'] as const) : [])],
  });
}

export const DescribePromote = (): MethodDecorator =>
  describe('promoteRollout', 'Go on to the next step, or to the end', [taken, unknown], { schema: promoteBodySchema });

const BRAKED = { weight: 0, mappings: ['stable-mapping0-canary'] };

export const DescribeAbort = (): MethodDecorator =>
  describe(
    'abortRollout',
    'Take all traffic back to stable',
    [
      {
        status: 202,
        description:
          'The canary Mappings have the weight that `brake` says, and the run ends aborted: at once, or when Temporal is back',
        schema: commandAnswerSchema,
        example: {
          ...TOLD,
          brake: BRAKED,
          message: 'weight 0 is written on stable-mapping0-canary; the run was told to take the traffic back to stable',
        },
      },
    ],
    {
      description:
        'First the weight is taken off the canary Mappings, and the order left on them, so that no run raises it again; with ' +
        '`dynamicStableScale` it goes no lower than stable has pods for. Then the run is told by a signal, which is kept even when ' +
        'no worker is up. While Temporal is away that is done later, and while Kubernetes is away only that is done. What a ' +
        'terminated run left is taken home by a new run. An abort is refused once the stable Service selects the new revision.',
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

export const DescribeSkip = (): MethodDecorator =>
  describe('skipStep', 'End the current step, whatever it is', [taken, unknown], {
    description: 'Where promote ends a pause only, skip also ends a weight or a scale that is still being waited for.',
    schema: skipBodySchema,
    example: { expectedStep: 1 },
  });

/** Of commands that change the Rollout, as a PUT does. */
const CHANGE_PROBLEMS: readonly ProblemKind[] = [
  ...PROBLEMS.filter((kind) => kind !== 'notRunning'),
  'beingDeleted',
  'changedMeanwhile',
  'invalidManifest',
];

const stored: Omit<DescribedAnswer, 'example'> = {
  status: 202,
  description: 'Stored, and the run was told; also for a command that is repeated with its Idempotency-Key',
  schema: commandAnswerSchema,
};

export const DescribeRestart = (): MethodDecorator =>
  describe(
    'restartRollout',
    'Replace the pods',
    [
      {
        ...stored,
        example: {
          ...TOLD,
          restartAt: '2026-11-23T10:00:00Z',
          message: 'pods that are older than 2026-11-23T10:00:00Z are replaced',
        },
      },
    ],
    {
      description:
        'Sets `spec.restartAt`. Pods that are older are evicted a few at a time (`maxUnavailable`), as PodDisruptionBudgets allow.',
      schema: restartBodySchema,
      problems: CHANGE_PROBLEMS,
    },
  );

export const DescribeUndo = (): MethodDecorator =>
  describe(
    'undoRollout',
    'Go back to the pod template of an older revision',
    [{ ...stored, example: { ...TOLD, revision: 3, message: 'the pod template of revision 3 is wanted again' } }],
    {
      description:
        'The pod template of that revision becomes `spec.template`, or that of the Deployment that `workloadRef` names. In ' +
        'mid-run, going back to the stable revision needs no steps; else it is an update like any other.',
      schema: undoBodySchema,
      example: { toRevision: 3 },
      problems: CHANGE_PROBLEMS,
    },
  );
