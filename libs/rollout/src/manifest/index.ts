export * from './parse.ts';
export { rolloutManifestSchema } from './schema.ts';
