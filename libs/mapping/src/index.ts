export * from './canary.ts';
export * from './preflight.ts';
export * from './service.ts';
export * from './traffic.ts';
export * from './types.ts';
export * from './versions.ts';
