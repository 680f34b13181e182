export type { SqliteSpoolOptions } from './sqlite-spool.ts';
export { SqliteSpool } from './sqlite-spool.ts';
