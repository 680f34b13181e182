import { systemClock } from '../core/clock.ts';
import { hasCode, OfflineImError } from '../core/errors/offline-im-error.ts';
import type { BackupOptions } from '../spool/disk/backup.ts';
import { PostgresSpool } from '../spool/postgres/postgres-spool.ts';
import { hostPool } from './host-pg.ts';
import { openStorage } from './storage.ts';
import { placeOf } from './where.ts';

/**
 * Creates or updates the tables of a PostgreSQL spool. Files and SQLite are updated when they are opened; what a later version wrote is never changed.
 *
 * @throws {OfflineImError} `SPOOL_VERSION`, `SPOOL_FAILED`
 */
export async function migrateSpool(
  where: string,
  { schema = 'offline_im', dryRun }: { readonly schema?: string | undefined; readonly dryRun: boolean },
): Promise<{ readonly needed: boolean }> {
  const place = placeOf(where);
  if (place.kind !== 'postgres') {
    // Opening it refuses what a later version wrote.
    const spool = await openStorage(where, { schema }, { clock: systemClock, tombstones: 86_400_000 });
    await spool.close();
    return { needed: false };
  }
  const { pool, end } = hostPool(place.url);
  try {
    const spool = new PostgresSpool({ pool, schema });
    const needed = await isBehind(spool);
    if (needed && !dryRun) await spool.migrate();
    return { needed };
  } finally {
    await end();
  }
}

async function isBehind(spool: PostgresSpool): Promise<boolean> {
  try {
    await spool.open({ clock: systemClock, tombstones: 86_400_000 });
    await spool.close();
    return false;
  } catch (error) {
    if (hasCode(error, 'SPOOL_NOT_MIGRATED')) return true;
    throw error;
  }
}

/** Copies the spool of a folder or an SQLite file, in use or not, to a new file at an absolute path. @throws {OfflineImError} `BACKUP_REFUSED` for a database, with the way to back it up */
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
    await spool.backup(target, options);
  } finally {
    await spool.close();
  }
}
