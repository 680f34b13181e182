import { systemClock } from '../core/clock.ts';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { SqliteSpool } from '../spool/sqlite/sqlite-spool.ts';
import { placeOf } from './where.ts';

/** Copies an SQLite spool, in use or not. @throws {OfflineImError} `BACKUP_REFUSED` for what is copied by other means, and says how */
export async function backUpSpool(
  where: string,
  target: string,
  options: { readonly signal?: AbortSignal; readonly overwrite?: boolean },
): Promise<void> {
  const place = placeOf(where);
  switch (place.kind) {
    case 'postgres':
      throw new OfflineImError('BACKUP_REFUSED', 'A PostgreSQL spool is backed up with pg_dump --schema, or with its database.');
    case 'file':
      throw new OfflineImError('BACKUP_REFUSED', 'A folder is copied while no sender has it open: cp -a, or tar.');
    case 'sqlite': {
      const spool = new SqliteSpool({ path: place.path });
      await spool.open({ clock: systemClock, tombstones: 86_400_000 });
      try {
        await spool.backup(target, options);
      } finally {
        await spool.close();
      }
    }
  }
}
