export type { BackupOptions } from './spool/sqlite/connection/backup.ts';
export type { SqliteSpoolOptions } from './spool/sqlite/sqlite-spool.ts';
export { SqliteSpool } from './spool/sqlite/sqlite-spool.ts';
