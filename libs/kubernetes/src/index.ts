export * from './client.ts';
export * from './cluster.ts';
export * from './errors.ts';
export * from './resources.ts';
export * from './watch.ts';
