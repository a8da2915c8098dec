export type { FieldError } from './errors.ts';
export * from './parse.ts';
export * from './pods.ts';
export { rolloutManifestSchema } from './schema.ts';
export { writtenTemplate } from './written-template.ts';
