export type { BackupOptions } from './spool/disk/backup.ts';
export type { SqliteSpoolOptions } from './spool/sqlite/sqlite-spool.ts';
export { SqliteSpool } from './spool/sqlite/sqlite-spool.ts';
