import { refuseUnknownMappingApi } from '@weir/mapping';
import { commonSettings, readSettings, settings } from '@weir/platform';
import { z } from 'zod';
import { isLoopbackHost } from '../http/browser-guard.ts';

const flag = z
  .preprocess((value) => (value === '' ? undefined : value), z.enum(['true', 'false']).default('false'))
  .transform((value) => value === 'true');

const shape = {
  ...commonSettings,
  WEIR_API_HOST: z.preprocess((value) => (value === '' ? undefined : value), z.string().default('127.0.0.1')),
  /** 0: any free one. */
  WEIR_API_PORT: settings.port(8080),
  /** Lets the API listen on other addresses than loopback although it asks nobody who they are. */
  WEIR_API_INSECURE_BIND: flag,
  /** Names besides those of loopback under which the API may be called (`Host` header), separated by commas. */
  WEIR_API_ALLOWED_HOSTS: z
    .string()
    .default('')
    .transform((value) => value.split(',').flatMap((name) => name.trim().toLowerCase() || [])),
  /** Address of Temporal's UI, for links. */
  WEIR_TEMPORAL_UI_URL: settings.text,
};

export type ApiSettings = z.infer<z.ZodObject<typeof shape>>;

/**
 * The environment of the API.
 *
 * @throws Error that names every bad variable, or says why the address is refused
 */
export function readApiSettings(environment: Readonly<Record<string, string | undefined>> = process.env): ApiSettings {
  const read = readSettings(shape, environment);
  refuseUnknownMappingApi(read.WEIR_MAPPING_API_VERSION);
  if (!isLoopbackHost(read.WEIR_API_HOST) && !read.WEIR_API_INSECURE_BIND) {
    throw new Error(
      `WEIR_API_HOST is ${read.WEIR_API_HOST}, which others can reach, and the API does not ask its callers who they ` +
        'are: anybody could move production traffic. Listen on 127.0.0.1, or set WEIR_API_INSECURE_BIND=true when ' +
        'something in front of the API lets only the right people through.',
    );
  }
  return read;
}
