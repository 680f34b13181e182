export type { SqliteSpoolOptions } from './spool/sqlite/sqlite-spool.ts';
export { SqliteSpool } from './spool/sqlite/sqlite-spool.ts';
