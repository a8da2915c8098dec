import { writeFile } from 'node:fs/promises';
import { createOpenApiText } from './openapi/without-servers.ts';

/** Writes `apps/api/openapi.json` from the code. Needs no server. */
await writeFile(new URL('../openapi.json', import.meta.url), await createOpenApiText());
