export * from './activities.ts';
export * from './messages.ts';
export * from './search-attributes.ts';
export * from './workflow.ts';
