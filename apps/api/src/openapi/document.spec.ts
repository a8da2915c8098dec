import { describe, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { createOpenApiText } from './without-servers.ts';

const HOW_TO =
  'apps/api/openapi.json is not what the code makes: run `tsc -b apps/api && node apps/api/dist/openapi-main.js`';

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, { summary?: string; responses: object }>>>>;
}

describe('the OpenAPI document', () => {
  test('is committed as the code makes it', async () => {
    const committed = await readFile(new URL('../../openapi.json', import.meta.url), 'utf8').catch(() => '');
    if (committed !== (await createOpenApiText())) {
      throw new Error(HOW_TO);
    }
  });

  test('is OpenAPI 3.1, and refers to nothing that is not there', async () => {
    const text = await createOpenApiText();
    const document = JSON.parse(text) as Document & { components: { schemas: object } };
    expect(document.openapi).toBe('3.1.0');
    for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      expect(Object.keys(document.components.schemas)).toContain(name);
    }
  });

  test('says of every route what it does and how it fails', async () => {
    const { paths } = JSON.parse(await createOpenApiText()) as Document;
    const routes = Object.values(paths).flatMap((methods) => Object.values(methods));
    expect(routes).toHaveLength(16);
    for (const { summary, responses } of routes) {
      expect(summary).toMatch(/\w/);
      expect(Object.keys(responses)).toContain('500');
    }
  });
});
