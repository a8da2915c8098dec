import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import 'reflect-metadata';
import { ApiModule } from '../app/api.module.ts';
import type { ApiDependencies } from '../app/dependencies.ts';
import { openApiDocument, openApiText } from './document.ts';

/** The document as the running API would serve it, made from the code alone: nothing is connected, and no service is made. */
export async function createOpenApiText(): Promise<string> {
  const nothing = {} as ApiDependencies;
  const app = await NestFactory.create(ApiModule.on(nothing), new FastifyAdapter(), { preview: true, logger: false });
  try {
    return openApiText(openApiDocument(app));
  } finally {
    await app.close();
  }
}
