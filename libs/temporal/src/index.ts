export * from './connection.ts';
export * from './runs.ts';
export * from './search-attributes.ts';
export * from './sweep-schedule.ts';
