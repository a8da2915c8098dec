import { toDiagnostics } from '@weir/mapping';
import { fastify, type FastifyInstance, type FastifyReply } from 'fastify';
import type { GatewayInstance } from './instance.ts';
import { parseControl } from './settings.ts';
import { TEST_DOUBLE_HEADER, TEST_DOUBLE_TEXT } from './test-double.ts';

const PROMETHEUS_TEXT = 'text/plain; version=0.0.4; charset=utf-8';

/** What an instance answers besides traffic: as Emissary does under its own paths, and how to set it under `/sandbox`. */
export function createAdmin(instance: GatewayInstance): FastifyInstance {
  // Emissary answers its diagnostics with and without the slash at the end.
  const app = fastify({ forceCloseConnections: true, routerOptions: { ignoreTrailingSlash: true } });
  app.addHook('onRequest', async (_request, reply) => {
    reply.header(TEST_DOUBLE_HEADER, TEST_DOUBLE_TEXT);
  });
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) =>
    problem(reply, error.statusCode ?? 500, error.message),
  );
  app.setNotFoundHandler((request, reply) =>
    problem(reply, 404, `there is nothing at ${request.method} ${request.url}`),
  );

  app.get('/ambassador/v0/check_alive', () => ({ alive: true }));
  app.get('/ambassador/v0/check_ready', (_request, reply) =>
    instance.applied === undefined ? problem(reply, 503, NO_CONFIGURATION) : { ready: true },
  );
  app.get<{ Querystring: { json?: string; filter?: string } }>('/ambassador/v0/diag', ({ query }, reply) => {
    if (query.json !== 'true') {
      return problem(reply, 400, 'only ?json=true is answered: the double has no page for people');
    }
    if (instance.applied === undefined) {
      return problem(reply, 503, NO_CONFIGURATION);
    }
    const diagnostics = toDiagnostics(instance.applied) as Readonly<Record<string, unknown>>;
    const body = query.filter === undefined ? diagnostics : diagnostics[query.filter];
    // Serialized here: fastify sends a bare null and texts otherwise than as JSON.
    return reply.type('application/json; charset=utf-8').send(JSON.stringify(body ?? null));
  });
  app.get('/metrics', (_request, reply) => reply.type(PROMETHEUS_TEXT).send(instance.metrics()));
  app.get('/sandbox/v0/control', () => instance.settings);
  app.put('/sandbox/v0/control', ({ body }, reply) => {
    const parsed = parseControl(body);
    if ('errors' in parsed) {
      return problem(reply, 400, 'a setting is not valid', parsed.errors);
    }
    instance.set(parsed.change);
    return instance.settings;
  });
  return app;
}

const NO_CONFIGURATION = 'Envoy has refused the configuration with which this instance started: it serves nothing';

/** RFC 9457, as Weir's own API answers. */
function problem(reply: FastifyReply, status: number, detail: string, errors?: readonly object[]): FastifyReply {
  return reply
    .status(status)
    .type('application/problem+json')
    .send(JSON.stringify({ title: 'The local gateway refuses', status, detail, ...(errors && { errors }) }));
}
