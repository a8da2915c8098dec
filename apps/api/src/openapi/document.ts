import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { componentSchemas } from './components.ts';

/** The OpenAPI document of the API, from its code. */
export function openApiDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Weir')
    .setDescription(
      'Durable canary rollouts for Ambassador Edge Stack and Emissary-ingress. Errors are RFC 9457 problem documents.',
    )
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addTag('Rollouts', 'What is wanted, and where it stands')
    .addTag('Commands', 'Messages to the run that is under way, and changes of the Rollout')
    .addTag('Runs', 'What is being done and what was done')
    .addTag('Health', 'For probes')
    .build();
  const document = SwaggerModule.createDocument(app, config);
  const schemas = { ...componentSchemas() } as NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;
  return { ...document, components: { ...document.components, schemas } };
}

/** The text of `apps/api/openapi.json`. */
export function openApiText(document: OpenAPIObject): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
