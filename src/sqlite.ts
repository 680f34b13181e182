export type { SqliteSpoolOptions } from './spooler/sqlite/index.ts';
export { SqliteSpool } from './spooler/sqlite/index.ts';
