import { resolve } from 'node:path';
import { systemClock } from '../core/clock.ts';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import type { BackupOptions } from '../spool/disk/backup.ts';
import { openStorage } from './storage.ts';
import { placeOf } from './where.ts';

/** Copies the spool of a folder or an SQLite file, in use or not. @throws {OfflineImError} `BACKUP_REFUSED` for a database, and says how it is backed up */
export async function backUpSpool(
  where: string,
  target: string,
  options: { readonly signal?: AbortSignal; readonly overwrite?: boolean },
): Promise<void> {
  if (placeOf(where).kind === 'postgres') {
    throw new OfflineImError('BACKUP_REFUSED', 'A PostgreSQL spool is backed up with pg_dump --schema, or with its database.');
  }
  const context = { clock: systemClock, tombstones: 86_400_000 };
  const spool = (await openStorage(where, { schema: '' }, context)) as Awaited<ReturnType<typeof openStorage>> & {
    backup(path: string, options: BackupOptions): Promise<void>;
  };
  try {
    await spool.backup(resolve(target), options);
  } finally {
    await spool.close();
  }
}
