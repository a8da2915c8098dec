import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import { nestLogger } from '@weir/platform';
import { heardOut, takeRawBodies } from '../http/body.ts';
import { refuseBrowser } from '../http/browser-guard.ts';
import { answerClientError, answerUnroutable } from '../http/client-error.ts';
import { BODY_LIMIT_BYTES } from '../http/framework-problems.ts';
import { noteRoutes } from '../http/route-table.ts';
import { openApiDocument } from '../openapi/document.ts';
import { ApiModule } from './api.module.ts';
import type { ApiDependencies } from './dependencies.ts';

/** A whole request, body included, must have come by then: what is longer under way was cut off. */
const REQUEST_TIMEOUT_MS = 8_000;
/** How often Node looks for such requests; its default of 30 s would hold them for as long. */
const CONNECTIONS_CHECK_MS = 1_000;
/** Over the 253 characters of a name, so that a longer one is told what is wrong with it. */
const MAX_PARAMETER_LENGTH = 1_000;

/** The whole HTTP side of the API, ready to listen or to be asked without a socket. */
export async function createServer(dependencies: ApiDependencies): Promise<NestFastifyApplication> {
  const { settings, logger } = dependencies;
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: {
      connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
      // Node swaps the two time-outs when this one is the longer.
      headersTimeout: REQUEST_TIMEOUT_MS,
      // Without a Host header Node answers by itself; the guard says why.
      requireHostHeader: false,
    },
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
    clientErrorHandler: answerClientError,
    frameworkErrors: answerUnroutable,
  });
  const fastify = adapter.getInstance();
  noteRoutes(fastify);
  takeRawBodies(fastify);
  fastify.addHook('onRequest', (request, _reply, done) => {
    done(refuseBrowser(request.headers, settings.WEIR_API_ALLOWED_HOSTS));
  });
  // A client that is still sending sees a broken connection and not the answer, unless it is heard out.
  fastify.addHook('onSend', async (request, reply) => {
    if (reply.statusCode === 413) {
      await heardOut(request.raw);
    }
  });
  const app = await NestFactory.create<NestFastifyApplication>(ApiModule.on(dependencies), adapter, {
    bodyParser: false,
    logger: nestLogger(logger),
  });
  const document = openApiDocument(app);
  SwaggerModule.setup('docs', app, document, {
    raw: ['json'],
    jsonDocumentUrl: 'openapi.json',
    customSiteTitle: 'Weir',
    // No badge from somebody else's server.
    swaggerOptions: { validatorUrl: null },
  });
  await app.init();
  return app;
}
