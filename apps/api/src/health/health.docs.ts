import { Describe } from '../openapi/describe.ts';
import { livenessSchema, readinessSchema } from './health.schemas.ts';

export const DescribeLiveness = (): MethodDecorator =>
  Describe({
    id: 'healthz',
    summary: 'Whether the process is up',
    answers: [{ status: 200, description: 'It is', schema: livenessSchema, example: { status: 'ok' } }],
    problems: [],
  });

export const DescribeReadiness = (): MethodDecorator =>
  Describe({
    id: 'readyz',
    summary: 'Whether Kubernetes and Temporal can be reached',
    answers: [{ status: 200, description: 'They can', schema: readinessSchema, example: { status: 'ready' } }],
    problems: ['notReady'],
  });
