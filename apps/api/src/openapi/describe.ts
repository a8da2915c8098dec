import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiHeader, ApiOperation, ApiParam, ApiQuery, ApiResponse } from '@nestjs/swagger';
import type { z } from 'zod';
import { PROBLEMS, problemType, type ProblemKind } from '../http/problem.ts';
import { PROBLEM_MEDIA_TYPE } from '../http/problem.filter.ts';
import { propertiesOf, ref, type JsonSchema } from './components.ts';
import { problemSchema } from './problem.schema.ts';

/** One way in which a request can go well. */
export interface DescribedAnswer {
  readonly status: number;
  readonly description: string;
  readonly schema: z.ZodType | { readonly oneOf: readonly z.ZodType[] };
  readonly example: unknown;
}

export interface DescribedBody {
  readonly types: readonly string[];
  readonly schema: z.ZodType;
  readonly required: boolean;
  /** By name. */
  readonly examples: Readonly<Record<string, unknown>>;
}

export interface DescribedRoute {
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  readonly path?: z.ZodType;
  readonly query?: z.ZodType;
  /** Headers by name. */
  readonly headers?: z.ZodType;
  readonly body?: DescribedBody;
  readonly answers: readonly DescribedAnswer[];
  /** Beyond those that every route can have. */
  readonly problems: readonly ProblemKind[];
}

/** What any request can meet. */
const EVERYWHERE: readonly ProblemKind[] = [
  'malformedRequest',
  'foreignHost',
  'foreignOrigin',
  'invalidParameter',
  'internal',
];

/** The whole documentation of a route as one decorator. */
export function Describe(route: DescribedRoute): MethodDecorator {
  const { id, summary, description, body } = route;
  return applyDecorators(
    ApiOperation({ operationId: id, summary, ...(description !== undefined && { description }) }),
    ...parameters(route),
    ...(body === undefined
      ? []
      : [ApiConsumes(...body.types), ApiBody({ required: body.required, ...bodySchema(body) })]),
    ...route.answers.map(answer),
    ...problems([...EVERYWHERE, ...route.problems]),
  );
}

function parameters({ path, query, headers }: DescribedRoute): MethodDecorator[] {
  return [
    ...described(path).map(([name, schema]) => ApiParam({ name, ...schema })),
    ...described(query).map(([name, schema, required]) => ApiQuery({ name, required, ...schema })),
    ...described(headers).map(([name, schema, required]) => ApiHeader({ name, required, ...schema })),
  ];
}

function described(schema: z.ZodType | undefined): [string, { description: string; schema: JsonSchema }, boolean][] {
  return schema === undefined
    ? []
    : propertiesOf(schema).map(([name, { description, ...rest }, required]) => [
        name,
        { description: typeof description === 'string' ? description : '', schema: rest },
        required,
      ]);
}

function bodySchema({ schema, examples }: DescribedBody) {
  return {
    schema: ref(schema),
    examples: Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { summary: name, value }])),
  };
}

function answer({ status, description, schema, example }: DescribedAnswer): MethodDecorator {
  const content = { schema: 'oneOf' in schema ? { oneOf: schema.oneOf.map(ref) } : ref(schema), example };
  return ApiResponse({ status, description, content: { 'application/json': content } });
}

/** Problems of one status are one answer in OpenAPI. */
function problems(kinds: readonly ProblemKind[]): MethodDecorator[] {
  const byStatus = Map.groupBy(new Set(kinds), (kind) => PROBLEMS[kind].status);
  return [...byStatus]
    .sort(([a], [b]) => a - b)
    .map(([status, some]) =>
      ApiResponse({
        status,
        description: some.map((kind) => PROBLEMS[kind].title).join('; '),
        content: {
          [PROBLEM_MEDIA_TYPE]: {
            schema: ref(problemSchema),
            examples: Object.fromEntries(some.map((kind) => [kind, { summary: kind, value: exampleOf(kind) }])),
          },
        },
      }),
    );
}

function exampleOf(kind: ProblemKind) {
  const { status, title } = PROBLEMS[kind];
  const instance = '/v1/namespaces/default/rollouts/someapp';
  return { type: problemType(kind), title, status, detail: 'what is wrong, and what to do', instance };
}
