import { resolve } from 'node:path';

/** The root of the checkout: this file is two folders deep in apps/, as a source and when compiled. */
export const REPOSITORY = resolve(import.meta.dirname, '../../..');
