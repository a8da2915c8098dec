import { HttpException } from '@nestjs/common';
import { isKubernetesError } from '@weir/kubernetes';
import type { FastifyRequest } from 'fastify';
import { isTemporalFault } from '../temporal/temporal-fault.ts';
import { fromKubernetes, fromTemporal } from './dependency-problems.ts';
import { isProblem, Problem } from './problem.ts';
import { methodsOf, routesOf } from './route-table.ts';
import { fromFramework } from './framework-problems.ts';

/** What a caller is told about anything that was thrown while the request was served. */
export function toProblem(error: unknown, request: FastifyRequest): Problem {
  if (isProblem(error)) {
    return error;
  }
  if (isKubernetesError(error)) {
    return fromKubernetes(error);
  }
  if (isTemporalFault(error)) {
    return fromTemporal(error);
  }
  const code = errorCode(error) ?? errorCode(causeOf(error));
  if (error instanceof HttpException && error.getStatus() === 404) {
    return noRoute(request);
  }
  return fromFramework(code, error, request);
}

function noRoute(request: FastifyRequest): Problem {
  const path = request.url.split('?', 1)[0] ?? request.url;
  const allowed = methodsOf(routesOf(request.server), path);
  if (allowed.length === 0) {
    return new Problem('notFound', `there is nothing at ${path}; /docs lists what there is`);
  }
  const allow = allowed.join(', ');
  return new Problem('methodNotAllowed', `${request.method} is not possible here; use ${allow}`, {
    headers: { allow },
  });
}

function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
