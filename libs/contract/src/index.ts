export * from './activities.ts';
export * from './messages.ts';
export * from './search-attributes.ts';
export * from './sweep.ts';
export * from './workflow.ts';
